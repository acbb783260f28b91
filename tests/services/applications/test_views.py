"""Who sees an application, in which order, and that SQL tells its status as the model does."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from services.applications.actions import (
    begin_examination,
    draft_application,
    submit_application,
    withdraw_application,
)
from services.applications.model import ApplicationStatus, DocumentRole
from services.applications.store import add_application, applications
from services.applications.views import (
    APPLICATION,
    DOCUMENTS_OF_APPLICATION,
    EXAMINER_QUEUE,
    is_mine,
    waits_for_an_examiner,
)
from services.reading.records import Wanted, read_one, read_page, read_related
from services.tables import MICROSECOND
from services.views import Asking, told
from tests.builders.applications import (
    CLOSES,
    DUE,
    a_draft,
    an_application,
    application_terms,
    draft_in_full,
    file_application,
)
from tests.founding import a_key

STATUS = ApplicationStatus
MOMENTS = [CLOSES - MICROSECOND, CLOSES, DUE - MICROSECOND, DUE]
STORED = [a_draft(id="draft")] + [
    an_application(status, id=f"{status}_{n}", open_objections=n, refusal_ground=None, reasons=None)
    for status in (
        STATUS.SUBMITTED,
        STATUS.FORMALITY_EXAMINATION,
        STATUS.CORRECTION_REQUIRED,
        STATUS.SUBSTANTIVE_EXAMINATION,
        STATUS.ANNOUNCED,
        STATUS.REGISTERED,
        STATUS.WITHDRAWN,
    )
    for n in range(2)
]


def page(registry, actor, view, wanted, **options):
    async def read():
        async with registry.reading() as tx:
            shown = await read_page(tx, actor, view, wanted, first=100, **options)
        return [record["id"] for record in shown.records]

    return read()


async def test_sql_tells_every_status_as_the_model_does(registry, holder):
    async with registry.deciding() as tx:
        for n, application in enumerate(STORED):
            changes = {"applicant_id": holder.party_id, "name": f"{n}"}
            hashed = {"content_hash": application.content_hash and f"{n:064}"}
            await add_application(tx, type(application)(**_facts(application) | changes | hashed))

    status = APPLICATION.fields["status"]
    for now in MOMENTS:
        query = sa.select(applications.c.id, status(Asking.of(holder)).label("status"))
        async with registry.reading() as tx:
            answer = await tx.connection.execute(query, told(holder, now))
            statuses = {row.id: row.status for row in answer}
        assert statuses == {a.id: a.effective_status(now) for a in STORED}


def _facts(application):
    return {name: getattr(application, name) for name in application.__slots__}


async def test_a_draft_is_the_applicants_and_the_office_sees_what_is_filed(
    registry, holder, stranger, office
):
    draft = await draft_application(registry, holder, application_terms(), a_key())
    filed = await file_application(registry, holder, name="样例二")
    everyone = [holder, office, stranger, None]

    async def who_sees(application):
        async with registry.reading() as tx:
            seen = [await read_one(tx, a, APPLICATION, id=application.id) for a in everyone]
        return [record is not None for record in seen]

    assert await who_sees(draft) == [True, False, False, False]
    assert await who_sees(filed) == [True, True, False, False]


async def test_the_attached_documents_are_seen_with_the_application(
    registry, holder, stranger, office
):
    filed = await file_application(registry, holder)

    async def roles(actor):
        async with registry.reading() as tx:
            (named,) = await read_related(tx, actor, DOCUMENTS_OF_APPLICATION, [filed.id])
        return {record["role"] for record in named}

    assert [await roles(actor) for actor in (holder, office)] == [set(DocumentRole)] * 2
    assert [await roles(actor) for actor in (stranger, None)] == [set()] * 2


async def test_the_office_alone_sees_who_examines(registry, holder, office):
    filed = await file_application(registry, holder)
    await begin_examination(registry, office, filed.id)

    async def examiner(actor):
        async with registry.reading() as tx:
            return (await read_one(tx, actor, APPLICATION, id=filed.id))["examiner"]

    assert await examiner(office) == office.subject
    assert await examiner(holder) is None


async def test_mine_are_my_partys_newest_first(registry, clock, holder, stranger):
    first = await draft_application(registry, holder, application_terms(), a_key())
    await draft_application(registry, stranger, application_terms(), a_key())
    clock.advance(MICROSECOND)
    second = await file_application(registry, holder)

    mine = Wanted(conditions=[is_mine])
    assert await page(registry, holder, APPLICATION, mine) == [second.id, first.id]
    drafts = replace(mine, criteria={"status": [STATUS.DRAFT]})
    assert await page(registry, holder, APPLICATION, drafts) == [first.id]
    assert await page(registry, None, APPLICATION, mine) == []


@pytest.fixture
async def filed(registry, clock, holder, stranger):
    """The ids of three applications as filed; the last to be filed was the first drafted."""
    early = await draft_in_full(registry, holder, name="样例三")
    filed = [await file_application(registry, stranger, name="样例一")]
    clock.advance(MICROSECOND)
    filed.append(await file_application(registry, holder, name="样例二"))
    clock.advance(MICROSECOND)
    filed.append(await submit_application(registry, holder, early.id))
    return [application.id for application in filed]


async def test_the_queue_is_what_is_under_examination_oldest_first(registry, filed, office, holder):
    await begin_examination(registry, office, filed[0])
    await withdraw_application(registry, holder, filed[1])
    waiting = Wanted(conditions=[waits_for_an_examiner])

    assert await page(registry, office, EXAMINER_QUEUE, waiting) == [filed[0], filed[2]]
    begun = Wanted(criteria={"status": [STATUS.FORMALITY_EXAMINATION]})
    assert await page(registry, office, EXAMINER_QUEUE, begun) == [filed[0]]
    for actor in (holder, None):
        assert await page(registry, actor, EXAMINER_QUEUE, waiting) == []
