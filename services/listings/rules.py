"""Rules of chapter 6: which certificates an exchange may show, and who decides it."""

from datetime import datetime

from services.actors import Actor, Role
from services.certificates.model import Certificate
from services.certificates.rules import require_free_for, require_holder, require_in_force
from services.general import require_role, require_text, require_transition
from services.identifiers import Kind
from services.listings.model import Candidate, Listing, ListingEvent
from services.refusals import RecordInTheWay, Refusal, RefusalCode, collect, require


def require_listable(candidate: Candidate, now: datetime) -> list[Refusal]:
    """Rule 6.1. A certificate is listed if it is in force, free for it, and not listed so already.

    Asked when a listing is requested, again when it is admitted or resumed, and of anybody's
    eligibility beforehand.
    """
    return collect(
        require_in_force(candidate.certificate, now),
        require_free_for(candidate.attempt, candidate.burdens, now),
        require(
            "The exchange must be a party admitted as an exchange.",
            candidate.exchange.is_admitted_to(Role.EXCHANGE),
            RefusalCode.NOT_AN_EXCHANGE,
            path=("exchange_id",),
        ),
        require(
            "The exchange must not have a live listing of the certificate in this mode.",
            candidate.same_already is None,
            RefusalCode.ALREADY_LISTED,
            record=_record_of(candidate.same_already),
        ),
        require(
            "No other exchange may show the certificate for sale of title.",
            candidate.title_sale_elsewhere is None,
            RefusalCode.TITLE_SALE_ELSEWHERE,
            record=_record_of(candidate.title_sale_elsewhere),
        ),
    )


def refusals_to_request_listing(candidate: Candidate, actor: Actor, now: datetime) -> list[Refusal]:
    """Rule 6.2. A holder may ask an exchange to list a certificate that can be listed."""
    return collect(
        require_holder(candidate.certificate, actor),
        require_listable(candidate, now),
    )


def refusals_to_admit_listing(
    listing: Listing, candidate: Candidate, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 6.3. The exchange admits a listing, for which everything is judged again."""
    return collect(
        require_exchange(listing, actor),
        require_transition(listing.status, ListingEvent.ADMITTED, listing.allowed_events),
        require_listable(candidate, now),
    )


def refusals_to_reject_listing(listing: Listing, actor: Actor, reasons: str) -> list[Refusal]:
    """Rule 6.4. The exchange rejects a request with reasons."""
    return collect(
        require_exchange(listing, actor),
        require_transition(listing.status, ListingEvent.REJECTED, listing.allowed_events),
        require_text(reasons, "reasons"),
    )


def refusals_to_suspend_listing(listing: Listing, actor: Actor, reasons: str) -> list[Refusal]:
    """Rule 6.5. The exchange suspends a listing with reasons."""
    return collect(
        require_exchange(listing, actor),
        require_transition(listing.status, ListingEvent.SUSPENDED, listing.allowed_events),
        require_text(reasons, "reasons"),
    )


def refusals_to_resume_listing(
    listing: Listing, candidate: Candidate, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 6.6. The exchange resumes a suspended listing, for which all is judged again.

    `listing` as it stands: suspended by the exchange, or by a pledge or a freeze since.
    """
    return collect(
        require_exchange(listing, actor),
        require_transition(listing.status, ListingEvent.RESUMED, listing.allowed_events),
        require_listable(candidate, now),
    )


def refusals_to_delist(
    listing: Listing, certificate: Certificate, actor: Actor, reasons: str
) -> list[Refusal]:
    """Rule 6.7. The exchange or the holder ends a listing with reasons."""
    return collect(
        require(
            "Whoever acts must act for the exchange as one, or for the holder as a registrant.",
            actor.acts_for(listing.exchange_id, Role.EXCHANGE)
            or actor.acts_for(certificate.holder_id, Role.REGISTRANT),
            RefusalCode.NOT_THE_EXCHANGE,
        ),
        require_transition(listing.status, ListingEvent.DELISTED, listing.allowed_events),
        require_text(reasons, "reasons"),
    )


def refusals_to_withdraw_listing_request(
    listing: Listing, certificate: Certificate, actor: Actor
) -> list[Refusal]:
    """Rule 6.8. The holder may withdraw a request the exchange has not decided."""
    return collect(
        require_holder(certificate, actor),
        require_transition(listing.status, ListingEvent.WITHDRAWN, listing.allowed_events),
    )


def require_exchange(listing: Listing, actor: Actor) -> list[Refusal]:
    """Rule 6.9. What an exchange decides is decided by whoever acts for it as an exchange."""
    return collect(
        require_role(actor, Role.EXCHANGE),
        require(
            "Whoever acts must act for the exchange of the listing.",
            actor.acts_for(listing.exchange_id),
            RefusalCode.NOT_THE_EXCHANGE,
        ),
    )


def _record_of(listing: Listing | None) -> RecordInTheWay | None:
    return None if listing is None else RecordInTheWay(Kind.LISTING, listing.id)
