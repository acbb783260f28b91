"""Acts on listings: request and withdraw, admit or reject, suspend, resume, delist."""

from services.actors import Actor
from services.certificates.model import Certificate
from services.certificates.store import (
    burdens_on,
    consume_consents,
    lock_certificate,
    record_on_certificate,
)
from services.identifiers import Kind, new_id
from services.listings.model import (
    Candidate,
    Listing,
    ListingEvent,
    ListingStatus,
    ListingTerms,
)
from services.listings.rules import (
    refusals_to_admit_listing,
    refusals_to_delist,
    refusals_to_reject_listing,
    refusals_to_request_listing,
    refusals_to_resume_listing,
    refusals_to_suspend_listing,
    refusals_to_withdraw_listing_request,
)
from services.listings.store import (
    add_listing,
    get_listing,
    listings_of,
    lock_certificate_of_listing,
    save_listing,
)
from services.listings.views import LISTING
from services.once import Once, answer_given, keep_answer
from services.parties.model import Party
from services.parties.store import get_party
from services.reading.records import refuse_if_hidden
from services.recording import hash_of_text
from services.refusals import found, raise_if_refused
from services.registry import Registry, Transaction
from services.retrying import retried


@retried
async def request_listing(
    registry: Registry, actor: Actor, terms: ListingTerms, key: str
) -> Listing:
    """Ask an exchange to list a certificate (rule 6.2)."""
    once = Once.of(key, "listing-requested", terms)
    async with registry.deciding() as tx:
        locked = await lock_certificate(tx, terms.certificate_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_listing(tx, earlier))
        certificate = found(locked, "certificate_id")
        exchange = found(await get_party(tx, terms.exchange_id), "exchange_id")
        listing = Listing(
            id=new_id(Kind.LISTING),
            certificate_id=certificate.id,
            exchange_id=exchange.id,
            mode=terms.mode,
            status=ListingStatus.SUBMITTED,
            requested_at=tx.now,
        )
        candidate = await _candidate(tx, listing, certificate, exchange)
        raise_if_refused(refusals_to_request_listing(candidate, actor, tx.now))

        await add_listing(tx, listing)
        facts = {"listing": listing.id, "exchange": listing.exchange_id, "mode": listing.mode}
        await record_on_certificate(tx, actor, certificate, once.act, private=facts)
        await keep_answer(tx, actor, once, listing.id)
        return listing


@retried
async def admit_listing(registry: Registry, actor: Actor, listing_id: str) -> Listing:
    """Put a certificate on the exchange's list (rule 6.3)."""
    async with registry.deciding() as tx:
        listing, certificate = await _listing(tx, actor, listing_id)
        candidate = await _candidate(tx, listing, certificate)
        raise_if_refused(refusals_to_admit_listing(listing, candidate, actor, tx.now))

        admitted = listing.after(ListingEvent.ADMITTED, tx.now)
        await _show(tx, listing, admitted, candidate)
        await _record_publicly(tx, actor, certificate, admitted, "listing-admitted")
        return admitted


@retried
async def reject_listing(
    registry: Registry, actor: Actor, listing_id: str, reasons: str
) -> Listing:
    """Decline a request to list a certificate (rule 6.4). Nothing of it becomes public."""
    async with registry.deciding() as tx:
        listing, certificate = await _listing(tx, actor, listing_id)
        raise_if_refused(refusals_to_reject_listing(listing, actor, reasons))

        rejected = listing.after(ListingEvent.REJECTED, tx.now, reasons)
        await save_listing(tx, listing, rejected)
        facts = {"listing": listing.id, "reasons_hash": hash_of_text(reasons)}
        await record_on_certificate(tx, actor, certificate, "listing-rejected", private=facts)
        return rejected


@retried
async def suspend_listing(
    registry: Registry, actor: Actor, listing_id: str, reasons: str
) -> Listing:
    """Take a certificate off the exchange's list until it is resumed (rule 6.5)."""
    async with registry.deciding() as tx:
        listing, certificate = await _listing(tx, actor, listing_id)
        standing = listing.as_it_fell(certificate, tx.now)
        raise_if_refused(refusals_to_suspend_listing(standing, actor, reasons))

        suspended = listing.after(ListingEvent.SUSPENDED, tx.now, reasons)
        await save_listing(tx, listing, suspended)
        await _record_publicly(tx, actor, certificate, suspended, "listing-suspended")
        return suspended


@retried
async def resume_listing(registry: Registry, actor: Actor, listing_id: str) -> Listing:
    """Put a suspended certificate back on the exchange's list (rule 6.6)."""
    async with registry.deciding() as tx:
        listing, certificate = await _listing(tx, actor, listing_id)
        candidate = await _candidate(tx, listing, certificate)
        standing = listing.as_it_stands(certificate, candidate.burdens, tx.now)
        raise_if_refused(refusals_to_resume_listing(standing, candidate, actor, tx.now))

        resumed = standing.after(ListingEvent.RESUMED, tx.now)
        await _show(tx, listing, resumed, candidate)
        await _record_publicly(tx, actor, certificate, resumed, "listing-resumed")
        return resumed


@retried
async def delist(registry: Registry, actor: Actor, listing_id: str, reasons: str) -> Listing:
    """End a listing (rule 6.7)."""
    async with registry.deciding() as tx:
        listing, certificate = await _listing(tx, actor, listing_id)
        standing = listing.as_it_fell(certificate, tx.now)
        raise_if_refused(refusals_to_delist(standing, certificate, actor, reasons))

        delisted = listing.after(ListingEvent.DELISTED, tx.now, reasons)
        await save_listing(tx, listing, delisted)
        await _record_publicly(tx, actor, certificate, delisted, "delisted")
        return delisted


@retried
async def withdraw_listing_request(registry: Registry, actor: Actor, listing_id: str) -> Listing:
    """Withdraw a request the exchange has not decided (rule 6.8)."""
    async with registry.deciding() as tx:
        listing, certificate = await _listing(tx, actor, listing_id)
        raise_if_refused(refusals_to_withdraw_listing_request(listing, certificate, actor))

        withdrawn = listing.after(ListingEvent.WITHDRAWN, tx.now)
        await save_listing(tx, listing, withdrawn)
        act = "listing-request-withdrawn"
        await record_on_certificate(tx, actor, certificate, act, private={"listing": listing.id})
        return withdrawn


async def _listing(tx: Transaction, actor: Actor, listing_id: str) -> tuple[Listing, Certificate]:
    certificate = await lock_certificate_of_listing(tx, listing_id)
    await refuse_if_hidden(tx, actor, LISTING, listing_id, "listing_id")
    return found(await get_listing(tx, listing_id), "listing_id"), found(certificate)


async def _candidate(
    tx: Transaction, listing: Listing, certificate: Certificate, exchange: Party | None = None
) -> Candidate:
    """What the rules must know of the certificate of a listing, the listing itself aside."""
    every = await listings_of(tx, certificate.id)
    return Candidate(
        certificate=certificate,
        burdens=await burdens_on(tx, certificate.id),
        exchange=exchange or found(await get_party(tx, listing.exchange_id)),
        mode=listing.mode,
        others=[other for other in every if other.id != listing.id],
    )


async def _show(tx: Transaction, before: Listing, after: Listing, candidate: Candidate) -> None:
    """Write a listing that is now on the list, and use up the consents it rests on."""
    used = candidate.burdens.consents_used(candidate.attempt, tx.now)
    await consume_consents(tx, used, after.id)
    await save_listing(tx, before, after)


async def _record_publicly(
    tx: Transaction, actor: Actor, certificate: Certificate, listing: Listing, act: str
) -> None:
    await record_on_certificate(
        tx,
        actor,
        certificate,
        act,
        public={"listing": listing.id, "mode": listing.mode},
        private={
            "exchange": listing.exchange_id,
            "reasons_hash": listing.reasons and hash_of_text(listing.reasons),
        },
    )
