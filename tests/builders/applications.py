"""Applications: well formed unless you say otherwise, and made through the acts up to a stage."""

from dataclasses import replace
from datetime import UTC, date, datetime

from services.applications.actions import (
    attach_document,
    begin_examination,
    draft_application,
    pass_formalities,
    submit_application,
)
from services.applications.model import (
    Application,
    ApplicationStatus,
    ApplicationTerms,
    DocumentRole,
    ProductKind,
    UpdateFrequency,
)
from services.parties.model import Member
from tests.builders.documents import a_document, deposit_document
from tests.founding import a_key

FILED = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
DUE = datetime(2026, 1, 26, 16, 0, tzinfo=UTC)
CLOSES = datetime(2026, 1, 20, 16, 0, tzinfo=UTC)


def application_terms(**changes) -> ApplicationTerms:
    terms = ApplicationTerms(
        kind=ProductKind.PRODUCT,
        name="样例企业信用评价数据",
        summary="Scores of companies, made from public filings.",
        industry="finance",
        data_source="Public filings, used under an agreement.",
        update_frequency=UpdateFrequency.MONTHLY,
        source_authorised_until=date(2029, 6, 30),
    )
    return replace(terms, **changes)


def a_draft(**changes) -> Application:
    """A complete draft; see `four_documents`."""
    draft = Application(
        id="application_1",
        applicant_id="party_holder",
        profile="SH-2024/1",
        created_at=FILED,
        **application_terms().tidied,
    )
    return replace(draft, **changes)


def an_application(status=ApplicationStatus.SUBMITTED, **changes) -> Application:
    """A filed one, with what its status brings along."""
    brought = {
        ApplicationStatus.CORRECTION_REQUIRED: {
            "stage_before_correction": ApplicationStatus.FORMALITY_EXAMINATION,
            "corrections": 1,
            "correction_due_at": DUE,
        },
        ApplicationStatus.ANNOUNCED: {
            "announcement_id": "announcement_1",
            "announcement_closes_at": CLOSES,
        },
        ApplicationStatus.REFUSED: {"decided_at": FILED},
        ApplicationStatus.WITHDRAWN: {"decided_at": FILED},
    }
    filed = a_draft(status=status, filed_at=FILED, content_hash="cd" * 32)
    return replace(filed, **brought.get(status, {}), **changes)


def four_documents(**changes):
    """A document in each role, each with a hash of its own."""
    documents = {
        role: a_document(id=f"document_{n}", depositor_id="party_holder", sha256=f"{n:064}")
        for n, role in enumerate(DocumentRole)
    }
    return documents | {DocumentRole[name]: document for name, document in changes.items()}


def a_member(**changes) -> Member:
    """Somebody else's membership of the holder's party."""
    member = Member(
        id="member_1",
        party_id="party_holder",
        subject="li",
        roles=frozenset(),
        admitted_at=FILED,
    )
    return replace(member, **changes)


async def draft_in_full(registry, actor, **changes) -> Application:
    """A draft of the actor's with all four documents, ready to be filed."""
    application = await draft_application(registry, actor, application_terms(**changes), a_key())
    for role in DocumentRole:
        content = f"{application.id} {role}\n".encode()
        document = await deposit_document(registry, actor, content, name=f"{role}.txt")
        await attach_document(registry, actor, application.id, role, document.id)
    return application


async def file_application(registry, actor, **changes) -> Application:
    draft = await draft_in_full(registry, actor, **changes)
    return await submit_application(registry, actor, draft.id)


async def examine_formalities(registry, actor, office, **changes) -> Application:
    """A filed application an examiner has taken up."""
    filed = await file_application(registry, actor, **changes)
    return await begin_examination(registry, office, filed.id)


async def examine_substance(registry, actor, office, **changes) -> Application:
    """An application whose papers were found in order."""
    begun = await examine_formalities(registry, actor, office, **changes)
    return await pass_formalities(registry, office, begun.id)
