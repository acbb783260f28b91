"""What is done with a sample case's certificate: listed, pledged, offered, licensed, ended."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import date

from api.sample.cases import SampleOffer
from api.sample.registration import Play, article_seven
from services.certificates.actions import cancel_certificate, place_freeze, revoke_certificate
from services.certificates.model import Certificate, FreezeKind, FreezeTerms, Scope
from services.certificates.store import get_certificate
from services.licensing.actions import grant_license, publish_offer, request_license
from services.licensing.model import GrantTerms, OfferTerms, RequestTerms
from services.listings.actions import admit_listing, request_listing
from services.listings.model import ListingTerms, TradeMode
from services.money import Currency, Money
from services.periods import after_months, start_of
from services.pledges.actions import confirm_pledge, place_pledge
from services.pledges.model import PledgeTerms
from services.refusals import found

Dealing = tuple[date, Callable[[], Awaitable[None]]]


async def deal_with(play: Play, certificate: Certificate) -> None:
    """All that the file says of the certificate, in the order of its days."""
    for _day, deal in sorted(_dealings(play, certificate), key=lambda dealing: dealing[0]):
        await deal()


def _dealings(play: Play, certificate: Certificate) -> Iterator[Dealing]:
    sample = play.case.sample
    if sample.listing:
        yield sample.listing.listed_on, lambda: _list(play, certificate)
    if sample.pledge:
        yield sample.pledge.placed_on, lambda: _pledge(play, certificate)
    for number, offer in enumerate(sample.offers):
        yield offer.published_on, _offering(play, certificate, offer, number)
    if sample.revocation:
        yield sample.revocation.revoked_on, lambda: _revoke(play, certificate)
    if sample.cancellation:
        yield sample.cancellation.cancelled_on, lambda: _cancel(play, certificate)
    if sample.freeze:
        yield sample.freeze.frozen_on, lambda: _freeze(play, certificate)


async def _list(play: Play, certificate: Certificate) -> None:
    listing, exchange = play.case.sample.listing, play.case.exchange
    assert listing is not None
    assert exchange is not None
    await play.at_work(listing.listed_on, "list")
    terms = ListingTerms(
        certificate_id=certificate.id,
        exchange_id=play.cast.actors[exchange].party_id,
        mode=TradeMode.LICENSING,
    )
    requested = await request_listing(play.registry, play.holder, terms, play.key("listing"))
    await play.after_working_days(0, "list-admit")
    await admit_listing(play.registry, play.cast.actors[exchange], requested.id)


async def _pledge(play: Play, certificate: Certificate) -> None:
    pledge, lender = play.case.sample.pledge, play.case.lender
    amount_minor = play.case.pledged_amount_minor
    assert pledge is not None
    assert lender is not None
    assert amount_minor is not None
    await play.at_work(pledge.placed_on, "pledge")
    terms = PledgeTerms(
        certificate_id=certificate.id,
        pledgee_id=play.cast.actors[lender].party_id,
        secured_amount=Money(amount_minor, Currency.CNY),
        matures_on=pledge.matures_on,
        expected_version=await _version(play, certificate),
    )
    placed = await place_pledge(play.registry, play.holder, terms, play.key("pledge"))
    await play.after_working_days(0, "pledge-confirm")
    version = await _version(play, certificate)
    await confirm_pledge(play.registry, play.cast.actors[lender], placed.id, version)


def _offering(
    play: Play, certificate: Certificate, offer: SampleOffer, number: int
) -> Callable[[], Awaitable[None]]:
    """An offer and the license under it, if there is one."""

    async def offer_and_license() -> None:
        published_at = await play.at_work(offer.published_on, f"offer-{number}")
        scope = Scope(
            begin=published_at,
            end=certificate.effective_end,
            territories=frozenset({offer.territory}),
            fields_of_use=frozenset({offer.field_of_use}),
        )
        terms = OfferTerms(
            certificate_id=certificate.id,
            kind=offer.exclusivity,
            scope=scope,
            price=Money(offer.price_minor, Currency.CNY),
            name=f"样例许可 License for {offer.term_months} months (sample)",
            description=f"样例 (sample): each license lasts {offer.term_months} months.",
        )
        key = play.key(f"offer-{number}")
        published = await publish_offer(play.registry, play.holder, terms, key)
        if offer.license is not None:
            await _license(play, certificate, offer, published.id, scope)

    return offer_and_license


async def _license(
    play: Play, certificate: Certificate, offer: SampleOffer, offer_id: str, scope: Scope
) -> None:
    assert offer.license is not None
    at = await play.at_work(offer.license.granted_on, "license")
    wanted = Scope(
        begin=at,
        end=after_months(at, offer.term_months),
        territories=scope.territories,
        fields_of_use=scope.fields_of_use,
    )
    request = RequestTerms(offer_id=offer_id, scope=wanted)
    licensee = play.cast.actors[offer.license.licensee]
    requested = await request_license(play.registry, licensee, request, play.key("license"))
    await play.after_working_days(0, "license-grant")
    grant = GrantTerms(
        negotiation_id=requested.id, expected_version=await _version(play, certificate)
    )
    await grant_license(play.registry, play.holder, grant, play.key("grant"))


async def _revoke(play: Play, certificate: Certificate) -> None:
    revocation = play.case.sample.revocation
    assert revocation is not None
    await play.at_work(revocation.revoked_on, "revoke")
    ground = article_seven(revocation.article_7_item)
    registrar, reason = play.cast.registrar, revocation.reason
    await revoke_certificate(play.registry, registrar, certificate.id, ground, reason)


async def _cancel(play: Play, certificate: Certificate) -> None:
    cancellation = play.case.sample.cancellation
    assert cancellation is not None
    await play.at_work(cancellation.cancelled_on, "cancel")
    await cancel_certificate(play.registry, play.holder, certificate.id, cancellation.reason)


async def _freeze(play: Play, certificate: Certificate) -> None:
    freeze = play.case.sample.freeze
    assert freeze is not None
    await play.at_work(freeze.frozen_on, "freeze")
    terms = FreezeTerms(
        certificate_id=certificate.id,
        kind=FreezeKind.COURT_PRESERVATION,
        authority=freeze.ordered_by,
        instrument_number=freeze.instrument,
        until=start_of(freeze.until),
    )
    await place_freeze(play.registry, play.cast.registrar, terms, play.key("freeze"))


async def _version(play: Play, certificate: Certificate) -> int:
    """What the certificate has come to: the parties act on what they have just read."""
    async with play.registry.reading() as tx:
        return found(await get_certificate(tx, certificate.id)).version
