"""Acts on announcements and objections: done, refused without a trace, and raced."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from services.actors import Role
from services.announcements.actions import (
    announce_application,
    decide_objection,
    raise_objection,
    withdraw_objection,
)
from services.announcements.model import Decision, DecisionTerms, ObjectionStatus
from services.announcements.store import (
    announcement_of,
    announcements,
    get_announcement,
    get_objection,
    objections_to,
)
from services.applications.actions import withdraw_application
from services.applications.model import ApplicationStatus, RefusalGround
from services.applications.store import get_application
from services.documents.views import DOCUMENT
from services.parties.actions import admit_member
from services.parties.model import MemberTerms
from services.periods import after_days
from services.reading.records import read_one
from services.refusals import RefusalCode, Refused
from services.tables import MICROSECOND
from tests.builders.announcements import announce, object_to, objecting
from tests.builders.applications import examine_substance, file_application
from tests.founding import a_key
from tests.ledger_counts import kinds_on, size_of_ledger

OTHER_GROUND = RefusalGround.OTHER_NON_COMPLIANCE


@pytest.fixture
async def announced(registry, holder, office):
    return await announce(registry, holder, office)


@pytest.fixture
def application_of(registry):
    async def get(announcement):
        async with registry.reading() as tx:
            return await get_application(tx, announcement.application_id)

    return get


def finding(objection, decision=Decision.DISMISSED):
    return DecisionTerms(objection_id=objection.id, decision=decision, reasons="Examined.")


async def refused(act):
    with pytest.raises(Refused) as caught:
        await act
    return [refusal.code for refusal in caught.value.refusals]


async def test_an_announcement_freezes_what_the_public_is_told(
    registry, announced, clock, application_of
):
    application = await application_of(announced)
    async with registry.reading() as tx:
        assert await get_announcement(tx, announced.id) == announced
        assert await announcement_of(tx, application.id) == announced
    assert application.status is ApplicationStatus.ANNOUNCED
    assert application.announcement_closes_at == announced.closes_at
    assert application.announcement_id == announced.id
    assert announced.text_hash == announced.text.hash
    assert announced.text.applicant_name == "样例数据公司"
    assert (announced.published_at, announced.closes_at) == (clock.now(), _end(2026, 1, 20))
    assert (await kinds_on(registry, application.id))[-1] == "application-announced"

    with pytest.raises(sa.exc.IntegrityError, match="an announced text stays as it is"):
        async with registry.deciding() as tx:
            await tx.connection.execute(announcements.update().values(name="x"))


def _end(year, month, day):
    """The first instant after a day in Shanghai."""
    return datetime(year, month, day, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "closes"),
    [
        (datetime(2026, 1, 9, 15, 59, tzinfo=UTC), _end(2026, 1, 24)),  # 23:59 in Shanghai.
        (datetime(2026, 1, 9, 16, 1, tzinfo=UTC), _end(2026, 1, 25)),  # 00:01 the day after.
    ],
)
async def test_fifteen_whole_days_follow_the_day_of_publication(
    registry, holder, office, clock, published, closes
):
    examined = await examine_substance(registry, holder, office)
    clock.advance_to(published)
    announcement = await announce_application(registry, office, examined.id, a_key())
    assert announcement.closes_at == closes


async def test_the_same_key_announces_once(registry, holder, office):
    examined = await examine_substance(registry, holder, office)
    key = a_key()
    first = await announce_application(registry, office, examined.id, key)
    assert await announce_application(registry, office, examined.id, key) == first
    again = announce_application(registry, office, examined.id, a_key())
    assert await refused(again) == [RefusalCode.ILLEGAL_TRANSITION]


async def test_what_is_not_examined_is_not_announced_and_leaves_no_trace(registry, holder, office):
    filed = await file_application(registry, holder)
    before = await size_of_ledger(registry)
    early = announce_application(registry, office, filed.id, a_key())
    assert await refused(early) == [RefusalCode.ILLEGAL_TRANSITION]
    own = announce_application(registry, holder, filed.id, a_key())
    assert await refused(own) == [
        RefusalCode.NOT_AUTHORISED,
        RefusalCode.CONFLICT_OF_INTEREST,
        RefusalCode.ILLEGAL_TRANSITION,
    ]

    async with registry.reading() as tx:
        assert await announcement_of(tx, filed.id) is None
    assert await size_of_ledger(registry) == before


async def test_an_objection_can_be_raised_until_the_last_instant(
    registry, stranger, announced, clock, application_of
):
    first = await objecting(registry, stranger, announced)
    second = replace(first, ground=OTHER_GROUND)
    clock.advance_to(announced.closes_at - MICROSECOND)
    objection = await raise_objection(registry, stranger, first, a_key())
    assert objection.decision_due_at == after_days(clock.now(), 60)
    assert (await application_of(announced)).open_objections == 1
    assert (await kinds_on(registry, announced.application_id))[-1] == "objection-raised"

    clock.advance_to(announced.closes_at)
    before = await size_of_ledger(registry)
    late = raise_objection(registry, stranger, second, a_key())
    assert await refused(late) == [RefusalCode.ANNOUNCEMENT_CLOSED]
    async with registry.reading() as tx:
        assert await objections_to(tx, announced.id) == [objection]
    assert await size_of_ledger(registry) == before


async def test_the_applicant_may_read_the_evidence_and_other_parties_may_not(
    registry, holder, office, stranger, bank, announced
):
    terms = await objecting(registry, stranger, announced)
    (document_id,) = terms.document_ids

    async def who_sees():
        async with registry.reading() as tx:
            seen = [
                await read_one(tx, actor, DOCUMENT, id=document_id)
                for actor in (holder, office, bank, None)
            ]
        return [record is not None for record in seen]

    assert await who_sees() == [False, True, False, False]
    await raise_objection(registry, stranger, terms, a_key())
    assert await who_sees() == [True, True, False, False]


async def test_evidence_is_the_objectors_own_and_counts_once(
    registry, stranger, bank, office, announced
):
    foreign = await objecting(registry, bank, announced)
    unseen = raise_objection(registry, stranger, foreign, a_key())
    assert await refused(unseen) == [RefusalCode.RECORD_NOT_FOUND]
    seen_but_foreign = raise_objection(registry, office, foreign, a_key())
    assert await refused(seen_but_foreign) == [RefusalCode.NOT_THE_DEPOSITOR]
    none = raise_objection(registry, bank, replace(foreign, document_ids=()), a_key())
    assert await refused(none) == [RefusalCode.EVIDENCE_MISSING]

    twice = replace(foreign, document_ids=foreign.document_ids * 2)
    assert (await raise_objection(registry, bank, twice, a_key())).is_open


async def test_the_same_key_objects_once_and_each_ground_stands_once(
    registry, stranger, announced, application_of
):
    terms, key = await objecting(registry, stranger, announced), a_key()
    first = await raise_objection(registry, stranger, terms, key)
    assert await raise_objection(registry, stranger, terms, key) == first
    again = raise_objection(registry, stranger, terms, a_key())
    assert await refused(again) == [RefusalCode.OBJECTION_ALREADY_RAISED]
    await raise_objection(registry, stranger, replace(terms, ground=OTHER_GROUND), a_key())
    assert (await application_of(announced)).open_objections == 2


async def test_an_objection_upheld_refuses_the_application_and_makes_the_others_moot(
    registry, stranger, bank, office, announced, clock, application_of
):
    upheld = await object_to(registry, stranger, announced)
    other = await object_to(registry, bank, announced)
    before = await size_of_ledger(registry)
    decided = await decide_objection(registry, office, finding(upheld, Decision.UPHELD))

    assert (decided.status, decided.decided_at) == (ObjectionStatus.UPHELD, clock.now())
    application = await application_of(announced)
    assert application.status is ApplicationStatus.REFUSED
    assert (application.refusal_ground, application.reasons) == (upheld.ground, "Examined.")
    assert await size_of_ledger(registry) == before + 1
    for act in (
        decide_objection(registry, office, finding(other)),
        withdraw_objection(registry, bank, other.id),
    ):
        assert await refused(act) == [RefusalCode.ILLEGAL_TRANSITION]


async def test_an_application_is_approved_once_no_objection_is_open(
    registry, stranger, bank, office, announced, clock, application_of
):
    first = await object_to(registry, stranger, announced)
    second = await object_to(registry, bank, announced)
    await decide_objection(registry, office, finding(first))
    clock.advance_to(announced.closes_at)
    pending = (await application_of(announced)).effective_status(clock.now())
    assert pending is ApplicationStatus.OBJECTION_PENDING

    await withdraw_objection(registry, bank, second.id)
    approved = (await application_of(announced)).effective_status(clock.now())
    assert approved is ApplicationStatus.APPROVED
    assert (await kinds_on(registry, announced.application_id))[-4:] == [
        "objection-raised",
        "objection-raised",
        "objection-decided",
        "objection-withdrawn",
    ]


async def test_only_the_objector_withdraws_and_only_the_registrar_decides(
    registry, holder, stranger, announced
):
    objection = await object_to(registry, stranger, announced)
    before = await size_of_ledger(registry)
    withdrawing = withdraw_objection(registry, holder, objection.id)
    assert await refused(withdrawing) == [RefusalCode.NOT_THE_OBJECTOR]
    deciding = decide_objection(registry, stranger, finding(objection))
    assert await refused(deciding) == [
        RefusalCode.NOT_AUTHORISED,
        RefusalCode.CONFLICT_OF_INTEREST,
    ]
    async with registry.reading() as tx:
        assert await get_objection(tx, objection.id) == objection
    assert await size_of_ledger(registry) == before


async def test_a_registrar_who_also_acts_for_the_objector_does_not_decide(
    registry, stranger, office, announced
):
    objection = await object_to(registry, stranger, announced)
    roles = frozenset({Role.REGISTRANT})
    terms = MemberTerms(party_id=stranger.party_id, subject=office.subject, roles=roles)
    await admit_member(registry, office, terms, a_key())
    deciding = decide_objection(registry, office, finding(objection))
    assert await refused(deciding) == [RefusalCode.CONFLICT_OF_INTEREST]


@pytest.mark.parametrize("unknown", ["objection_0", "", "announcement_0", "x" * 1000])
async def test_what_is_not_there_is_not_found(registry, office, stranger, announced, unknown):
    missing = [RefusalCode.RECORD_NOT_FOUND]
    terms = await objecting(registry, stranger, announced, announcement_id=unknown)
    assert await refused(raise_objection(registry, stranger, terms, a_key())) == missing
    assert await refused(withdraw_objection(registry, stranger, unknown)) == missing
    decision = DecisionTerms(objection_id=unknown, decision=Decision.UPHELD, reasons="x")
    assert await refused(decide_objection(registry, office, decision)) == missing
    assert await refused(announce_application(registry, office, unknown, a_key())) == missing


async def test_nobody_objects_to_what_was_withdrawn(registry, holder, stranger, announced):
    terms = await objecting(registry, stranger, announced)
    await withdraw_application(registry, holder, announced.application_id)
    objecting_late = raise_objection(registry, stranger, terms, a_key())
    assert await refused(objecting_late) == [RefusalCode.ANNOUNCEMENT_CLOSED]


async def test_only_one_of_eight_rivals_ends_an_objection(
    registry, stranger, office, announced, application_of
):
    objection = await object_to(registry, stranger, announced)
    before = await size_of_ledger(registry)
    acts = [
        act
        for _ in range(4)
        for act in (
            withdraw_objection(registry, stranger, objection.id),
            decide_objection(registry, office, finding(objection, Decision.UPHELD)),
        )
    ]
    outcomes = await asyncio.gather(*acts, return_exceptions=True)

    lost = [outcome.refusals[0].code for outcome in outcomes if isinstance(outcome, Refused)]
    assert lost == [RefusalCode.ILLEGAL_TRANSITION] * 7
    assert (await application_of(announced)).open_objections == 0
    assert await size_of_ledger(registry) == before + 1


async def test_eight_objections_of_one_party_on_one_ground_are_one(registry, stranger, announced):
    terms = await objecting(registry, stranger, announced)
    acts = [raise_objection(registry, stranger, terms, a_key()) for _ in range(8)]
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    lost = [outcome.refusals[0].code for outcome in outcomes if isinstance(outcome, Refused)]
    assert lost == [RefusalCode.OBJECTION_ALREADY_RAISED] * 7
