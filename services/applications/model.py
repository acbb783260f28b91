"""Applications: what is to be registered, how far it has come, and what it may do next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

from services.documents.model import Document
from services.periods import after_days, after_months
from services.profiles import PROFILES, RuleProfile


class ProductKind(StrEnum):
    """The three kinds of data products (Measures, Art. 3)."""

    COLLECTION = "COLLECTION"
    PRODUCT = "PRODUCT"
    ALGORITHM = "ALGORITHM"


class UpdateFrequency(StrEnum):
    """How often a product's data are brought up to date."""

    REAL_TIME = "REAL_TIME"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    YEARLY = "YEARLY"
    ONE_OFF = "ONE_OFF"


class DocumentRole(StrEnum):
    """The four documents every application consists of (Measures, public guide)."""

    APPLICATION_FORM = "APPLICATION_FORM"
    PRODUCT_SUMMARY = "PRODUCT_SUMMARY"
    PROCESSING_EXPLANATION = "PROCESSING_EXPLANATION"
    SCENARIO_DESCRIPTION = "SCENARIO_DESCRIPTION"


class RefusalGround(StrEnum):
    """The grounds on which registration is refused (Measures, Art. 7, items 1 to 7 in order)."""

    ENDANGERS_PUBLIC_INTEREST = "ENDANGERS_PUBLIC_INTEREST"
    INFRINGES_PERSONAL_INFORMATION = "INFRINGES_PERSONAL_INFORMATION"
    UNLAWFULLY_OBTAINED = "UNLAWFULLY_OBTAINED"
    OWNERSHIP_DISPUTED = "OWNERSHIP_DISPUTED"
    CONCEALMENT_OR_FALSIFICATION = "CONCEALMENT_OR_FALSIFICATION"
    DUPLICATE_OR_BARRED = "DUPLICATE_OR_BARRED"
    OTHER_NON_COMPLIANCE = "OTHER_NON_COMPLIANCE"


class ApplicationStatus(StrEnum):
    """How far an application has come. The last three are never stored: time decides them."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    FORMALITY_EXAMINATION = "FORMALITY_EXAMINATION"
    CORRECTION_REQUIRED = "CORRECTION_REQUIRED"
    SUBSTANTIVE_EXAMINATION = "SUBSTANTIVE_EXAMINATION"
    ANNOUNCED = "ANNOUNCED"
    REGISTERED = "REGISTERED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    DEEMED_WITHDRAWN = "DEEMED_WITHDRAWN"
    OBJECTION_PENDING = "OBJECTION_PENDING"
    APPROVED = "APPROVED"


class ApplicationEvent(StrEnum):
    """What can happen to an application."""

    AMENDED = "AMENDED"
    DOCUMENT_ATTACHED = "DOCUMENT_ATTACHED"
    SUBMITTED = "SUBMITTED"
    EXAMINATION_BEGUN = "EXAMINATION_BEGUN"
    FORMALITIES_PASSED = "FORMALITIES_PASSED"
    CORRECTION_REQUESTED = "CORRECTION_REQUESTED"
    RESUBMITTED = "RESUBMITTED"
    ANNOUNCED = "ANNOUNCED"
    REGISTERED = "REGISTERED"
    REFUSED = "REFUSED"
    OBJECTION_UPHELD = "OBJECTION_UPHELD"
    WITHDRAWN = "WITHDRAWN"


_S, _E = ApplicationStatus, ApplicationEvent

# None stands for the stage the application came from: it resumes there after a correction.
TRANSITIONS: dict[tuple[ApplicationStatus, ApplicationEvent], ApplicationStatus | None] = {
    (_S.DRAFT, _E.AMENDED): _S.DRAFT,
    (_S.DRAFT, _E.DOCUMENT_ATTACHED): _S.DRAFT,
    (_S.DRAFT, _E.SUBMITTED): _S.SUBMITTED,
    (_S.DRAFT, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.SUBMITTED, _E.EXAMINATION_BEGUN): _S.FORMALITY_EXAMINATION,
    (_S.SUBMITTED, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.FORMALITY_EXAMINATION, _E.FORMALITIES_PASSED): _S.SUBSTANTIVE_EXAMINATION,
    (_S.FORMALITY_EXAMINATION, _E.CORRECTION_REQUESTED): _S.CORRECTION_REQUIRED,
    (_S.FORMALITY_EXAMINATION, _E.REFUSED): _S.REFUSED,
    (_S.FORMALITY_EXAMINATION, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.CORRECTION_REQUIRED, _E.AMENDED): _S.CORRECTION_REQUIRED,
    (_S.CORRECTION_REQUIRED, _E.DOCUMENT_ATTACHED): _S.CORRECTION_REQUIRED,
    (_S.CORRECTION_REQUIRED, _E.RESUBMITTED): None,
    (_S.CORRECTION_REQUIRED, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.SUBSTANTIVE_EXAMINATION, _E.CORRECTION_REQUESTED): _S.CORRECTION_REQUIRED,
    (_S.SUBSTANTIVE_EXAMINATION, _E.ANNOUNCED): _S.ANNOUNCED,
    (_S.SUBSTANTIVE_EXAMINATION, _E.REFUSED): _S.REFUSED,
    (_S.SUBSTANTIVE_EXAMINATION, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.ANNOUNCED, _E.REGISTERED): _S.REGISTERED,
    (_S.ANNOUNCED, _E.OBJECTION_UPHELD): _S.REFUSED,
    (_S.ANNOUNCED, _E.WITHDRAWN): _S.WITHDRAWN,
}

ENDED = frozenset({_S.REFUSED, _S.WITHDRAWN, _S.DEEMED_WITHDRAWN})
# What an announcement that has run its period leaves: never stored.
AFTER_ANNOUNCEMENT = frozenset({_S.OBJECTION_PENDING, _S.APPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationTerms:
    """What an applicant says of the product. A draft may leave any text empty.

    `source_authorised_until` is the last day, in Shanghai, on which the source data may be
    used; None when the authorisation has no end.
    """

    kind: ProductKind
    name: str = ""
    summary: str = ""
    industry: str = ""
    data_source: str = ""
    update_frequency: UpdateFrequency | None = None
    source_authorised_until: date | None = None

    @property
    def tidied(self) -> dict[str, Any]:
        """The fields as they are kept: without outer spaces, and a name with single ones.

        Two names that differ in spaces alone are one name.
        """
        texts = {"summary", "industry", "data_source"}
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        stripped = {name: said[name].strip() for name in texts}
        return {**said, **stripped, "name": " ".join(self.name.split())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application. `profile` names the numbers it is judged by, from its filing on.

    `content_hash` is that of the product as last filed. `announcement_closes_at` and
    `open_objections` are kept by the acts on announcements, and `registered_until`, the end
    of the registration, by the acts on certificates. That it is deemed withdrawn, and that its
    announcement has closed, is recorded some time after it was so.
    """

    id: str
    applicant_id: str
    kind: ProductKind
    name: str
    summary: str
    industry: str
    data_source: str
    update_frequency: UpdateFrequency | None
    source_authorised_until: date | None
    profile: str
    created_at: datetime
    status: ApplicationStatus = ApplicationStatus.DRAFT
    filed_at: datetime | None = None
    content_hash: str | None = None
    examiner: str | None = None
    corrections: int = 0
    correction_note: str | None = None
    correction_due_at: datetime | None = None
    stage_before_correction: ApplicationStatus | None = None
    announcement_id: str | None = None
    announcement_closes_at: datetime | None = None
    open_objections: int = 0
    registered_until: datetime | None = None
    refusal_ground: RefusalGround | None = None
    reasons: str | None = None
    decided_at: datetime | None = None
    lapse_recorded_at: datetime | None = None
    closing_recorded_at: datetime | None = None

    @property
    def rule_profile(self) -> RuleProfile:
        return PROFILES[self.profile]

    @property
    def allowed_events(self) -> list[ApplicationEvent]:
        """The events the stored status knows; time is asked by `allowed_events_at`."""
        return [event for status, event in TRANSITIONS if status is self.status]

    def allowed_events_at(self, now: datetime) -> list[ApplicationEvent]:
        return [] if self.is_overdue(now) else self.allowed_events

    def after(self, event: ApplicationEvent) -> Self:
        assert event in self.allowed_events, (self.status, event)
        status = TRANSITIONS[self.status, event] or self.stage_before_correction
        assert status is not None, self
        return replace(self, status=status)

    def is_overdue(self, now: datetime) -> bool:
        """Whether the time to correct has run out (then it is deemed withdrawn)."""
        is_waiting = self.status is ApplicationStatus.CORRECTION_REQUIRED
        due = self.correction_due_at
        return is_waiting and due is not None and now >= due

    def effective_status(self, now: datetime) -> ApplicationStatus:
        """The status with what time alone has decided."""
        if self.is_overdue(now):
            return ApplicationStatus.DEEMED_WITHDRAWN
        closes_at = self.announcement_closes_at
        if self.status is ApplicationStatus.ANNOUNCED and closes_at and now >= closes_at:
            contested = self.open_objections > 0
            return _S.OBJECTION_PENDING if contested else _S.APPROVED
        return self.status

    def claims_its_product(self, now: datetime) -> bool:
        """Whether it keeps others from the same product: filed, and neither lost nor run out."""
        is_over = self.registered_until is not None and now >= self.registered_until
        has_ended = self.effective_status(now) in ENDED
        return self.filed_at is not None and not has_ended and not is_over

    @property
    def bars_until(self) -> datetime | None:
        """The end of the bar on filing the same product again; None without own withdrawal.

        Withdrawing a draft that was never filed bars nothing (Measures, Art. 7(6)).
        """
        was_filed = self.filed_at is not None
        if self.status is not _S.WITHDRAWN or not was_filed or self.decided_at is None:
            return None
        return after_months(self.decided_at, self.rule_profile.resubmit_bar_months)

    def bars(self, other: "Application", now: datetime) -> bool:
        """Whether this one, withdrawn, still keeps its applicant from filing `other`."""
        is_own = self.applicant_id == other.applicant_id
        return is_own and self.bars_until is not None and now < self.bars_until

    def correction_due(self, requested_at: datetime) -> datetime:
        return after_days(requested_at, self.rule_profile.correction_days)


def content_hash(application: Application, documents: Mapping[DocumentRole, Document]) -> str:
    """SHA-256 in hex of the product as described and documented, as canonical JSON.

    Hashed are the fields of `ApplicationTerms` and the SHA-256 of each document by its role.
    """
    product = {field.name: getattr(application, field.name) for field in fields(ApplicationTerms)}
    hashes = {role: document.sha256 for role, document in documents.items()}
    return hash_of_facts({**product, "documents": hashes})


def hash_of_facts(facts: Mapping[str, object]) -> str:
    """SHA-256 in hex of JSON with sorted names, no spaces, UTF-8; days as 2026-06-01."""
    text = json.dumps(
        facts, default=date.isoformat, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return sha256(text.encode()).hexdigest()
