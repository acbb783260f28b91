"""Steps of licensing: offer, request, grant or refuse, terminate."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st

from services.certificates.model import Scope
from services.licensing.actions import (
    grant_license,
    publish_offer,
    refuse_license,
    request_license,
    terminate_license,
    withdraw_license_request,
    withdraw_offer,
)
from services.licensing.model import GrantTerms, LicenseKind, OfferTerms, RequestTerms
from services.money import Currency, Money
from tests.properties import foretold
from tests.properties.extents import Extent, extent
from tests.properties.paper import Asked, License, Offer, Paper, Request, Title, asked_to_license
from tests.properties.playing import MOMENT, By, step
from tests.properties.title_steps import TitleSteps, on_title
from tests.properties.world import offer_of

NAMES = st.fixed_dictionaries(
    {
        "territories": st.sampled_from([(), (), ("CN",), ("CN-SH",), ("CN-BJ", "US"), ("US",)]),
        "fields_of_use": st.sampled_from([(), (), ("finance",), ("health",)]),
    }
)
# Days from now to begin and end of a period. None ends it with the certificate, 0 a moment after;
# one that begins with None begins where the newest license ends.
WITHIN = [(0, 40), (0, 200), (0, 200), (-10, 400), (-10, 400), (60, 300), (250, 420)]
PERIODS = st.sampled_from([*WITHIN, (0, None), (0, None), (0, 0), (None, 600)])
# None: all of an offer.
PARTS = st.none() | st.none() | st.tuples(PERIODS, NAMES)
LICENSEES = st.sampled_from(["licensee", "other licensee"])


def scope_of(paper: Paper, title: Title, now: datetime, period: tuple, names: dict) -> Scope:
    begin, days = period
    ends = {None: title.until, 0: title.until + MOMENT}
    after = [granted.extent.end for granted in paper.licenses if granted.title is title] or [now]
    return Scope(
        begin=after[-1] if begin is None else now + timedelta(days=begin),
        end=ends[days] if days in ends else now + timedelta(days=days),
        **{name: frozenset(values) for name, values in names.items()},
    )


def extent_of(scope: Scope, now: datetime) -> Extent:
    """What a scope reaches from now on."""
    return extent(scope.begin, scope.end, scope.territories, scope.fields_of_use).ahead_of(now)


# A step on a request, which waits for its answer.
on_request: Callable = partial(
    step,
    of=lambda self: self.paper.requests,
    waits=lambda _, request: request.is_open,
)


def is_published(machine: Any, offer: Offer) -> bool:
    return offer.status(machine.just_now) == "PUBLISHED"


class LicenseSteps(TitleSteps):
    """What happens between a holder and its licensees."""

    @on_title(
        8,
        kind=st.sampled_from([*LicenseKind, LicenseKind.NON_EXCLUSIVE]),
        period=PERIODS,
        names=NAMES,
        price=st.sampled_from([100, 200, 500]),
    )
    def publish_offer(self, by: By, title: Title, kind, period, names, price) -> None:
        actor, now = self.acting(by, title.holder), self.now
        scope = scope_of(self.paper, title, now, period, names)
        reach = extent_of(scope, now)
        asked = Asked(title=title, act="PUBLISH_OFFER", extent=reach, price=price)
        reasons = foretold.to_publish_offer(self.paper, actor, asked, now)
        terms = OfferTerms(
            certificate_id=title.id,
            kind=kind,
            scope=scope,
            price=Money(price, Currency.CNY),
            name="Data",
            description="All of it.",
        )
        if offer := self.create(reasons, publish_offer, actor, terms):
            self.paper.done(asked, now, offer.id)
            self.paper.offers.append(offer_of(title, offer))

    @step(1, of=lambda self: self.paper.offers, waits=is_published)
    def withdraw_offer(self, by: By, offer: Offer) -> None:
        actor = self.acting(by, offer.title.holder)
        reasons = foretold.to_withdraw_offer(self.paper, actor, offer, self.now)
        if self.attempt(reasons, withdraw_offer, actor, offer.id):
            offer.withdrawn = True

    @step(
        10,
        of=lambda self: self.paper.offers,
        waits=is_published,
        licensee=LICENSEES,
        part=PARTS,
    )
    def request_license(self, by: By, offer: Offer, licensee: str, part: tuple | None) -> None:
        """All of an offer, or some period, places and uses that may lie in it or not."""
        actor, now = self.actors[by.who or licensee], self.now
        scope = offer.scope if part is None else scope_of(self.paper, offer.title, now, *part)
        reach = extent_of(scope, now)
        reasons = foretold.to_request_license(self.paper, actor, offer, reach, now)
        terms = RequestTerms(offer_id=offer.id, scope=scope)
        if request := self.create(reasons, request_license, actor, terms):
            self.paper.requests.append(
                Request(id=request.id, offer=offer, licensee=actor.party_id, extent=reach)
            )

    @on_request(12)
    def grant_license(self, by: By, request: Request) -> None:
        title, now = request.offer.title, self.now
        actor, asked = self.acting(by, title.holder), asked_to_license(request, now)
        is_fresh = by.seen == 0
        reasons = foretold.to_grant_license(self.paper, actor, request, now, seen_as_is=is_fresh)
        version = self.version_of(title.id) + by.seen
        terms = GrantTerms(negotiation_id=request.id, expected_version=version)
        if granted := self.create(reasons, grant_license, actor, terms):
            self.paper.done(asked, now, granted.id)
            request.is_open = False
            self.paper.licenses.append(
                License(
                    id=granted.id,
                    title=title,
                    licensee=request.licensee,
                    kind=request.offer.kind,
                    extent=asked.extent,
                )
            )

    @on_request(1)
    def refuse_license(self, by: By, request: Request) -> None:
        actor = self.acting(by, request.offer.title.holder)
        reasons = foretold.to_refuse_license(actor, request)
        if self.attempt(reasons, refuse_license, actor, request.id, "Not now."):
            request.is_open = False

    @on_request(1)
    def withdraw_license_request(self, by: By, request: Request) -> None:
        actor = self.acting(by, request.licensee)
        reasons = foretold.to_withdraw_license_request(actor, request)
        if self.attempt(reasons, withdraw_license_request, actor, request.id):
            request.is_open = False

    @step(
        2, of=lambda self: self.paper.licenses, waits=lambda self, granted: granted.runs(self.now)
    )
    def terminate_license(self, by: By, granted: License) -> None:
        """Mostly by the licensee, sometimes by the holder."""
        actor = self.acting(by, granted.title.holder if by.which else granted.licensee)
        now = self.now
        reasons = foretold.to_terminate_license(actor, granted, now)
        if self.attempt(reasons, terminate_license, actor, granted.id, "Agreed."):
            granted.terminated_at = now
