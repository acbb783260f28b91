"""Rules of chapter 5: who gets a certificate, and what its burdens leave open."""

from collections.abc import Sequence
from datetime import datetime

from services.actors import Actor, Role
from services.announcements.model import Announcement, Objection
from services.applications.model import Application, ApplicationEvent
from services.certificates.model import (
    Attempt,
    Burdens,
    Certificate,
    CertificateEvent,
    CertificateStatus,
    Consent,
    ConsentTerms,
    Encumbrance,
    Freeze,
    FreezeTerms,
    Operation,
)
from services.general import LONGEST_NAME, require_role, require_text, require_transition
from services.identifiers import Kind
from services.periods import end_of
from services.refusals import (
    RecordInTheWay,
    Refusal,
    RefusalCode,
    collect,
    require,
    require_each,
)

LONGEST_CONSENT_MONTHS = 1_200
PROTECTED = (Role.LENDER, Role.LICENSEE)
CANCELLING = Attempt(operation=Operation.CANCEL)


def refusals_to_issue_certificate(
    application: Application,
    announcement: Announcement,
    objections: Sequence[Objection],
    existing: Certificate | None,
    actor: Actor,
    now: datetime,
) -> list[Refusal]:
    """Rule 5.1. A product announced in full and without a standing objection is certified once."""
    return collect(
        require_role(actor, Role.REGISTRAR),
        require(
            "A product must have no certificate yet.",
            existing is None,
            RefusalCode.PRODUCT_ALREADY_CERTIFIED,
            record=RecordInTheWay(Kind.CERTIFICATE, existing.id) if existing else None,
        ),
        require_transition(
            application.status, ApplicationEvent.REGISTERED, application.allowed_events
        ),
        require(
            "The announcement must have run its full period.",
            now >= announcement.closes_at,
            RefusalCode.ANNOUNCEMENT_RUNNING,
            found=f"open until {announcement.closes_at:%Y-%m-%d %H:%M} UTC",
            record=RecordInTheWay(Kind.ANNOUNCEMENT, announcement.id),
        ),
        require_each([require_decided(objection) for objection in objections]),
        require(
            "The authorisation of the source data must not have ended.",
            application.source_authorised_until is None
            or now < end_of(application.source_authorised_until),
            RefusalCode.SOURCE_AUTHORISATION_ENDED,
        ),
    )


def require_decided(objection: Objection) -> list[Refusal]:
    """Rule 5.2. Every objection must have been decided or withdrawn."""
    return require(
        "Every objection must have been decided or withdrawn.",
        not objection.is_open,
        RefusalCode.OBJECTION_OPEN,
        record=RecordInTheWay(Kind.OBJECTION, objection.id),
    )


def require_in_force(certificate: Certificate, now: datetime) -> list[Refusal]:
    """Rule 5.3. Only a valid, unexpired certificate can be listed, licensed or pledged."""
    status = certificate.effective_status(now)
    return collect(
        require(
            "The certificate must be active.",
            certificate.status is CertificateStatus.ACTIVE,
            RefusalCode.CERTIFICATE_NOT_ACTIVE,
            found=status.lower(),
            record=RecordInTheWay(Kind.CERTIFICATE, certificate.id),
        ),
        require(
            "The certificate must not have expired.",
            status is not CertificateStatus.EXPIRED,
            RefusalCode.CERTIFICATE_EXPIRED,
            found=f"ended at {certificate.effective_end:%Y-%m-%d %H:%M} UTC by "
            + certificate.binding_limit.lower().replace("_", " "),
            record=RecordInTheWay(Kind.CERTIFICATE, certificate.id),
        ),
    )


def require_version(certificate: Certificate, expected: int) -> list[Refusal]:
    """Rule 5.4. An act that rests on what somebody saw needs the certificate as it was seen."""
    return require(
        "The certificate must still be at the version the act rests on.",
        certificate.version == expected,
        RefusalCode.CERTIFICATE_HAS_MOVED_ON,
        path=("expected_version",),
        found=f"version {certificate.version}",
        record=RecordInTheWay(Kind.CERTIFICATE, certificate.id),
    )


def require_holder(certificate: Certificate, actor: Actor) -> list[Refusal]:
    """Rule 5.5. Only the holder disposes of a certificate."""
    return require(
        "Whoever acts must act for the holder of the certificate, as a registrant.",
        actor.acts_for(certificate.holder_id, Role.REGISTRANT),
        RefusalCode.NOT_THE_HOLDER,
    )


def require_free_for(attempt: Attempt, burdens: Burdens, now: datetime) -> list[Refusal]:
    """Rule 5.6. What burdens a certificate forbids some acts and opens others by consent.

    The one gate for licensing, listing, pledging and cancelling (Civil Code 444).
    """
    return collect(
        require_each([require_not_forbidden_by(e, now) for e in burdens.forbidding(attempt, now)]),
        require_each([require_consent_of(e) for e in burdens.without_consent(attempt, now)]),
    )


def require_not_forbidden_by(burden: Encumbrance, now: datetime) -> list[Refusal]:
    """Rule 5.7. No burden may stand that forbids the act."""
    return require(
        "No encumbrance may stand that forbids the act.",
        not burden.is_active(now),
        RefusalCode.ENCUMBRANCE_FORBIDS,
        found=_described(burden),
        record=_record_of(burden),
    )


def require_consent_of(burden: Encumbrance) -> list[Refusal]:
    """Rule 5.8. Whoever a burden protects must have consented to the act, on terms it meets.

    Asked only of burdens for which `Burdens.without_consent` found no such consent.
    """
    return require(
        "Whoever the encumbrance protects must have consented to this act on these terms.",
        False,
        RefusalCode.CONSENT_MISSING,
        found=_described(burden),
        record=_record_of(burden),
    )


def _described(burden: Encumbrance) -> str:
    kind = burden.kind.lower().replace("_", " ")
    end = f" until {burden.until:%Y-%m-%d}" if burden.until else ""
    return f"{kind} since {burden.since:%Y-%m-%d}{end}"


def _record_of(burden: Encumbrance) -> RecordInTheWay:
    return RecordInTheWay(Kind.ENCUMBRANCE, burden.id)


def refusals_to_cancel_certificate(
    certificate: Certificate, burdens: Burdens, actor: Actor, reasons: str, now: datetime
) -> list[Refusal]:
    """Rule 5.9. A holder may surrender a certificate that nobody else's right rests on."""
    return collect(
        require_holder(certificate, actor),
        require_in_force(certificate, now),
        require_free_for(CANCELLING, burdens, now),
        require_text(reasons, "reasons"),
    )


def refusals_to_revoke_certificate(
    certificate: Certificate, actor: Actor, reasons: str
) -> list[Refusal]:
    """Rule 5.10. The registrar revokes a certificate for which a ground of Art. 7 is found."""
    return collect(
        require_role(actor, Role.REGISTRAR),
        require_transition(
            certificate.status, CertificateEvent.REVOKED, certificate.allowed_events
        ),
        require_text(reasons, "reasons"),
    )


def refusals_to_place_freeze(
    certificate: Certificate, terms: FreezeTerms, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 5.11. The registrar enters an authority's order to freeze a certificate in force."""
    return collect(
        require_role(actor, Role.REGISTRAR),
        require_in_force(certificate, now),
        require_text(terms.authority, "authority", longest=LONGEST_NAME),
        require_text(terms.instrument_number, "instrument_number", longest=LONGEST_NAME),
        require(
            "A freeze must end in the future.",
            now < terms.until,
            RefusalCode.PERIOD_OVER,
            path=("until",),
        ),
    )


def refusals_to_lift_freeze(freeze: Freeze, actor: Actor, now: datetime) -> list[Refusal]:
    """Rule 5.12. The registrar lifts a freeze that still binds."""
    return collect(
        require_role(actor, Role.REGISTRAR),
        require(
            "The freeze must still bind.",
            freeze.lifted_at is None and now < freeze.terms.until,
            RefusalCode.ENCUMBRANCE_LIFTED,
        ),
    )


def refusals_to_give_consent(
    burden: Encumbrance, terms: ConsentTerms, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 5.13. Whoever an encumbrance protects may consent to an act it closes."""
    price = terms.lowest_price
    return collect(
        require(
            "Only the party an encumbrance protects can consent, as a lender or licensee.",
            actor.acts_for(burden.protects, *PROTECTED),
            RefusalCode.NOT_THE_PROTECTED_PARTY,
        ),
        require(
            "The encumbrance must still bind.",
            burden.is_active(now),
            RefusalCode.ENCUMBRANCE_LIFTED,
            record=_record_of(burden),
        ),
        require(
            "The act must be one that needs this consent.",
            burden.needs_consent_to(terms.operation),
            RefusalCode.CONSENT_NOT_FORESEEN,
            path=("operation",),
        ),
        require(
            "The consent must end in the future.",
            terms.until is None or now < terms.until,
            RefusalCode.PERIOD_OVER,
            path=("until",),
        ),
        require(
            "The longest term consented to must be between 1 and 1,200 months.",
            terms.longest_months is None or 1 <= terms.longest_months <= LONGEST_CONSENT_MONTHS,
            RefusalCode.PERIOD_EMPTY,
            path=("longest_months",),
        ),
        require(
            "The lowest price consented to must not be negative.",
            price is None or price.amount_minor >= 0,
            RefusalCode.PRICE_NEGATIVE,
            path=("lowest_price", "amount_minor"),
        ),
        require_text(terms.proceeds_to or "-", "proceeds_to", longest=LONGEST_NAME),
    )


def refusals_to_revoke_consent(consent: Consent, actor: Actor, now: datetime) -> list[Refusal]:
    """Rule 5.14. A consent may be taken back by whoever gave it, as long as it is open."""
    return collect(
        require(
            "Only the party that gave a consent can take it back, as a lender or licensee.",
            actor.acts_for(consent.given_by, *PROTECTED),
            RefusalCode.NOT_THE_PROTECTED_PARTY,
        ),
        require(
            "The consent must be open: not used up, taken back or over.",
            consent.is_open(now),
            RefusalCode.ILLEGAL_TRANSITION,
        ),
    )
