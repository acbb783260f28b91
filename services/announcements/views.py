"""What may be read of announcements, by everyone, and of objections, by whom they concern."""

from dataclasses import replace

import sqlalchemy as sa

from services.announcements.model import ENDS, AnnouncementStatus, ObjectionStatus
from services.announcements.store import announcements, objection_evidence, objections
from services.applications.store import applications
from services.documents.store import documents
from services.documents.views import DOCUMENT
from services.tables import one_of
from services.views import Asking, Condition, ToMany, View, any_of, seen_by

_a, _o = announcements.c, objections.c
_ANNOUNCED = announcements.join(applications, applications.c.id == _a.application_id)
_OBJECTED = objections.join(_ANNOUNCED, _a.id == _o.announcement_id)
_HAS_ENDED = applications.c.status.in_(ENDS)


def announcement_status(asking: Asking) -> sa.ColumnElement[AnnouncementStatus]:
    """`AnnouncedCase.status` in SQL."""
    was_cancelled = sa.and_(_HAS_ENDED, applications.c.decided_at < _a.closes_at)
    was_contested = sa.exists().where(objections.c.announcement_id == _a.id)
    return sa.case(
        (was_cancelled, _status(AnnouncementStatus.CANCELLED)),
        (_a.closes_at > asking.now, _status(AnnouncementStatus.OPEN)),
        (was_contested, _status(AnnouncementStatus.CLOSED_CONTESTED)),
        else_=_status(AnnouncementStatus.CLOSED_CLEAR),
    )


def _status(status: AnnouncementStatus) -> sa.ColumnElement[AnnouncementStatus]:
    return sa.literal(status, one_of(AnnouncementStatus))


ANNOUNCEMENT = View(
    name="Announcement",
    source=_ANNOUNCED,
    fields={
        "id": _a.id,
        "application_id": _a.application_id,
        "applicant_id": _a.applicant_id,
        "applicant_name": _a.applicant_name,
        "kind": _a.kind,
        "name": _a.name,
        "summary": _a.summary,
        "industry": _a.industry,
        "data_source": _a.data_source,
        "update_frequency": _a.update_frequency,
        "text_hash": _a.text_hash,
        "published_at": _a.published_at,
        "closes_at": _a.closes_at,
        "status": announcement_status,
    },
    visible=lambda _: sa.true(),
    order=("published_at", "id"),
    newest_first=True,
    criteria={"status": any_of(announcement_status, one_of(AnnouncementStatus))},
)


def _concerns(asking: Asking) -> Condition:
    """The objector, the applicant and the office know who objects, why and with what."""
    return sa.or_(
        asking.is_party(_o.objector_id),
        asking.is_party(_a.applicant_id),
        asking.is_of_the_office(),
    )


# `Objection.effective_status` in SQL.
_OBJECTION_STATUS = sa.case(
    (
        sa.and_(_o.status == ObjectionStatus.FILED, _HAS_ENDED),
        sa.literal(ObjectionStatus.MOOT, _o.status.type),
    ),
    else_=_o.status,
)

OBJECTION = View(
    name="Objection",
    source=_OBJECTED,
    fields={
        "id": _o.id,
        "announcement_id": _o.announcement_id,
        "objector_id": seen_by(_concerns, _o.objector_id),
        "ground": _o.ground,
        "statement": seen_by(_concerns, _o.statement),
        "status": _OBJECTION_STATUS,
        "raised_at": _o.raised_at,
        "decision_due_at": _o.decision_due_at,
        "decided_at": _o.decided_at,
        "reasons": seen_by(_concerns, _o.reasons),
    },
    visible=lambda _: sa.true(),
    order=("raised_at", "id"),
)

OBJECTIONS_TO_ANNOUNCEMENT = ToMany(OBJECTION, "announcement_id")

# Documents, each once for every objection it is the evidence of.
EVIDENCE = replace(
    DOCUMENT,
    name="Evidence",
    source=documents.join(
        objection_evidence, documents.c.id == objection_evidence.c.document_id
    ).join(_OBJECTED, _o.id == objection_evidence.c.objection_id),
    fields={**DOCUMENT.fields, "objection_id": objection_evidence.c.objection_id},
    visible=lambda asking: sa.and_(_concerns(asking), DOCUMENT.visible(asking)),
    order=("id",),
)

EVIDENCE_OF_OBJECTION = ToMany(EVIDENCE, "objection_id")
