"""Steps of listing: request, admit or reject, suspend, resume, delist."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from services.listings.actions import (
    admit_listing,
    delist,
    reject_listing,
    request_listing,
    resume_listing,
    suspend_listing,
    withdraw_listing_request,
)
from services.listings.model import ListingTerms, TradeMode
from tests.properties import foretold
from tests.properties.credit_steps import CreditSteps
from tests.properties.paper import Listing, Title, asked_to_list
from tests.properties.playing import By, step
from tests.properties.title_steps import on_title

EXCHANGES = st.sampled_from(["exchange"] * 9 + ["other exchange"] * 9 + ["bank"])


def on_listing(times: int, stage: str) -> Callable:
    """A step on a listing, which waits at a stage that an act or something else has put it to."""

    def waits(machine: Any, listing: Listing) -> bool:
        return machine.paper.status_of(listing, machine.now) == stage

    return step(times, of=lambda machine: machine.paper.listings, waits=waits)


class ListingSteps(CreditSteps):
    """What happens between a holder and the exchanges."""

    @on_title(6, exchange=EXCHANGES, mode=st.sampled_from(TradeMode))
    def request_listing(self, by: By, title: Title, exchange: str, mode: TradeMode) -> None:
        actor, venue = self.acting(by, title.holder), self.actors[exchange]
        wanted = Listing(id="", title=title, exchange=venue.party_id, mode=mode)
        reasons = foretold.to_request_listing(actor, wanted, venue)
        reasons |= foretold.to_list(self.paper, wanted, self.now)
        terms = ListingTerms(certificate_id=title.id, exchange_id=venue.party_id, mode=mode)
        if requested := self.create(reasons, request_listing, actor, terms):
            wanted.id = requested.id
            self.paper.listings.append(wanted)

    @on_listing(9, "SUBMITTED")
    def admit_listing(self, by: By, listing: Listing) -> None:
        self._show(by, listing, admit_listing, allowed=listing.stage == "SUBMITTED")

    @on_listing(5, "SUSPENDED")
    def resume_listing(self, by: By, listing: Listing) -> None:
        suspended = self.paper.status_of(listing, self.now) == "SUSPENDED"
        self._show(by, listing, resume_listing, allowed=suspended)

    def _show(self, by: By, listing: Listing, act: Callable, *, allowed: bool) -> None:
        actor, now = self.acting(by, listing.exchange), self.now
        reasons = foretold.to_decide_listing(actor, listing, allowed=allowed)
        if reasons != foretold.NOT_FOUND:
            reasons |= foretold.to_list(self.paper, listing, now)
        if self.attempt(reasons, act, actor, listing.id):
            self.paper.done(asked_to_list(listing), now, listing.id)
            listing.stage, listing.listed_at = "LISTED", now

    @on_listing(1, "SUBMITTED")
    def reject_listing(self, by: By, listing: Listing) -> None:
        actor, allowed = self.acting(by, listing.exchange), listing.stage == "SUBMITTED"
        reasons = foretold.to_decide_listing(actor, listing, allowed=allowed)
        if self.attempt(reasons, reject_listing, actor, listing.id, "Not here."):
            listing.stage = "REJECTED"

    @on_listing(3, "LISTED")
    def suspend_listing(self, by: By, listing: Listing) -> None:
        """By the exchange, also while something else holds it up."""
        actor = self.acting(by, listing.exchange)
        allowed = listing.stage == "LISTED" and self._has_not_fallen(listing)
        reasons = foretold.to_decide_listing(actor, listing, allowed=allowed)
        if self.attempt(reasons, suspend_listing, actor, listing.id, "Under review."):
            listing.stage = "SUSPENDED"

    @on_listing(2, "LISTED")
    def delist(self, by: By, listing: Listing) -> None:
        """Mostly by the exchange, sometimes by the holder."""
        actor = self.acting(by, listing.title.holder if by.which else listing.exchange)
        allowed = listing.is_shown and self._has_not_fallen(listing)
        reasons = foretold.to_delist(actor, listing, allowed=allowed)
        if self.attempt(reasons, delist, actor, listing.id, "Sold out."):
            listing.stage = "DELISTED"

    def _has_not_fallen(self, listing: Listing) -> bool:
        """A listing that has fallen with its certificate is over."""
        return self.paper.status_of(listing, self.now) != "DELISTED"

    @on_listing(1, "SUBMITTED")
    def withdraw_listing_request(self, by: By, listing: Listing) -> None:
        actor = self.acting(by, listing.title.holder)
        reasons = foretold.to_withdraw_listing_request(actor, listing)
        if self.attempt(reasons, withdraw_listing_request, actor, listing.id):
            listing.stage = "WITHDRAWN"
