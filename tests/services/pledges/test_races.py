"""What eight rivals get of one certificate, on a real file: rank is a strict order."""

import asyncio

import pytest

from services.actors import Role
from services.certificates.model import Operation
from services.pledges.actions import confirm_pledge
from services.refusals import RefusalCode, Refused
from tests.collateral import burdens_of, consented, placed, version_of
from tests.founding import enter_party
from tests.ledger_counts import size_of_ledger

RIVALS = range(8)


@pytest.fixture
async def lenders(registry, office):
    return [await enter_party(registry, office, f"样例银行{n}", Role.LENDER) for n in RIVALS]


@pytest.fixture
async def pledges(registry, certificate, holder, lenders):
    """One pledge for each lender, none of them registered."""
    return [await placed(registry, certificate, holder, lender) for lender in lenders]


async def outcomes_of(attempts):
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    won = [o for o in outcomes if not isinstance(o, Refused)]
    lost = [[r.code for r in o.refusals] for o in outcomes if isinstance(o, Refused)]
    return won, lost


async def test_one_of_eight_lenders_is_registered_when_nobody_consents(
    registry, certificate, lenders, pledges
):
    version = await version_of(registry, certificate)
    before = await size_of_ledger(registry)

    won, lost = await outcomes_of(
        confirm_pledge(registry, lender, pledge.id, version)
        for lender, pledge in zip(lenders, pledges, strict=True)
    )

    assert [pledge.sequence for pledge in won] == [1]
    refusals = [RefusalCode.CONSENT_MISSING, RefusalCode.CERTIFICATE_HAS_MOVED_ON]
    assert lost == [refusals] * 7
    assert await size_of_ledger(registry) == before + 1


async def test_a_pledge_is_registered_once_however_often_it_is_confirmed(
    registry, certificate, holder, bank
):
    pledge = await placed(registry, certificate, holder, bank)
    version = await version_of(registry, certificate)

    won, lost = await outcomes_of(
        confirm_pledge(registry, bank, pledge.id, version) for _ in RIVALS
    )

    assert [pledge.sequence for pledge in won] == [1]
    refusals = [
        RefusalCode.ILLEGAL_TRANSITION,
        RefusalCode.CONSENT_MISSING,
        RefusalCode.CERTIFICATE_HAS_MOVED_ON,
    ]
    assert lost == [refusals] * 7
    assert len((await burdens_of(registry, certificate)).encumbrances) == 1


async def test_lenders_who_consent_to_each_other_rank_without_a_gap_or_a_tie(
    registry, certificate, lenders, pledges
):
    async def confirmed(lender, pledge):
        """Try until those before have consented, then consent to those behind."""
        while True:
            try:
                version = await version_of(registry, certificate)
                mine = await confirm_pledge(registry, lender, pledge.id, version)
            except Refused:
                continue
            await consented(registry, mine, lender, Operation.PLACE_PLEDGE, standing=True)
            return mine.sequence

    attempts = [confirmed(lender, pledge) for lender, pledge in zip(lenders, pledges, strict=True)]
    places = await asyncio.wait_for(asyncio.gather(*attempts), timeout=60)

    assert sorted(places) == [1, 2, 3, 4, 5, 6, 7, 8]
