"""Acts on parties: done, refused, raced; and whom a token stands for."""

import asyncio

import pytest

from services.actors import Actor, Role
from services.parties.actions import admit_member, dismiss_member, found_office, register_party
from services.parties.model import MemberTerms, PartyKind, PartyTerms
from services.parties.store import active_member, get_party
from services.parties.views import find_actor
from services.refusals import RefusalCode, Refused
from tests.founding import a_key, enter_party
from tests.ledger_counts import kinds_on, size_of_ledger

OFFICE = PartyTerms(kind=PartyKind.ORGANISATION, name="样例登记机构")
BANK = PartyTerms(kind=PartyKind.ORGANISATION, name="样例银行", roles=frozenset({Role.LENDER}))


async def test_a_register_is_founded_once_however_many_try(registry):
    attempts = [found_office(registry, OFFICE, f"registrar-{n}") for n in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    codes = [outcome.refusals[0].code for outcome in refused]
    assert codes == [RefusalCode.OFFICE_ALREADY_FOUNDED] * 7
    assert await size_of_ledger(registry) == 1


async def test_a_registered_party_is_on_the_register_and_in_the_ledger(registry, office):
    party = await register_party(registry, office, BANK, a_key())

    async with registry.reading() as tx:
        assert await get_party(tx, party.id) == party
    assert await kinds_on(registry, party.id) == ["party-registered"]


async def test_a_refused_registration_leaves_no_trace(registry, holder):
    before = await size_of_ledger(registry)
    with pytest.raises(Refused):
        await register_party(registry, holder, BANK, a_key())
    assert await size_of_ledger(registry) == before


async def test_a_member_acts_until_dismissed(registry, office):
    bank = await enter_party(registry, office, "样例银行", Role.LENDER)
    assert await find_actor(registry, bank.subject, bank.party_id, Role.LENDER) == bank
    assert await find_actor(registry, bank.subject, None, None) == bank

    async with registry.reading() as tx:
        member = await active_member(tx, bank.party_id, bank.subject)
    await dismiss_member(registry, office, member.id)

    assert await find_actor(registry, bank.subject, bank.party_id, Role.LENDER) is None
    assert await kinds_on(registry, bank.party_id) == [
        "party-registered",
        "member-admitted",
        "member-dismissed",
    ]


async def test_a_token_claims_no_role_and_no_party_beyond_the_membership(registry, office, bank):
    assert await find_actor(registry, bank.subject, bank.party_id, Role.REGISTRAR) is None
    assert await find_actor(registry, bank.subject, office.party_id, Role.LENDER) is None
    assert await find_actor(registry, "nobody", None, None) is None


async def test_who_acts_for_two_parties_must_name_one(registry, office, bank, rival_bank):
    both = MemberTerms(
        party_id=rival_bank.party_id, subject=bank.subject, roles=frozenset({Role.LENDER})
    )
    await admit_member(registry, office, both, a_key())

    assert await find_actor(registry, bank.subject, None, Role.LENDER) is None
    assert await find_actor(registry, bank.subject, rival_bank.party_id, Role.LENDER) == Actor(
        bank.subject, rival_bank.party_id, frozenset({Role.LENDER})
    )
