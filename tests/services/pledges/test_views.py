"""What may be read of pledges: status and rank as the model has them, and by whom."""

from datetime import date, timedelta

import pytest

from services.certificates.actions import place_freeze
from services.certificates.model import Operation
from services.certificates.store import get_certificate
from services.pledges.actions import release_pledge, withdraw_pledge
from services.pledges.model import PledgeStatus, ReleaseReason
from services.pledges.store import get_pledge
from services.pledges.views import PLEDGE, is_mine, report_on_collateral
from services.reading.records import Wanted, read_one, read_page
from services.refusals import RefusalCode
from services.verdicts import Verdict
from tests.builders.certificates import freeze_terms
from tests.builders.pledges import DUE
from tests.collateral import consented, placed, registered
from tests.founding import a_key
from tests.ledger_counts import size_of_ledger

MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def senior(registry, certificate, holder, bank):
    """A registered pledge whose pledgee lets others follow."""
    pledge = await registered(registry, certificate, holder, bank)
    await consented(registry, pledge, bank, Operation.PLACE_PLEDGE, standing=True)
    return pledge


@pytest.fixture
async def junior(registry, certificate, holder, rival_bank, senior):
    assert senior.sequence == 1
    return await registered(registry, certificate, holder, rival_bank)


async def seen(registry, actor, pledge):
    async with registry.reading() as tx:
        return await read_one(tx, actor, PLEDGE, id=pledge.id)


async def report(registry, actor, certificate, matures_on=DUE):
    async with registry.reading() as tx:
        return await report_on_collateral(tx, actor, {"id": certificate.id}, matures_on)


async def test_the_view_agrees_with_the_model_before_at_and_after_the_end(
    registry, certificate, holder, bank, senior
):
    waiting = await placed(registry, certificate, holder, bank, matures_on=date(2026, 12, 31))
    statuses = []
    for moment in (certificate.effective_end + shift for shift in (-MOMENT, 0 * MOMENT, MOMENT)):
        registry.clock.advance_to(moment)
        async with registry.reading() as tx:
            title = await get_certificate(tx, certificate.id)
            for pledge in (senior, waiting):
                row = await read_one(tx, holder, PLEDGE, id=pledge.id)
                model = await get_pledge(tx, pledge.id)
                assert row["status"] == model.effective_status(title, moment)
                statuses.append(row["status"])
    assert statuses == [
        PledgeStatus.REGISTERED,
        PledgeStatus.SUBMITTED,
        PledgeStatus.IMPAIRED,
        PledgeStatus.SUBMITTED,
        PledgeStatus.IMPAIRED,
        PledgeStatus.SUBMITTED,
    ]


async def test_a_junior_moves_up_when_the_senior_is_released(registry, bank, senior, junior):
    assert [(await seen(registry, None, p))["rank"] for p in (senior, junior)] == [1, 2]
    await release_pledge(registry, bank, senior.id, ReleaseReason.PAID)
    assert [(await seen(registry, None, p))["rank"] for p in (senior, junior)] == [None, 1]
    assert (await seen(registry, None, junior))["sequence"] == 2


async def test_everybody_sees_what_is_registered_and_nobody_else_what_is_not(
    registry, office, certificate, holder, bank, rival_bank
):
    pledge = await placed(registry, certificate, holder, bank)
    for outsider in (None, rival_bank):
        assert await seen(registry, outsider, pledge) is None
    for party in (holder, bank, office):
        assert (await seen(registry, party, pledge))["pledgee_id"] == bank.party_id

    await withdraw_pledge(registry, holder, pledge.id)
    assert await seen(registry, None, pledge) is None
    second = await registered(registry, certificate, holder, bank)
    public = await seen(registry, None, second)
    assert (public["amount_minor"], public["matures_on"]) == (500_000_000, DUE)
    await release_pledge(registry, bank, second.id, ReleaseReason.PAID)
    assert (await seen(registry, None, second))["status"] is PledgeStatus.DISCHARGED


async def test_my_pledges_are_those_i_gave_or_took(
    registry, holder, bank, rival_bank, stranger, senior, junior
):
    async with registry.reading() as tx:
        pages = [
            await read_page(tx, actor, PLEDGE, Wanted(conditions=[is_mine]), first=10)
            for actor in (holder, bank, rival_bank, stranger, None)
        ]
    ids = [{record["id"] for record in page.records} for page in pages]
    assert ids == [{senior.id, junior.id}, {senior.id}, {junior.id}, set(), set()]


async def test_the_report_on_a_free_certificate_is_clear(registry, certificate, bank):
    size = await size_of_ledger(registry)
    found = await report(registry, bank, certificate)
    assert found.assessment.verdict is Verdict.CLEAR
    assert (found.pledges, found.encumbrances, found.freezes) == ([], [], [])
    assert found.rank_if_registered_now == 1
    assert found.ledger_position == size
    assert (found.certificate["id"], found.certificate["version"]) == (certificate.id, 1)


async def test_the_report_shows_who_ranks_before_and_whose_consent_is_missing(
    registry, certificate, holder, bank, rival_bank, senior, junior
):
    waiting = await placed_for_third(registry, certificate, holder, bank, junior, rival_bank)
    found = await report(registry, rival_bank, certificate)
    assert [(p["id"], p["rank"]) for p in found.pledges] == [(senior.id, 1), (junior.id, 2)]
    assert waiting.id not in [p["id"] for p in found.pledges]
    assert found.rank_if_registered_now == 3
    assert found.assessment.verdict is Verdict.NEEDS_CONSENT
    assert [r.code for r in found.assessment.refusals] == [RefusalCode.CONSENT_MISSING]


async def placed_for_third(registry, certificate, holder, bank, junior, rival_bank):
    """A third pledge, placed by a consent that names its lender only, and not registered."""
    await consented(
        registry, junior, rival_bank, Operation.PLACE_PLEDGE, counterparty_id=bank.party_id
    )
    return await placed(registry, certificate, holder, bank)


async def test_the_report_says_what_blocks(registry, office, certificate, bank):
    until = registry.clock.now() + timedelta(days=30)
    freeze = await place_freeze(
        registry, office, freeze_terms(certificate_id=certificate.id, until=until), a_key()
    )
    found = await report(registry, bank, certificate, date(2031, 1, 1))
    assert found.assessment.verdict is Verdict.BLOCKED
    assert [r.code for r in found.assessment.refusals] == [
        RefusalCode.ENCUMBRANCE_FORBIDS,
        RefusalCode.PLEDGE_OUTLIVES_CERTIFICATE,
    ]
    assert [f["id"] for f in found.freezes] == [freeze.id]
    assert [e["instrument_id"] for e in found.encumbrances] == [freeze.id]

    registry.clock.advance_to(until)
    assert (await report(registry, bank, certificate)).freezes == []


async def test_there_is_no_report_on_what_is_not_registered(registry, bank):
    async with registry.reading() as tx:
        assert await report_on_collateral(tx, bank, {"number": "1"}, DUE) is None
