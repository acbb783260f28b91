"""What the public reads of announcements and objections, and that SQL tells both statuses."""

from dataclasses import replace

import pytest

from services.announcements.actions import decide_objection, withdraw_objection
from services.announcements.model import AnnouncedCase, AnnouncementStatus, Decision, DecisionTerms
from services.announcements.store import get_announcement, objections_to
from services.announcements.views import (
    ANNOUNCEMENT,
    EVIDENCE_OF_OBJECTION,
    OBJECTION,
    OBJECTIONS_TO_ANNOUNCEMENT,
)
from services.applications.actions import withdraw_application
from services.applications.store import get_application
from services.reading.records import Wanted, read_one, read_page, read_related
from services.tables import MICROSECOND
from tests.builders.announcements import announce, object_to

KNOWN_TO_FEW = {"objector_id", "statement", "reasons"}


@pytest.fixture
async def announced(registry, holder, office):
    """Five announcements of one instant, by what is to become of them."""
    fates = ("untouched", "contested", "dismissed", "upheld", "withdrawn")
    return {fate: await announce(registry, holder, office, name=fate) for fate in fates}


async def test_sql_tells_every_status_as_the_model_does(
    registry, holder, stranger, bank, office, clock, announced
):
    await object_to(registry, stranger, announced["contested"])
    for fate, decision in (("dismissed", Decision.DISMISSED), ("upheld", Decision.UPHELD)):
        objection = await object_to(registry, stranger, announced[fate])
        await object_to(registry, bank, announced[fate])
        terms = DecisionTerms(objection_id=objection.id, decision=decision, reasons="x")
        await decide_objection(registry, office, terms)
    objection = await object_to(registry, stranger, announced["withdrawn"])
    await withdraw_objection(registry, stranger, objection.id)
    await withdraw_application(registry, holder, announced["withdrawn"].application_id)

    told = []
    for now in (announced["upheld"].closes_at - MICROSECOND, announced["upheld"].closes_at):
        clock.advance_to(now)
        async with registry.reading() as tx:
            told += [await _told_and_meant(tx, each) for each in announced.values()]
    assert [sql for sql, _ in told] == [model for _, model in told]
    assert [sql[0] for sql, _ in told] == [
        *["OPEN", "OPEN", "OPEN", "CANCELLED", "CANCELLED"],
        *["CLOSED_CLEAR", "CLOSED_CONTESTED", "CLOSED_CONTESTED", "CANCELLED", "CANCELLED"],
    ]


async def _told_and_meant(tx, announcement):
    """The statuses of an announcement and its objections, by SQL and by the model."""
    application = await get_application(tx, announcement.application_id)
    objections = await objections_to(tx, announcement.id)
    case = AnnouncedCase(application=application, announcement=announcement, objections=objections)
    record = await read_one(tx, None, ANNOUNCEMENT, id=announcement.id)
    (records,) = await read_related(tx, None, OBJECTIONS_TO_ANNOUNCEMENT, [announcement.id])
    told = (record["status"], {r["id"]: r["status"] for r in records})
    return told, (case.status(tx.now), {o.id: o.effective_status(application) for o in objections})


async def test_the_public_sees_that_there_is_an_objection_but_not_whose(
    registry, holder, stranger, bank, office, announced
):
    objection = await object_to(registry, stranger, announced["contested"])
    terms = DecisionTerms(objection_id=objection.id, decision=Decision.DISMISSED, reasons="x")
    await decide_objection(registry, office, terms)

    async def read(actor):
        async with registry.reading() as tx:
            (evidence,) = await read_related(tx, actor, EVIDENCE_OF_OBJECTION, [objection.id])
            record = await read_one(tx, actor, OBJECTION, id=objection.id)
        hidden = {name for name, value in record.items() if value is None}
        return hidden, len(evidence)

    for actor in (holder, stranger, office):
        assert await read(actor) == (set(), 1)
    for actor in (bank, None):
        assert await read(actor) == (KNOWN_TO_FEW, 0)


async def test_the_gazette_is_everyones_newest_first_and_by_status(
    registry, holder, office, clock, announced
):
    clock.advance_to(announced["untouched"].closes_at)
    newest = await announce(registry, holder, office, name="newest")

    async def gazette(status=None):
        wanted = Wanted(criteria={} if status is None else {"status": status})
        async with registry.reading() as tx:
            page = await read_page(tx, None, ANNOUNCEMENT, wanted, first=100)
        return [record["id"] for record in page.records]

    older = sorted((announcement.id for announcement in announced.values()), reverse=True)
    assert await gazette() == [newest.id, *older]
    assert await gazette([AnnouncementStatus.OPEN]) == [newest.id]
    assert await gazette([AnnouncementStatus.CLOSED_CLEAR]) == older
    assert await gazette([]) == []


async def test_the_public_reads_the_text_as_announced(registry, announced):
    announcement = announced["untouched"]
    async with registry.reading() as tx:
        record = await read_one(tx, None, ANNOUNCEMENT, id=announcement.id)
        assert await get_announcement(tx, announcement.id) == announcement
    text = announcement.text
    shown = {name: record[name] for name in text.__slots__}
    assert replace(text, **shown).hash == record["text_hash"] == announcement.text_hash
