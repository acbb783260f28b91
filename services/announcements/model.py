"""Announcements and objections: what the public is told of a product, and what it answers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from services.applications.model import (
    Application,
    ApplicationEvent,
    ApplicationStatus,
    ProductKind,
    RefusalGround,
    UpdateFrequency,
    hash_of_facts,
)


class AnnouncementStatus(StrEnum):
    """Never stored: time, the objections and the application's end decide it."""

    OPEN = "OPEN"
    CLOSED_CLEAR = "CLOSED_CLEAR"
    CLOSED_CONTESTED = "CLOSED_CONTESTED"
    CANCELLED = "CANCELLED"


class ObjectionStatus(StrEnum):
    """How far an objection has come. MOOT is never stored: the application's end decides it."""

    FILED = "FILED"
    UPHELD = "UPHELD"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"
    MOOT = "MOOT"


class ObjectionEvent(StrEnum):
    """What can happen to an objection."""

    UPHELD = "UPHELD"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"


TRANSITIONS: dict[tuple[ObjectionStatus, ObjectionEvent], ObjectionStatus] = {
    (ObjectionStatus.FILED, ObjectionEvent.UPHELD): ObjectionStatus.UPHELD,
    (ObjectionStatus.FILED, ObjectionEvent.DISMISSED): ObjectionStatus.DISMISSED,
    (ObjectionStatus.FILED, ObjectionEvent.WITHDRAWN): ObjectionStatus.WITHDRAWN,
}

# An application that ends so takes its announcement and its open objections with it.
ENDS = frozenset({ApplicationStatus.REFUSED, ApplicationStatus.WITHDRAWN})


class Decision(StrEnum):
    """What the registrar finds of an objection."""

    UPHELD = "UPHELD"
    DISMISSED = "DISMISSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedText:
    """All that the public is told of an application, as it stood when it was announced."""

    applicant_id: str
    applicant_name: str
    kind: ProductKind
    name: str
    summary: str
    industry: str
    data_source: str
    update_frequency: UpdateFrequency

    @property
    def hash(self) -> str:
        """SHA-256 in hex of these fields as canonical JSON."""
        return hash_of_facts(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Open from `published_at` up to, and not including, `closes_at`."""

    id: str
    application_id: str
    text: AnnouncedText
    text_hash: str
    published_at: datetime
    closes_at: datetime

    def __post_init__(self) -> None:
        assert self.published_at < self.closes_at, self


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionTerms:
    """What is held against a product, and the documents that show it."""

    announcement_id: str
    ground: RefusalGround
    statement: str
    document_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTerms:
    """How an objection is decided, and why."""

    objection_id: str
    decision: Decision
    reasons: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """`decision_due_at` is when the office must have decided; nothing happens by itself then."""

    id: str
    announcement_id: str
    objector_id: str
    ground: RefusalGround
    statement: str
    raised_at: datetime
    decision_due_at: datetime
    status: ObjectionStatus = ObjectionStatus.FILED
    decided_at: datetime | None = None
    reasons: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status is ObjectionStatus.FILED

    def effective_status(self, application: Application) -> ObjectionStatus:
        """The status, or MOOT when the application it is held against has ended first."""
        is_moot = self.is_open and application.status in ENDS
        return ObjectionStatus.MOOT if is_moot else self.status

    def allowed_events(self, application: Application) -> list[ObjectionEvent]:
        now = self.effective_status(application)
        return [event for status, event in TRANSITIONS if status is now]

    def after(self, event: ObjectionEvent, at: datetime, reasons: str | None = None) -> Self:
        assert (self.status, event) in TRANSITIONS, (self.status, event)
        status = TRANSITIONS[self.status, event]
        return replace(self, status=status, decided_at=at, reasons=reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedCase:
    """An application, its announcement, and all objections ever raised in it."""

    application: Application
    announcement: Announcement
    objections: Sequence[Objection]

    @property
    def was_cancelled(self) -> bool:
        """Whether the application ended before the period did."""
        ended_at = self.application.decided_at
        has_ended = self.application.status in ENDS
        return has_ended and ended_at is not None and ended_at < self.announcement.closes_at

    def status(self, now: datetime) -> AnnouncementStatus:
        """The status of the announcement."""
        if self.was_cancelled:
            return AnnouncementStatus.CANCELLED
        if now < self.announcement.closes_at:
            return AnnouncementStatus.OPEN
        contested = bool(self.objections)
        return AnnouncementStatus.CLOSED_CONTESTED if contested else AnnouncementStatus.CLOSED_CLEAR

    def raised(self, objector_id: str, ground: RefusalGround) -> Objection | None:
        """The objection this objector has raised on this ground."""
        mine = (o for o in self.objections if (o.objector_id, o.ground) == (objector_id, ground))
        return next(mine, None)


def after_the_end_of(objection: Objection, application: Application) -> Application:
    """The application once an open objection to it has been decided or withdrawn.

    An objection upheld ends it, on the objection's ground and for the decision's reasons.
    """
    answered = replace(application, open_objections=application.open_objections - 1)
    if objection.status is not ObjectionStatus.UPHELD:
        return answered
    return replace(
        answered.after(ApplicationEvent.OBJECTION_UPHELD),
        refusal_ground=objection.ground,
        reasons=objection.reasons,
        decided_at=objection.decided_at,
    )
