"""How a sample case comes to its certificate: drafted, filed, examined, announced, certified."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from api.sample.cases import Case, Story
from api.sample.cast import Cast
from api.sample.documents import document_text, evidence_text, file_name
from api.sample.timetable import Timetable, at_work, working_days_after
from services.actors import Actor
from services.announcements.actions import announce_application, raise_objection
from services.announcements.model import ObjectionTerms
from services.applications import actions
from services.applications.model import (
    ApplicationTerms,
    DocumentRole,
    RefusalGround,
)
from services.certificates.actions import issue_certificate
from services.certificates.model import Certificate
from services.documents.actions import receive_document
from services.documents.model import Document, Upload
from services.periods import legal_day
from services.registry import Registry

BETWEEN_DOCUMENTS = timedelta(minutes=5)
DAY = timedelta(days=1)
# The office's pace in working days; with the announcement, some 30 days in all.
DAYS_TO_BEGIN, DAYS_TO_PASS, DAYS_TO_ANNOUNCE, DAYS_TO_CERTIFY = 2, 3, 3, 1

# How far a case comes that is shown under way; those not named here are certified.
WITHOUT_EXAMINATION = frozenset({Story.DRAFT, Story.SUBMITTED})
UNDER_EXAMINATION = frozenset({Story.UNDER_EXAMINATION, Story.CORRECTION_REQUIRED})
ANNOUNCED = frozenset({Story.ANNOUNCED, Story.READY})


@dataclass(frozen=True, slots=True)
class Play:
    """One case with all it takes to tell its story."""

    registry: Registry
    timetable: Timetable
    cast: Cast
    case: Case

    @property
    def holder(self) -> Actor:
        return self.cast.actors[self.case.holder]

    @property
    def loading_day(self) -> date:
        return legal_day(self.timetable.end)

    def key(self, act: str) -> str:
        return f"sample-{self.case.id}-{act}"

    async def at_work(self, day: date, act: str) -> datetime:
        """Wait for an hour of that day; the instant at which the act then happens."""
        await self.timetable.until(at_work(day, self.case.id, act))
        return self.registry.clock.now()

    async def after_working_days(self, days: int, act: str) -> None:
        await self.at_work(working_days_after(self.registry.clock.now(), days), act)


async def register_product(play: Play) -> Certificate | None:
    """From the draft to the certificate; None for a case that is shown under way."""
    story = play.case.story
    application_id = await _file(play)
    if story in WITHOUT_EXAMINATION:
        return None
    await _examine(play, application_id)
    if story in UNDER_EXAMINATION:
        return None
    closes_at = await _announce(play, application_id)
    if story in ANNOUNCED:
        return None
    # It closes with the end of a day: the next working day may be the one that begins then.
    await play.at_work(working_days_after(closes_at - DAY, DAYS_TO_CERTIFY), "certify")
    key = play.key("certificate")
    return await issue_certificate(play.registry, play.cast.registrar, application_id, key)


async def _file(play: Play) -> str:
    at = await play.at_work(play.case.filing_day(play.loading_day), "draft")
    terms = application_terms(play.case)
    drafted = await actions.draft_application(
        play.registry, play.holder, terms, play.key("application")
    )
    # A draft lacks something, so that submitting it shows what is missing.
    is_draft = play.case.story is Story.DRAFT
    for role in list(DocumentRole)[: 2 if is_draft else None]:
        at += BETWEEN_DOCUMENTS
        await play.timetable.until(at)
        await _attach(play, drafted.id, role)
    if not is_draft:
        await play.timetable.until(at + BETWEEN_DOCUMENTS)
        await actions.submit_application(play.registry, play.holder, drafted.id)
    return drafted.id


async def _attach(play: Play, application_id: str, role: DocumentRole) -> None:
    text = document_text(play.case, play.cast.parties[play.case.holder], role)
    name, key = file_name(play.case, role), play.key(role)
    document = await deposit(play, play.holder, name, text, key)
    await actions.attach_document(play.registry, play.holder, application_id, role, document.id)


async def _examine(play: Play, application_id: str) -> None:
    examiner = play.cast.examiner_of(play.case.id)
    await play.after_working_days(DAYS_TO_BEGIN, "begin")
    await actions.begin_examination(play.registry, examiner, application_id)
    if play.case.story is Story.UNDER_EXAMINATION:
        return
    if play.case.sample.correction is not None:
        await play.after_working_days(1, "correct")
        note = play.case.sample.correction
        await actions.request_correction(play.registry, examiner, application_id, note)
        return
    await play.after_working_days(DAYS_TO_PASS, "pass")
    await actions.pass_formalities(play.registry, examiner, application_id)


async def _announce(play: Play, application_id: str) -> datetime:
    """When the announcement closes."""
    await play.after_working_days(DAYS_TO_ANNOUNCE, "announce")
    examiner = play.cast.examiner_of(play.case.id)
    key = play.key("announcement")
    announcement = await announce_application(play.registry, examiner, application_id, key)
    await _object(play, announcement.id)
    return announcement.closes_at


async def _object(play: Play, announcement_id: str) -> None:
    objection = play.case.sample.objection
    if objection is None:
        return
    day = play.loading_day - objection.raised_days_before_loading * DAY
    await play.at_work(day, "object")
    objector = play.cast.actors[objection.objector]
    text = evidence_text(objection.statement)
    evidence = await deposit(play, objector, "evidence.txt", text, play.key("evidence"))
    terms = ObjectionTerms(
        announcement_id=announcement_id,
        ground=article_seven(objection.article_7_item),
        statement=objection.statement,
        document_ids=(evidence.id,),
    )
    await raise_objection(play.registry, objector, terms, play.key("objection"))


async def deposit(play: Play, depositor: Actor, name: str, text: str, key: str) -> Document:
    async def content() -> AsyncIterator[bytes]:
        yield text.encode()

    upload = Upload(name=name, content=content())
    return await receive_document(play.registry, depositor, upload, key)


def application_terms(case: Case) -> ApplicationTerms:
    sample = case.sample
    first_without = sample.source_authorised_until
    return ApplicationTerms(
        kind=case.product.kind,
        name=case.product.name,
        summary=sample.summary,
        industry=case.industry,
        data_source=sample.data_source,
        update_frequency=sample.update_frequency,
        # The file is half open; the act names the last day on which the data may be used.
        source_authorised_until=first_without and first_without - DAY,
    )


def article_seven(item: int) -> RefusalGround:
    """The ground of Art. 7 of the Measures with this number, from 1."""
    return list(RefusalGround)[item - 1]
