"""Rule 0.4: one key, one act, one input; told apart from what merely looks alike."""

import asyncio
import json
from hashlib import sha256

import pytest

from services.actors import Role
from services.once import Once
from services.parties.actions import register_party
from services.parties.model import PartyKind, PartyTerms
from services.refusals import RefusalCode, Refused
from tests.ledger_counts import size_of_ledger

TERMS = PartyTerms(kind=PartyKind.ORGANISATION, name="样例公司", roles=frozenset({Role.REGISTRANT}))


async def test_the_same_key_and_input_give_the_same_answer_and_act_once(registry, office):
    first = await register_party(registry, office, TERMS, "key-00000001")
    before = await size_of_ledger(registry)

    assert await register_party(registry, office, TERMS, "key-00000001") == first
    assert await size_of_ledger(registry) == before


async def test_the_same_key_with_other_input_is_refused(registry, office):
    await register_party(registry, office, TERMS, "key-00000001")
    other = PartyTerms(kind=PartyKind.ORGANISATION, name="另一公司")

    with pytest.raises(Refused) as refused:
        await register_party(registry, office, other, "key-00000001")
    assert [r.code for r in refused.value.refusals] == [RefusalCode.IDEMPOTENCY_KEY_REUSED]


async def test_another_partys_key_is_another_key(registry, office, holder):
    await register_party(registry, office, TERMS, "key-00000001")

    with pytest.raises(Refused) as refused:
        await register_party(registry, holder, TERMS, "key-00000001")
    assert [r.code for r in refused.value.refusals] == [RefusalCode.NOT_AUTHORISED]


@pytest.mark.parametrize(
    "key", ["", "short", "has a space", "中文密钥中文密钥", "x" * 129, "tab\tkey00"]
)
async def test_a_malformed_key_is_refused(registry, office, key):
    with pytest.raises(Refused) as refused:
        await register_party(registry, office, TERMS, key)
    assert [r.code for r in refused.value.refusals] == [RefusalCode.IDEMPOTENCY_KEY_MALFORMED]


async def test_eight_rivals_with_one_key_act_once(registry, office):
    before = await size_of_ledger(registry)
    answers = await asyncio.gather(
        *(register_party(registry, office, TERMS, "key-00000001") for _ in range(8))
    )
    assert len({party.id for party in answers}) == 1
    assert await size_of_ledger(registry) == before + 1


def test_the_fingerprint_of_an_input_is_kept_and_so_never_changes():
    terms = PartyTerms(
        kind=PartyKind.ORGANISATION,
        name="样例银行",
        roles=frozenset({Role.LENDER, Role.EXCHANGE}),
    )
    told = {
        "kind": "ORGANISATION",
        "name": "样例银行",
        "name_en": None,
        "region": None,
        "roles": ["EXCHANGE", "LENDER"],
        "uscc": None,
    }
    text = json.dumps(told, ensure_ascii=False)
    assert (
        Once.of("a-key-of-mine", "register_party", terms).fingerprint
        == sha256(text.encode()).digest()
    )
