"""What is scarce, fifty rounds of eight rivals each, through two doors to one database.

The exclusive license has its rounds in tests/services/licensing/test_races.py.
"""

import asyncio
from dataclasses import replace

import pytest

from services.actors import Role
from services.announcements.actions import announce_application
from services.announcements.model import Announcement
from services.applications.actions import (
    begin_examination,
    pass_formalities,
    refuse_application,
    withdraw_application,
)
from services.applications.model import Application, RefusalGround
from services.certificates.actions import issue_certificate
from services.certificates.model import Certificate
from services.pledges.actions import confirm_pledge, release_pledge
from services.pledges.model import Pledge, ReleaseReason
from services.refusals import RefusalCode, Refused
from services.registry import open_engine
from tests.collateral import placed, version_of
from tests.founding import a_key, enter_party
from tests.ledger_counts import size_of_ledger
from tests.titles import ANNOUNCEMENT, announce, file, terms_of

ROUNDS, RIVALS = 50, 8
GROUND = RefusalGround.OWNERSHIP_DISPUTED


@pytest.fixture
async def doors(registry, database):
    """A door per rival: every other one is another process's, which shares no lock."""
    other = replace(registry, engine=open_engine(database))
    yield [registry, other] * (RIVALS // 2)
    await other.close()


async def told(attempts) -> tuple[list[object], list[list[RefusalCode]]]:
    """What the rivals came away with: the winners' records, the losers' codes."""
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    lost = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    won = [outcome for outcome in outcomes if not isinstance(outcome, Refused)]
    return won, [[refusal.code for refusal in each.refusals] for each in lost]


async def test_one_product_gets_one_certificate(registry, doors, office, holder):
    products = [
        await announce(registry, office, holder, terms_of(f"产品{n}")) for n in range(ROUNDS)
    ]
    registry.clock.advance(ANNOUNCEMENT)
    for product in products:
        before = await size_of_ledger(registry)
        won, lost = await told(issue_certificate(d, office, product.id, a_key()) for d in doors)

        assert [type(each) for each in won] == [Certificate]
        assert lost == [[RefusalCode.PRODUCT_ALREADY_CERTIFIED, RefusalCode.ILLEGAL_TRANSITION]] * (
            RIVALS - 1
        )
        assert await size_of_ledger(registry) == before + 1


async def test_one_application_gets_one_decision(registry, doors, office, holder):
    for n in range(ROUNDS):
        case = (await file(registry, holder, terms_of(f"产品{n}"))).id
        await begin_examination(registry, office, case)
        await pass_formalities(registry, office, case)
        before = await size_of_ledger(registry)

        announcing = [announce_application(d, office, case, a_key()) for d in doors[:3]]
        refusing = [refuse_application(d, office, case, GROUND, "x") for d in doors[3:]]
        rivals = [*announcing, *refusing] if n % 2 else [*refusing, *announcing]
        won, lost = await told(rivals)

        assert [type(each) for each in won] in ([Announcement], [Application])
        assert lost == [[RefusalCode.ILLEGAL_TRANSITION]] * (RIVALS - 1)
        assert await size_of_ledger(registry) == before + 1


async def test_what_is_withdrawn_is_not_refused_and_what_is_refused_not_withdrawn(
    registry, doors, office, holder
):
    for n in range(ROUNDS):
        case = (await file(registry, holder, terms_of(f"产品{n}"))).id
        await begin_examination(registry, office, case)
        before = await size_of_ledger(registry)

        withdrawing = [withdraw_application(d, holder, case) for d in doors[:4]]
        refusing = [refuse_application(d, office, case, GROUND, "x") for d in doors[4:]]
        won, lost = await told([*withdrawing, *refusing] if n % 2 else [*refusing, *withdrawing])

        assert [type(each) for each in won] == [Application]
        assert lost == [[RefusalCode.ILLEGAL_TRANSITION]] * (RIVALS - 1)
        assert await size_of_ledger(registry) == before + 1


async def test_the_first_rank_goes_to_one_lender(registry, doors, office, certificate, holder):
    lenders = [
        await enter_party(registry, office, f"样例银行{n}", Role.LENDER) for n in range(RIVALS)
    ]
    pledges = {lender: await placed(registry, certificate, holder, lender) for lender in lenders}
    for n in range(ROUNDS):
        seen = await version_of(registry, certificate)
        before = await size_of_ledger(registry)
        won, lost = await told(
            confirm_pledge(door, lender, pledges[lender].id, seen)
            for door, lender in zip(doors, lenders, strict=True)
        )

        (first,) = won
        assert isinstance(first, Pledge)
        assert first.sequence == n + 1
        assert lost == [[RefusalCode.CONSENT_MISSING, RefusalCode.CERTIFICATE_HAS_MOVED_ON]] * (
            RIVALS - 1
        )
        assert await size_of_ledger(registry) == before + 1
        (winner,) = [lender for lender in lenders if lender.party_id == first.pledgee_id]
        await release_pledge(registry, winner, first.id, ReleaseReason.PAID)
        pledges[winner] = await placed(registry, certificate, holder, winner)
