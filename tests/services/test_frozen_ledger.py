"""A register whose ledger has ended enters nothing more, and says why."""

import pytest

from ledger.formats.entry import Freeze
from ledger.keeping.append import append_mark
from services.actors import Role
from services.certificates.actions import cancel_certificate
from services.certificates.store import get_certificate
from services.general import require_running_ledger
from services.parties.actions import register_party
from services.parties.model import PartyKind, PartyTerms
from services.parties.store import number_of_parties
from services.refusals import RefusalCode, Refused
from tests.founding import a_key
from tests.ledger_counts import size_of_ledger


@pytest.fixture
async def ended(registry, certificate):
    """A register with a certificate, whose ledger has ended."""
    async with registry.deciding() as tx:
        await append_mark(tx.connection, Freeze("register.test/log/2"), tx.now)
    return certificate


async def traces(registry):
    async with registry.reading() as tx:
        return await number_of_parties(tx), await size_of_ledger(registry)


def test_a_running_ledger_refuses_nothing():
    assert require_running_ledger(is_frozen=False) == []


@pytest.mark.usefixtures("ended")
async def test_an_act_is_refused_and_leaves_no_trace(registry, office):
    before = await traces(registry)
    terms = PartyTerms(kind=PartyKind.ORGANISATION, name="样例公司", roles=frozenset({Role.LENDER}))
    with pytest.raises(Refused) as refused:
        await register_party(registry, office, terms, a_key())
    (refusal,) = refused.value.refusals
    assert refusal.code == RefusalCode.LEDGER_FROZEN
    assert refusal.message.startswith("The ledger must still take entries; this one has ended")
    assert await traces(registry) == before


async def test_an_act_on_a_certificate_is_refused_too(registry, holder, ended):
    with pytest.raises(Refused) as refused:
        await cancel_certificate(registry, holder, ended.id, "reasons")
    assert [each.code for each in refused.value.refusals] == [RefusalCode.LEDGER_FROZEN]
    async with registry.reading() as tx:
        assert await get_certificate(tx, ended.id) == ended
