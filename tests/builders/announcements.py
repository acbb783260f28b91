"""Announcements and objections: in order unless you say otherwise, and made through the acts."""

from dataclasses import replace

from services.announcements.actions import announce_application, raise_objection
from services.announcements.model import (
    AnnouncedCase,
    AnnouncedText,
    Announcement,
    Objection,
    ObjectionTerms,
)
from services.applications.model import (
    ApplicationStatus,
    ProductKind,
    RefusalGround,
    UpdateFrequency,
)
from tests.builders.applications import CLOSES, DUE, FILED, an_application, examine_substance
from tests.builders.documents import deposit_document
from tests.founding import a_key


def an_announced_text(**changes) -> AnnouncedText:
    text = AnnouncedText(
        applicant_id="party_holder",
        applicant_name="样例数据公司",
        kind=ProductKind.PRODUCT,
        name="样例企业信用评价数据",
        summary="Scores of companies.",
        industry="finance",
        data_source="Public filings.",
        update_frequency=UpdateFrequency.MONTHLY,
    )
    return replace(text, **changes)


def an_announcement(**changes) -> Announcement:
    announcement = Announcement(
        id="announcement_1",
        application_id="application_1",
        text=an_announced_text(),
        text_hash=an_announced_text().hash,
        published_at=FILED,
        closes_at=CLOSES,
    )
    return replace(announcement, **changes)


def an_objection(**changes) -> Objection:
    objection = Objection(
        id="objection_1",
        announcement_id="announcement_1",
        objector_id="party_objector",
        ground=RefusalGround.OWNERSHIP_DISPUTED,
        statement="The data are ours.",
        raised_at=FILED,
        decision_due_at=DUE,
    )
    return replace(objection, **changes)


def an_announced_case(*objections: Objection, **changes) -> AnnouncedCase:
    """The changes are to the application."""
    application = replace(an_application(ApplicationStatus.ANNOUNCED), **changes)
    return AnnouncedCase(
        application=application, announcement=an_announcement(), objections=objections
    )


def objection_terms(**changes) -> ObjectionTerms:
    terms = ObjectionTerms(
        announcement_id="announcement_1",
        ground=RefusalGround.OWNERSHIP_DISPUTED,
        statement="The data are ours.",
        document_ids=("document_1",),
    )
    return replace(terms, **changes)


async def announce(registry, holder, office, **changes) -> Announcement:
    """An announcement of a product of the holder's."""
    examined = await examine_substance(registry, holder, office, **changes)
    return await announce_application(registry, office, examined.id, a_key())


async def objecting(registry, objector, announcement, **changes) -> ObjectionTerms:
    """Terms of an objection with one document as evidence, deposited by the objector."""
    evidence = await deposit_document(registry, objector, b"A contract.\n", name="contract.txt")
    terms = objection_terms(announcement_id=announcement.id, document_ids=(evidence.id,))
    return replace(terms, **changes)


async def object_to(registry, objector, announcement, **changes) -> Objection:
    terms = await objecting(registry, objector, announcement, **changes)
    return await raise_objection(registry, objector, terms, a_key())
