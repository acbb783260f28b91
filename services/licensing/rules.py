"""Rules of chapter 7: what may be offered, what may be asked for, and what may be granted."""

from datetime import datetime

from services.actors import Actor, Role
from services.certificates.model import Burdens, Certificate, Scope
from services.certificates.rules import (
    require_free_for,
    require_holder,
    require_in_force,
    require_version,
)
from services.general import LONGEST_NAME, require_role, require_text, require_transition
from services.identifiers import Kind
from services.licensing.model import (
    License,
    LicenseStatus,
    Negotiation,
    NegotiationEvent,
    OfferTerms,
    Situation,
    Wanted,
)
from services.refusals import (
    RecordInTheWay,
    Refusal,
    RefusalCode,
    collect,
    require,
    require_each,
)

MOST_NAMES = 40  # Of territories, and of fields of use, in one scope.
IN_FORCE = (LicenseStatus.ACTIVE, LicenseStatus.PENDING_EFFECT)


def refusals_to_publish_offer(
    certificate: Certificate, burdens: Burdens, terms: OfferTerms, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 7.1. A holder may offer licenses that no burden on the certificate stands against.

    Source: Implementing Regulations of the Patent Law, Rule 86 (open licenses), by analogy.
    """
    return collect(
        require_holder(certificate, actor),
        require_in_force(certificate, now),
        require_text(terms.name, "name", longest=LONGEST_NAME),
        require_text(terms.description, "description"),
        require(
            "The price must not be negative.",
            terms.price.amount_minor >= 0,
            RefusalCode.PRICE_NEGATIVE,
            path=("price", "amount_minor"),
        ),
        require_scope(terms.scope),
        require_end_with(certificate, terms.scope),
        require_free_for(terms.attempt, burdens, now),
    )


def refusals_to_withdraw_offer(situation: Situation, actor: Actor, now: datetime) -> list[Refusal]:
    """Rule 7.2. The licensor may withdraw an offer that is open."""
    return collect(
        require_licensor(situation.certificate, actor),
        require_open_offer(situation, now),
    )


def refusals_to_request_license(
    situation: Situation, wanted: Wanted, earlier: Negotiation | None, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 7.3. A licensee may ask for a license inside an open offer, one request at a time.

    Burdens are judged when the license is granted, not yet: a consent may come in between.
    """
    return collect(
        require_role(actor, Role.LICENSEE),
        require_in_force(situation.certificate, now),
        require_open_offer(situation, now),
        require_other_licensee(situation.certificate, wanted),
        require_scope(wanted.scope),
        require_inside_offer(situation, wanted),
        require_end_with(situation.certificate, wanted.scope),
        require(
            "A licensee must have no other request open under the same offer.",
            earlier is None,
            RefusalCode.NEGOTIATION_ALREADY_OPEN,
            record=RecordInTheWay(Kind.NEGOTIATION, earlier.id) if earlier else None,
        ),
    )


def refusals_to_grant_license(
    situation: Situation,
    negotiation: Negotiation,
    wanted: Wanted,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int,
) -> list[Refusal]:
    """Rule 7.4. The licensor may grant what was asked for, if it can be granted at that instant."""
    return collect(
        require_licensor(situation.certificate, actor),
        require_version(situation.certificate, expected_version),
        require_transition(
            negotiation.status, NegotiationEvent.GRANTED, negotiation.allowed_events
        ),
        require_grantable(situation, wanted, now),
    )


def refusals_to_refuse_license(
    certificate: Certificate, negotiation: Negotiation, actor: Actor, reasons: str
) -> list[Refusal]:
    """Rule 7.5. The licensor may refuse an open request, and says why."""
    return collect(
        require_licensor(certificate, actor),
        require_transition(
            negotiation.status, NegotiationEvent.REFUSED, negotiation.allowed_events
        ),
        require_text(reasons, "reasons"),
    )


def refusals_to_withdraw_license_request(negotiation: Negotiation, actor: Actor) -> list[Refusal]:
    """Rule 7.6. A licensee may withdraw its open request."""
    return collect(
        require(
            "Whoever acts must act for the licensee, as a licensee.",
            actor.acts_for(negotiation.licensee_id, Role.LICENSEE),
            RefusalCode.NOT_THE_LICENSEE,
        ),
        require_transition(
            negotiation.status, NegotiationEvent.WITHDRAWN, negotiation.allowed_events
        ),
    )


def refusals_to_terminate_license(
    certificate: Certificate, granted: License, actor: Actor, reasons: str, now: datetime
) -> list[Refusal]:
    """Rule 7.7. Either party may end a license that is in force or to come into force."""
    status = granted.effective_status(certificate, now)
    return collect(
        require(
            "Whoever acts must act for the licensor as a registrant, or for the licensee as one.",
            actor.acts_for(certificate.holder_id, Role.REGISTRANT)
            or actor.acts_for(granted.licensee_id, Role.LICENSEE),
            RefusalCode.NOT_A_PARTY_TO_THE_LICENSE,
        ),
        require(
            "The license must be in force, or be about to come into force.",
            status in IN_FORCE,
            RefusalCode.LICENSE_NOT_IN_FORCE,
            found=status.lower().replace("_", " "),
            record=RecordInTheWay(Kind.LICENSE, granted.id),
        ),
        require_text(reasons, "reasons"),
    )


def require_grantable(situation: Situation, wanted: Wanted, now: datetime) -> list[Refusal]:
    """Rule 7.8. A license is granted where title, offer, burdens and other licenses leave room.

    The whole of the rule apart from who grants; `licenseGrantability` answers with it.
    """
    return collect(
        require_in_force(situation.certificate, now),
        require_open_offer(situation, now),
        require_other_licensee(situation.certificate, wanted),
        require_scope(wanted.scope),
        require_inside_offer(situation, wanted),
        require_end_with(situation.certificate, wanted.scope),
        require_each([require_beside(other, wanted, now) for other in situation.licenses]),
        require_free_for(wanted.attempt, situation.burdens, now),
    )


def require_scope(scope: Scope) -> list[Refusal]:
    """Rule 7.9. A scope speaks of a time to come, of places and uses the register can tell apart.

    Its begin has already been moved to the present if it lay before.
    """
    return collect(
        require(
            "The period must end after it begins, and after now.",
            not scope.is_empty,
            RefusalCode.PERIOD_EMPTY,
            path=("end",),
        ),
        require(
            "Territories must be ISO 3166 codes; territories and uses must be few and plain.",
            scope.is_well_formed
            and len(scope.territories) <= MOST_NAMES
            and len(scope.fields_of_use) <= MOST_NAMES,
            RefusalCode.SCOPE_MALFORMED,
            path=("territories",),
        ),
    )


def require_end_with(certificate: Certificate, scope: Scope) -> list[Refusal]:
    """Rule 7.10. Nothing is licensed, or offered for license, beyond the certificate's effect."""
    return require(
        "The period must not end later than the certificate's effect does.",
        scope.end <= certificate.effective_end,
        RefusalCode.LICENSE_OUTLIVES_CERTIFICATE,
        path=("end",),
        found=f"the certificate ends at {certificate.effective_end:%Y-%m-%d %H:%M} UTC by "
        + certificate.binding_limit.lower().replace("_", " "),
        record=RecordInTheWay(Kind.CERTIFICATE, certificate.id),
    )


def require_open_offer(situation: Situation, now: datetime) -> list[Refusal]:
    """Rule 7.11. An offer binds until it is withdrawn or its period is over."""
    offer = situation.offer
    return require(
        "The offer must be published and its period not over.",
        situation.holds_open(now),
        RefusalCode.OFFER_NOT_OPEN,
        found=offer.status_by_itself(now).lower() if offer else "",
        record=RecordInTheWay(Kind.OFFER, offer.id) if offer else None,
    )


def require_inside_offer(situation: Situation, wanted: Wanted) -> list[Refusal]:
    """Rule 7.12. What is asked for is what is offered: kind, price, and a part of its scope."""
    offer = situation.offer
    return require(
        "Kind and price must be the offer's; period, territories and uses must lie inside it.",
        situation.offers(wanted),
        RefusalCode.OUTSIDE_THE_OFFER,
        found=f"an offer {_described(offer.terms.scope)}" if offer else "",
        record=RecordInTheWay(Kind.OFFER, offer.id) if offer else None,
    )


def require_other_licensee(certificate: Certificate, wanted: Wanted) -> list[Refusal]:
    """Rule 7.13. A holder is not its own licensee."""
    return require(
        "The licensee must be another party than the holder.",
        certificate.holder_id != wanted.licensee_id,
        RefusalCode.LICENSEE_IS_LICENSOR,
    )


def require_beside(other: License, wanted: Wanted, now: datetime) -> list[Refusal]:
    """Rule 7.14. A license that is to exclude others overlaps with none already granted.

    Licenses that exclude others themselves are burdens, and the gate of rule 5.6 names them.
    """
    return require(
        "A license that is to exclude others must not overlap with one already granted.",
        not other.stands_against(wanted, now),
        RefusalCode.EXCLUSIVITY_CONFLICT,
        found=f"a license {_described(other.scope)}",
        record=RecordInTheWay(Kind.LICENSE, other.id),
    )


def require_licensor(certificate: Certificate, actor: Actor) -> list[Refusal]:
    """Rule 7.15. Offers and requests are answered for by the licensor, who is the holder."""
    return require(
        "Whoever acts must act for the licensor, as a registrant.",
        actor.acts_for(certificate.holder_id, Role.REGISTRANT),
        RefusalCode.NOT_THE_LICENSOR,
    )


def _described(scope: Scope) -> str:
    """A scope in words: `from 2026-01-05 to 2027-01-05, CN-SH, every use`."""
    places = " ".join(sorted(scope.territories)) or "everywhere"
    uses = ", ".join(sorted(scope.fields_of_use)) or "every use"
    return f"from {scope.begin:%Y-%m-%d} to {scope.end:%Y-%m-%d}, {places}, {uses}"
