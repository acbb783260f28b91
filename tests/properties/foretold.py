"""What the register will say to an act: the codes of every reason to refuse it, or none.

One function an act, from what stands on paper. Whoever may not see a record is told only that
there is none.
"""

from datetime import date, datetime

from services.actors import Actor
from tests.properties.extents import Extent, end_of, today
from tests.properties.paper import (
    Asked,
    Consent,
    Freeze,
    License,
    Listing,
    Objection,
    Offer,
    Paper,
    Pledge,
    Product,
    Request,
    Title,
    asked_to_license,
    asked_to_list,
    asked_to_pledge,
)

NOT_FOUND = {"RECORD_NOT_FOUND"}
CONSENT_OPENS = {
    Pledge: {
        "LICENSE",
        "LICENSE_EXCLUSIVELY",
        "PUBLISH_OFFER",
        "LIST_FOR_LICENSING",
        "LIST_FOR_TITLE_SALE",
        "PLACE_PLEDGE",
        "CANCEL",
    },
    License: {"CANCEL"},
}


def unless(met: bool, *codes: str) -> set[str]:
    return set() if met else set(codes)


def sees(actor: Actor, *party_ids: str | None) -> bool:
    """Whether a record of these parties is open to an actor; the office sees every one."""
    return actor.is_of_the_office or actor.party_id in party_ids


def is_holder(actor: Actor, title: Title) -> bool:
    """A party acts as holder through those who act for it as registrants."""
    return actor.party_id == title.holder and "REGISTRANT" in actor.roles


def to_use(title: Title, now: datetime) -> set[str]:
    """Only a certificate in force can be listed, licensed, pledged, cancelled or frozen."""
    said = {
        "ACTIVE": set(),
        "EXPIRED": {"CERTIFICATE_EXPIRED"},
        "CANCELLED": {"CERTIFICATE_NOT_ACTIVE"},
        "REVOKED": {"CERTIFICATE_NOT_ACTIVE"},
    }
    return said[title.status(now)]


def to_reach(title: Title, extent: Extent) -> set[str]:
    """A license has a length, and ends no later than its certificate."""
    return unless(extent.begin < extent.end, "PERIOD_EMPTY") | unless(
        extent.end <= title.end, "LICENSE_OUTLIVES_CERTIFICATE"
    )


def to_publish_offer(paper: Paper, actor: Actor, asked: Asked, now: datetime) -> set[str]:
    return (
        unless(is_holder(actor, asked.title), "NOT_THE_HOLDER")
        | to_use(asked.title, now)
        | to_reach(asked.title, asked.extent)
        | paper.reasons_against(asked, now)
    )


def to_withdraw_offer(paper: Paper, actor: Actor, offer: Offer, now: datetime) -> set[str]:
    if offer.withdrawn and not _sees_withdrawn(paper, actor, offer):
        return NOT_FOUND
    return unless(is_holder(actor, offer.title), "NOT_THE_LICENSOR") | to_take_up(offer, now)


def to_take_up(offer: Offer, now: datetime) -> set[str]:
    return unless(not offer.withdrawn and now < offer.extent.end, "OFFER_NOT_OPEN")


def _sees_withdrawn(paper: Paper, actor: Actor, offer: Offer) -> bool:
    askers = (request.licensee for request in paper.requests if request.offer is offer)
    return sees(actor, offer.title.holder, *askers)


def to_request_license(
    paper: Paper, actor: Actor, offer: Offer, wanted: Extent, now: datetime
) -> set[str]:
    if offer.withdrawn and not _sees_withdrawn(paper, actor, offer):
        return NOT_FOUND
    waiting = (r for r in paper.requests if r.is_open and r.offer is offer)
    return (
        unless(actor.acts_as("LICENSEE"), "NOT_AUTHORISED")
        | to_use(offer.title, now)
        | to_take_up(offer, now)
        | unless(not actor.acts_for(offer.title.holder), "LICENSEE_IS_LICENSOR")
        | unless(wanted.lies_in(offer.extent), "OUTSIDE_THE_OFFER")
        | to_reach(offer.title, wanted)
        | unless(all(r.licensee != actor.party_id for r in waiting), "NEGOTIATION_ALREADY_OPEN")
    )


def to_grant_license(
    paper: Paper, actor: Actor, request: Request, now: datetime, *, seen_as_is: bool
) -> set[str]:
    offer, asked = request.offer, asked_to_license(request, now)
    if not sees(actor, offer.title.holder, request.licensee):
        return NOT_FOUND
    excludes = paper.excluded_by(offer.title, offer.kind, asked.extent, now)
    return (
        unless(is_holder(actor, offer.title), "NOT_THE_LICENSOR")
        | unless(seen_as_is, "CERTIFICATE_HAS_MOVED_ON")
        | unless(request.is_open, "ILLEGAL_TRANSITION")
        | to_use(offer.title, now)
        | to_take_up(offer, now)
        | to_reach(offer.title, asked.extent)
        | unless(not excludes, "EXCLUSIVITY_CONFLICT")
        | paper.reasons_against(asked, now)
    )


def to_refuse_license(actor: Actor, request: Request) -> set[str]:
    if not sees(actor, request.offer.title.holder, request.licensee):
        return NOT_FOUND
    return unless(is_holder(actor, request.offer.title), "NOT_THE_LICENSOR") | unless(
        request.is_open, "ILLEGAL_TRANSITION"
    )


def to_withdraw_license_request(actor: Actor, request: Request) -> set[str]:
    if not sees(actor, request.offer.title.holder, request.licensee):
        return NOT_FOUND
    of_it = actor.party_id == request.licensee and "LICENSEE" in actor.roles
    return unless(of_it, "NOT_THE_LICENSEE") | unless(request.is_open, "ILLEGAL_TRANSITION")


def to_terminate_license(actor: Actor, granted: License, now: datetime) -> set[str]:
    is_licensee = actor.party_id == granted.licensee and "LICENSEE" in actor.roles
    of_it = is_licensee or is_holder(actor, granted.title)
    running = granted.status(now) in {"ACTIVE", "PENDING_EFFECT"}
    return unless(of_it, "NOT_A_PARTY_TO_THE_LICENSE") | unless(running, "LICENSE_NOT_IN_FORCE")


def to_secure(
    paper: Paper, title: Title, pledgee: str, matures_on: date, now: datetime
) -> set[str]:
    return (
        to_use(title, now)
        | paper.reasons_against(asked_to_pledge(title, pledgee, matures_on, now), now)
        | unless(today(now) <= matures_on, "MATURITY_IN_THE_PAST")
        | unless(end_of(matures_on) <= title.end, "PLEDGE_OUTLIVES_CERTIFICATE")
    )


def to_place_pledge(actor: Actor, title: Title, pledgee: Actor, *, seen_as_is: bool) -> set[str]:
    """Beside what `to_secure` says."""
    return (
        unless(is_holder(actor, title), "NOT_THE_HOLDER")
        | unless(pledgee.acts_as("LENDER"), "NOT_A_LENDER")
        | unless(not pledgee.acts_for(title.holder), "PLEDGOR_IS_PLEDGEE")
        | unless(seen_as_is, "CERTIFICATE_HAS_MOVED_ON")
    )


def to_confirm_pledge(
    paper: Paper, actor: Actor, pledge: Pledge, now: datetime, *, seen_as_is: bool
) -> set[str]:
    decided = to_decide_pledge(actor, pledge, "SUBMITTED")
    if decided == NOT_FOUND:
        return NOT_FOUND
    return (
        decided
        | to_secure(paper, pledge.title, pledge.pledgee, pledge.matures_on, now)
        | unless(seen_as_is, "CERTIFICATE_HAS_MOVED_ON")
    )


def to_decide_pledge(actor: Actor, pledge: Pledge, stage: str) -> set[str]:
    """What a pledgee decides: to confirm or decline what is submitted, release what binds."""
    if pledge.registered_at is None and not sees(actor, pledge.title.holder, pledge.pledgee):
        return NOT_FOUND
    return (
        unless(actor.acts_as("LENDER"), "NOT_AUTHORISED")
        | unless(actor.acts_for(pledge.pledgee), "NOT_THE_PLEDGEE")
        | unless(pledge.stage == stage, "ILLEGAL_TRANSITION")
    )


def to_withdraw_pledge(actor: Actor, pledge: Pledge) -> set[str]:
    if pledge.registered_at is None and not sees(actor, pledge.title.holder, pledge.pledgee):
        return NOT_FOUND
    return unless(is_holder(actor, pledge.title), "NOT_THE_PLEDGOR") | unless(
        pledge.stage == "SUBMITTED", "ILLEGAL_TRANSITION"
    )


def to_list(paper: Paper, listing: Listing, now: datetime) -> set[str]:
    """What stands against a listing, among others of the same title in the same mode."""
    same = [
        other
        for other in paper.listings
        if other is not listing and (other.title, other.mode) == (listing.title, listing.mode)
    ]
    here = any(o.exchange == listing.exchange and _is_live(o) for o in same)
    sold_elsewhere = listing.mode == "TITLE_SALE" and any(
        o.exchange != listing.exchange and o.is_shown for o in same
    )
    return (
        to_use(listing.title, now)
        | paper.reasons_against(asked_to_list(listing), now)
        | unless(not here, "ALREADY_LISTED")
        | unless(not sold_elsewhere, "TITLE_SALE_ELSEWHERE")
    )


def _is_live(listing: Listing) -> bool:
    return listing.is_shown or listing.stage == "SUBMITTED"


def to_request_listing(actor: Actor, listing: Listing, exchange: Actor) -> set[str]:
    """Beside what `to_list` says."""
    return unless(is_holder(actor, listing.title), "NOT_THE_HOLDER") | unless(
        exchange.acts_as("EXCHANGE"), "NOT_AN_EXCHANGE"
    )


def to_decide_listing(actor: Actor, listing: Listing, *, allowed: bool) -> set[str]:
    """What an exchange decides of a listing, in a stage that allows it."""
    if not sees_listing(actor, listing):
        return NOT_FOUND
    return (
        unless(actor.acts_as("EXCHANGE"), "NOT_AUTHORISED")
        | unless(actor.acts_for(listing.exchange), "NOT_THE_EXCHANGE")
        | unless(allowed, "ILLEGAL_TRANSITION")
    )


def sees_listing(actor: Actor, listing: Listing) -> bool:
    of_it = sees(actor, listing.title.holder, listing.exchange)
    return listing.listed_at is not None or of_it


def to_delist(actor: Actor, listing: Listing, *, allowed: bool) -> set[str]:
    if not sees_listing(actor, listing):
        return NOT_FOUND
    is_exchange = actor.party_id == listing.exchange and "EXCHANGE" in actor.roles
    of_it = is_exchange or is_holder(actor, listing.title)
    return unless(of_it, "NOT_THE_EXCHANGE") | unless(allowed, "ILLEGAL_TRANSITION")


def to_withdraw_listing_request(actor: Actor, listing: Listing) -> set[str]:
    if not sees_listing(actor, listing):
        return NOT_FOUND
    return unless(is_holder(actor, listing.title), "NOT_THE_HOLDER") | unless(
        listing.stage == "SUBMITTED", "ILLEGAL_TRANSITION"
    )


def is_protected(actor: Actor, burden: Pledge | License) -> bool:
    return actor.party_id == burden.protects and bool({"LENDER", "LICENSEE"} & actor.roles)


def to_give_consent(
    actor: Actor, burden: Pledge | License, act: str, until: datetime | None, now: datetime
) -> set[str]:
    return (
        unless(is_protected(actor, burden), "NOT_THE_PROTECTED_PARTY")
        | unless(burden.binds(now), "ENCUMBRANCE_LIFTED")
        | unless(act in CONSENT_OPENS[type(burden)], "CONSENT_NOT_FORESEEN")
        | unless(until is None or now < until, "PERIOD_OVER")
    )


def to_revoke_consent(actor: Actor, consent: Consent, now: datetime) -> set[str]:
    giver = consent.burden.protects
    if not sees(actor, giver, consent.burden.title.holder, consent.other):
        return NOT_FOUND
    return unless(is_protected(actor, consent.burden), "NOT_THE_PROTECTED_PARTY") | unless(
        consent.is_open(now), "ILLEGAL_TRANSITION"
    )


def to_place_freeze(actor: Actor, title: Title, until: datetime, now: datetime) -> set[str]:
    return (
        unless(actor.acts_as("REGISTRAR"), "NOT_AUTHORISED")
        | to_use(title, now)
        | unless(now < until, "PERIOD_OVER")
    )


def to_lift_freeze(actor: Actor, freeze: Freeze, now: datetime) -> set[str]:
    return unless(actor.acts_as("REGISTRAR"), "NOT_AUTHORISED") | unless(
        freeze.binds(now), "ENCUMBRANCE_LIFTED"
    )


def to_cancel(paper: Paper, actor: Actor, title: Title, now: datetime) -> set[str]:
    return (
        unless(is_holder(actor, title), "NOT_THE_HOLDER")
        | to_use(title, now)
        | paper.reasons_against(Asked(title=title, act="CANCEL"), now)
    )


def to_revoke(actor: Actor, title: Title) -> set[str]:
    return unless(actor.acts_as("REGISTRAR"), "NOT_AUTHORISED") | unless(
        title.ended is None, "ILLEGAL_TRANSITION"
    )


def to_object(actor: Actor, product: Product, ground: str, now: datetime) -> set[str]:
    once = all((o.objector, o.ground) != (actor.party_id, ground) for o in product.objections)
    is_open = now < product.closes and product.ended_at is None
    return (
        unless(not actor.acts_for(product.applicant), "OBJECTOR_IS_APPLICANT")
        | unless(is_open, "ANNOUNCEMENT_CLOSED")
        | unless(once, "OBJECTION_ALREADY_RAISED")
    )


def to_decide_objection(actor: Actor, objection: Objection) -> set[str]:
    product = objection.product
    has_part = actor.party_id in {product.applicant, objection.objector}
    waits = objection.status == "FILED" and product.ended_at is None
    return (
        unless(actor.acts_as("REGISTRAR"), "NOT_AUTHORISED")
        | unless(not has_part, "CONFLICT_OF_INTEREST")
        | unless(waits, "ILLEGAL_TRANSITION")
    )


def to_issue(actor: Actor, product: Product, now: datetime) -> set[str]:
    if not sees(actor, product.applicant):
        return NOT_FOUND
    contested = any(objection.status == "FILED" for objection in product.objections)
    sourced = product.source_until is None or now < end_of(product.source_until)
    return (
        unless(actor.acts_as("REGISTRAR"), "NOT_AUTHORISED")
        | unless(product.status != "REGISTERED", "PRODUCT_ALREADY_CERTIFIED")
        | unless(product.status == "ANNOUNCED", "ILLEGAL_TRANSITION")
        | unless(now >= product.closes, "ANNOUNCEMENT_RUNNING")
        | unless(not contested, "OBJECTION_OPEN")
        | unless(sourced, "SOURCE_AUTHORISATION_ENDED")
    )


def to_withdraw_application(actor: Actor, product: Product) -> set[str]:
    if not sees(actor, product.applicant):
        return NOT_FOUND
    return (
        unless(actor.acts_as("REGISTRANT"), "NOT_AUTHORISED")
        | unless(actor.acts_for(product.applicant), "NOT_THE_APPLICANT")
        | unless(product.status == "ANNOUNCED", "ILLEGAL_TRANSITION")
    )
