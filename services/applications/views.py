"""What may be read of applications: all of it by the applicant, and by the office once filed."""

from dataclasses import replace

import sqlalchemy as sa

from services.applications.model import ApplicationStatus
from services.applications.store import application_documents, applications
from services.views import Asking, Condition, ToMany, View, any_of, seen_by

_c = applications.c
_UNDER_EXAMINATION = (
    ApplicationStatus.SUBMITTED,
    ApplicationStatus.FORMALITY_EXAMINATION,
    ApplicationStatus.SUBSTANTIVE_EXAMINATION,
)


def effective_status(asking: Asking) -> sa.ColumnElement[ApplicationStatus]:
    """`Application.effective_status` in SQL."""
    is_overdue = sa.and_(
        _c.status == ApplicationStatus.CORRECTION_REQUIRED, _c.correction_due_at <= asking.now
    )
    is_closed = sa.and_(
        _c.status == ApplicationStatus.ANNOUNCED, _c.announcement_closes_at <= asking.now
    )
    return sa.case(
        (is_overdue, _status(ApplicationStatus.DEEMED_WITHDRAWN)),
        (sa.and_(is_closed, _c.open_objections > 0), _status(ApplicationStatus.OBJECTION_PENDING)),
        (is_closed, _status(ApplicationStatus.APPROVED)),
        else_=_c.status,
    )


def _status(status: ApplicationStatus) -> sa.ColumnElement[ApplicationStatus]:
    return sa.literal(status, _c.status.type)


def application_is_visible(asking: Asking) -> Condition:
    """The office reads what was filed; a draft is the applicant's alone."""
    of_the_office = sa.and_(asking.is_of_the_office(), _c.filed_at.is_not(None))
    return sa.or_(asking.is_party(_c.applicant_id), of_the_office)


APPLICATION = View(
    name="Application",
    source=applications,
    fields={
        "id": _c.id,
        "applicant_id": _c.applicant_id,
        "announcement_id": _c.announcement_id,
        "kind": _c.kind,
        "name": _c.name,
        "summary": _c.summary,
        "industry": _c.industry,
        "data_source": _c.data_source,
        "update_frequency": _c.update_frequency,
        "source_authorised_until": _c.source_authorised_until,
        "status": effective_status,
        "profile": _c.profile,
        "created_at": _c.created_at,
        "filed_at": _c.filed_at,
        "content_hash": _c.content_hash,
        "examiner": seen_by(lambda asking: asking.is_of_the_office(), _c.examiner),
        "corrections": _c.corrections,
        "correction_note": _c.correction_note,
        "correction_due_at": _c.correction_due_at,
        "announcement_closes_at": _c.announcement_closes_at,
        "open_objections": _c.open_objections,
        "refusal_ground": _c.refusal_ground,
        "reasons": _c.reasons,
        "decided_at": _c.decided_at,
    },
    visible=application_is_visible,
    order=("created_at", "id"),
    newest_first=True,
    criteria={"status": any_of(effective_status, _c.status.type)},
)

EXAMINER_QUEUE = replace(
    APPLICATION,
    name="ExaminerQueue",
    visible=lambda asking: sa.and_(asking.is_of_the_office(), _c.filed_at.is_not(None)),
    order=("filed_at", "id"),
    newest_first=False,
)

APPLICATION_DOCUMENT = View(
    name="ApplicationDocument",
    source=application_documents.join(
        applications, _c.id == application_documents.c.application_id
    ),
    fields={
        "application_id": application_documents.c.application_id,
        "role": application_documents.c.role,
        "document_id": application_documents.c.document_id,
    },
    visible=application_is_visible,
    order=("application_id", "role"),
)

DOCUMENTS_OF_APPLICATION = ToMany(APPLICATION_DOCUMENT, "application_id")


def is_mine(asking: Asking) -> Condition:
    return asking.is_party(_c.applicant_id)


def waits_for_an_examiner(asking: Asking) -> Condition:
    """What is under examination, unless it is asked for by status."""
    return effective_status(asking).in_(_UNDER_EXAMINATION)
