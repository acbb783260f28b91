"""Rules of chapter 4: what is announced, who may object and how objections end."""

from collections.abc import Sequence
from datetime import datetime

from services.actors import Actor, Role
from services.announcements.model import (
    AnnouncedCase,
    AnnouncementStatus,
    DecisionTerms,
    Objection,
    ObjectionEvent,
    ObjectionTerms,
)
from services.applications.model import Application, ApplicationEvent
from services.applications.rules import (
    require_allowed,
    require_examiner,
    require_no_part,
    require_source_authorised,
)
from services.documents.model import Document
from services.documents.rules import require_deposited_by
from services.general import require_role, require_text, require_transition
from services.identifiers import Kind
from services.parties.model import Member
from services.refusals import (
    RecordInTheWay,
    Refusal,
    RefusalCode,
    collect,
    require,
    require_each,
)


def refusals_to_announce_application(
    application: Application, actor: Actor, memberships: Sequence[Member], now: datetime
) -> list[Refusal]:
    """Rule 4.1. An examiner who finds no ground to refuse announces the product, once."""
    return collect(
        require_examiner(application, actor, memberships),
        require_allowed(application, ApplicationEvent.ANNOUNCED, now),
        require_source_authorised(application, now),
    )


def refusals_to_raise_objection(
    terms: ObjectionTerms,
    case: AnnouncedCase,
    evidence: Sequence[Document],
    actor: Actor,
    now: datetime,
) -> list[Refusal]:
    """Rule 4.2. Anyone but the applicant may object while the announcement is open."""
    earlier = case.raised(actor.party_id, terms.ground)
    return collect(
        require(
            "The applicant cannot object to its own application.",
            not actor.acts_for(case.application.applicant_id),
            RefusalCode.OBJECTOR_IS_APPLICANT,
        ),
        require(
            "An objection must be raised while the announcement is open.",
            case.status(now) is AnnouncementStatus.OPEN,
            RefusalCode.ANNOUNCEMENT_CLOSED,
            found=case.status(now).lower().replace("_", " "),
            record=RecordInTheWay(Kind.ANNOUNCEMENT, case.announcement.id),
        ),
        require(
            "An objector can raise each ground once.",
            earlier is None,
            RefusalCode.OBJECTION_ALREADY_RAISED,
            path=("ground",),
            record=None if earlier is None else RecordInTheWay(Kind.OBJECTION, earlier.id),
        ),
        require_text(terms.statement, "statement"),
        require_evidence(evidence, actor),
    )


def require_evidence(evidence: Sequence[Document], actor: Actor) -> list[Refusal]:
    """Rule 4.3. An objection rests on at least one document of the objector's own."""
    return collect(
        require(
            "At least one document must be named as evidence.",
            len(evidence) > 0,
            RefusalCode.EVIDENCE_MISSING,
            path=("document_ids",),
        ),
        require_each(
            [require_deposited_by(document, actor, "document_ids") for document in evidence]
        ),
    )


def refusals_to_decide_objection(
    terms: DecisionTerms,
    objection: Objection,
    application: Application,
    actor: Actor,
    memberships: Sequence[Member],
) -> list[Refusal]:
    """Rule 4.4. A registrar without a part in the case upholds or dismisses an objection.

    It may be decided late: nothing is dismissed by the mere passing of time.
    """
    return collect(
        require_role(actor, Role.REGISTRAR),
        require_no_part(actor, memberships, application.applicant_id, objection.objector_id),
        require_open(objection, application, ObjectionEvent(terms.decision)),
        require_text(terms.reasons, "reasons"),
    )


def refusals_to_withdraw_objection(
    objection: Objection, application: Application, actor: Actor
) -> list[Refusal]:
    """Rule 4.5. An objector may take back an objection that has not been decided."""
    return collect(
        require(
            "Only the objector can take an objection back.",
            actor.acts_for(objection.objector_id),
            RefusalCode.NOT_THE_OBJECTOR,
        ),
        require_open(objection, application, ObjectionEvent.WITHDRAWN),
    )


def require_open(
    objection: Objection, application: Application, event: ObjectionEvent
) -> list[Refusal]:
    """Rule 4.6. An objection ends once, and is moot when the application has ended first."""
    return require_transition(
        objection.effective_status(application), event, objection.allowed_events(application)
    )
