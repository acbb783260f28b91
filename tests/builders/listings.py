"""Listings and candidates for tables of rules: in order unless you say otherwise."""

from dataclasses import replace
from datetime import UTC, datetime

from services.actors import Role
from services.certificates.model import Burdens
from services.listings.model import Candidate, Listing, ListingStatus, ListingTerms, TradeMode
from services.parties.model import Party, PartyKind
from tests.builders.certificates import ISSUED, a_certificate


def an_exchange(**changes) -> Party:
    exchange = Party(
        id="party_exchange",
        kind=PartyKind.ORGANISATION,
        name="样例数据交易所",
        name_en=None,
        uscc=None,
        region=None,
        roles=frozenset({Role.EXCHANGE}),
        registered_at=datetime(2024, 12, 1, tzinfo=UTC),
    )
    return replace(exchange, **changes)


def listing_terms(**changes) -> ListingTerms:
    terms = ListingTerms(
        certificate_id="certificate_1", exchange_id="party_exchange", mode=TradeMode.LICENSING
    )
    return replace(terms, **changes)


def a_listing(**changes) -> Listing:
    """A request the exchange has not decided."""
    listing = Listing(
        id="listing_1",
        certificate_id="certificate_1",
        exchange_id="party_exchange",
        mode=TradeMode.LICENSING,
        status=ListingStatus.SUBMITTED,
        requested_at=ISSUED,
    )
    return replace(listing, **changes)


def a_shown_listing(**changes) -> Listing:
    return a_listing(**({"status": ListingStatus.LISTED, "listed_at": ISSUED} | changes))


def a_candidate(**changes) -> Candidate:
    candidate = Candidate(
        certificate=a_certificate(),
        burdens=Burdens(),
        exchange=an_exchange(),
        mode=TradeMode.LICENSING,
    )
    return replace(candidate, **changes)
