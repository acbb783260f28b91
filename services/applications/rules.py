"""Rules of chapter 3: how an application is made, examined, corrected and ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from services.actors import Actor, Role
from services.applications.model import (
    Application,
    ApplicationEvent,
    ApplicationTerms,
    DocumentRole,
    content_hash,
)
from services.documents.model import Document
from services.documents.rules import require_deposited_by
from services.general import (
    LONGEST_NAME,
    LONGEST_TEXT,
    require_printable,
    require_role,
    require_text,
    require_transition,
)
from services.identifiers import Kind
from services.parties.model import Member
from services.periods import legal_day
from services.refusals import (
    RecordInTheWay,
    Refusal,
    RefusalCode,
    collect,
    require,
    require_each,
)

NEEDED_FIELDS = ("name", "summary", "industry", "data_source", "update_frequency")
Documents = Mapping[DocumentRole, Document]


def refusals_to_draft_application(terms: ApplicationTerms, actor: Actor) -> list[Refusal]:
    """Rule 3.1. Whoever is admitted as a registrant may draft an application for itself."""
    return collect(require_role(actor, Role.REGISTRANT), require_storable(terms))


def refusals_to_amend_application(
    application: Application, terms: ApplicationTerms, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 3.2. The applicant changes a draft, or an application the office sent back."""
    return collect(
        require_applicant(application, actor),
        require_allowed(application, ApplicationEvent.AMENDED, now),
        require_storable(terms),
    )


def refusals_to_attach_document(
    application: Application, document: Document, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 3.3. The applicant attaches its own documents, one in each of the four roles."""
    return collect(
        require_applicant(application, actor),
        require_allowed(application, ApplicationEvent.DOCUMENT_ATTACHED, now),
        require_deposited_by(document, actor, "document_id"),
    )


def refusals_to_submit_application(
    application: Application,
    documents: Documents,
    same_product: Sequence[Application],
    actor: Actor,
    now: datetime,
) -> list[Refusal]:
    """Rule 3.4. The applicant files a complete draft of a product that is free to be filed."""
    return collect(
        require_applicant(application, actor),
        require_allowed(application, ApplicationEvent.SUBMITTED, now),
        require_fileable(application, documents, same_product, now),
    )


def refusals_to_begin_examination(
    application: Application, actor: Actor, memberships: Sequence[Member], now: datetime
) -> list[Refusal]:
    """Rule 3.5. An examiner without a part in the case takes up an application."""
    return collect(
        require_examiner(application, actor, memberships),
        require_allowed(application, ApplicationEvent.EXAMINATION_BEGUN, now),
    )


def refusals_to_request_correction(
    application: Application,
    note: str,
    actor: Actor,
    memberships: Sequence[Member],
    now: datetime,
) -> list[Refusal]:
    """Rule 3.6. An examiner sends an application back, saying what to correct, a few times."""
    return collect(
        require_examiner(application, actor, memberships),
        require_allowed(application, ApplicationEvent.CORRECTION_REQUESTED, now),
        require(
            "A correction can be requested only as often as the rule profile allows.",
            application.corrections < application.rule_profile.max_correction_rounds,
            RefusalCode.CORRECTION_ROUNDS_EXHAUSTED,
            found=f"{application.corrections} rounds",
        ),
        require_text(note, "note"),
    )


def refusals_to_resubmit_application(
    application: Application,
    documents: Documents,
    same_product: Sequence[Application],
    actor: Actor,
    now: datetime,
) -> list[Refusal]:
    """Rule 3.7. The applicant files again, in time, what it has corrected."""
    return collect(
        require_applicant(application, actor),
        require_transition(
            application.status, ApplicationEvent.RESUBMITTED, application.allowed_events
        ),
        require(
            "The application must be resubmitted before the time to correct it has run out.",
            not application.is_overdue(now),
            RefusalCode.CORRECTION_OVERDUE,
            found=f"was due by {application.correction_due_at}",
        ),
        require(
            "Something must have been changed since the correction was requested.",
            content_hash(application, documents) != application.content_hash,
            RefusalCode.CORRECTION_UNCHANGED,
        ),
        require_fileable(application, documents, same_product, now),
    )


def refusals_to_pass_formalities(
    application: Application, actor: Actor, memberships: Sequence[Member], now: datetime
) -> list[Refusal]:
    """Rule 3.8. An examiner finds the papers in order and turns to the substance."""
    return collect(
        require_examiner(application, actor, memberships),
        require_allowed(application, ApplicationEvent.FORMALITIES_PASSED, now),
    )


def refusals_to_refuse_application(
    application: Application,
    reasons: str,
    actor: Actor,
    memberships: Sequence[Member],
    now: datetime,
) -> list[Refusal]:
    """Rule 3.9. An examiner refuses registration on a ground of Art. 7, giving reasons."""
    return collect(
        require_examiner(application, actor, memberships),
        require_allowed(application, ApplicationEvent.REFUSED, now),
        require_text(reasons, "reasons"),
    )


def refusals_to_withdraw_application(
    application: Application, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 3.10. The applicant may withdraw at any time before the end."""
    return collect(
        require_applicant(application, actor),
        require_allowed(application, ApplicationEvent.WITHDRAWN, now),
    )


def require_storable(terms: ApplicationTerms) -> list[Refusal]:
    """Rule 3.11. A draft may be incomplete, but fits the lengths the register keeps."""
    return collect(
        require_length(terms.name, "name", longest=LONGEST_NAME),
        require_length(terms.summary, "summary", longest=LONGEST_TEXT),
        require_length(terms.industry, "industry", longest=LONGEST_NAME),
        require_length(terms.data_source, "data_source", longest=LONGEST_TEXT),
    )


def require_length(text: str, field: str, *, longest: int) -> list[Refusal]:
    """Rule 3.12. A text of a draft, empty or not, fits the length the register keeps."""
    return collect(
        require(
            "The text must fit the length the register keeps.",
            len(text) <= longest,
            RefusalCode.TEXT_TOO_LONG,
            path=(field,),
            found=f"{len(text)} characters of at most {longest}",
        ),
        require_printable(text, field),
    )


def require_applicant(application: Application, actor: Actor) -> list[Refusal]:
    """Rule 3.13. An application is its applicant's own to make, change and take back."""
    return collect(
        require_role(actor, Role.REGISTRANT),
        require(
            "Whoever acts must act for the applicant.",
            actor.acts_for(application.applicant_id),
            RefusalCode.NOT_THE_APPLICANT,
        ),
    )


def require_examiner(
    application: Application, actor: Actor, memberships: Sequence[Member]
) -> list[Refusal]:
    """Rule 3.14. An application is examined by an examiner who has no part in the case."""
    return collect(
        require_role(actor, Role.EXAMINER),
        require_no_part(actor, memberships, application.applicant_id),
    )


def require_no_part(actor: Actor, memberships: Sequence[Member], *party_ids: str) -> list[Refusal]:
    """Rule 3.15. Nobody decides a case of a party they act for, now or in another membership."""
    acts_for = {actor.party_id, *(member.party_id for member in memberships)}
    return require(
        "Whoever decides a case must not act for a party to it.",
        acts_for.isdisjoint(party_ids),
        RefusalCode.CONFLICT_OF_INTEREST,
    )


def require_allowed(
    application: Application, event: ApplicationEvent, now: datetime
) -> list[Refusal]:
    """Rule 3.16. An application moves as its status, and the time, allow."""
    return require_transition(
        application.effective_status(now), event, application.allowed_events_at(now)
    )


def require_fileable(
    application: Application,
    documents: Documents,
    same_product: Sequence[Application],
    now: datetime,
) -> list[Refusal]:
    """Rule 3.17. What is filed is complete, lawfully sourced, and not filed already.

    `same_product` are the other filed applications of this applicant under this name, and of
    anybody with this content.
    """
    return collect(
        require_each([require_filled(application, field) for field in NEEDED_FIELDS]),
        require_each([require_attached(role, documents) for role in DocumentRole]),
        require_source_authorised(application, now),
        require_each([require_unclaimed_by(earlier, now) for earlier in same_product]),
        require_each([require_no_bar(earlier, application, now) for earlier in same_product]),
    )


def require_unclaimed_by(earlier: Application, now: datetime) -> list[Refusal]:
    """Rule 3.18. A product is registered, or on its way to it, once (Measures, Art. 7(6))."""
    return require(
        "The product must not be claimed by another application or its registration.",
        not earlier.claims_its_product(now),
        RefusalCode.DUPLICATE_APPLICATION,
        record=RecordInTheWay(Kind.APPLICATION, earlier.id),
    )


def require_no_bar(earlier: Application, application: Application, now: datetime) -> list[Refusal]:
    """Rule 3.19. A product withdrawn by its applicant rests for months (Measures, Art. 7(6))."""
    return require(
        "The bar that follows the applicant's own withdrawal must have ended.",
        not earlier.bars(application, now),
        RefusalCode.RESUBMISSION_BARRED,
        found=f"barred through {_last_day(earlier.bars_until)}",
        record=RecordInTheWay(Kind.APPLICATION, earlier.id),
    )


def _last_day(end: datetime | None) -> str:
    return f"{legal_day(end) - timedelta(days=1):%Y-%m-%d}" if end else "no day"


def require_source_authorised(application: Application, now: datetime) -> list[Refusal]:
    """Rule 3.20. The source data may still be used, today at least (Measures, Art. 7(3))."""
    last = application.source_authorised_until
    return require(
        "The authorisation of the source data must not have ended.",
        last is None or legal_day(now) <= last,
        RefusalCode.SOURCE_AUTHORISATION_ENDED,
        path=("source_authorised_until",),
        found=f"ended with {last}",
    )


def require_filled(application: Application, field: str) -> list[Refusal]:
    """Rule 3.21. Every field that describes the product is filled in (Measures, Art. 5)."""
    return require(
        "The field must be filled in before the application is filed.",
        bool(getattr(application, field)),
        RefusalCode.APPLICATION_INCOMPLETE,
        path=(field,),
    )


def require_attached(role: DocumentRole, documents: Documents) -> list[Refusal]:
    """Rule 3.22. All four documents are attached (Measures, public guide)."""
    return require(
        "All four documents must be attached before the application is filed.",
        role in documents,
        RefusalCode.DOCUMENT_MISSING,
        path=("documents", role.lower()),
        found=f"no {role.lower().replace('_', ' ')}",
    )
