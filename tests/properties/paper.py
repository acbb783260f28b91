"""The register as it should be, on paper: who has what, and what stands in whose way.

Written from the sentences of the law and of the domain, not from the rules of the services.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from services.certificates.model import Scope
from tests.properties.extents import Extent, end_of, months_after

LICENSING_ACT = {
    "EXCLUSIVE": "LICENSE_EXCLUSIVELY",
    "SOLE": "LICENSE_EXCLUSIVELY",
    "NON_EXCLUSIVE": "LICENSE",
}
LICENSING = frozenset({"LICENSE", "LICENSE_EXCLUSIVELY", "PUBLISH_OFFER", "LIST_FOR_LICENSING"})


@dataclass(slots=True, kw_only=True)
class Title:
    id: str
    number: str
    holder: str
    until: datetime
    ended: str | None = None
    ended_at: datetime | None = None

    @property
    def end(self) -> datetime:
        return min(self.until, self.ended_at or self.until)

    def status(self, now: datetime) -> str:
        return self.ended or ("ACTIVE" if now < self.until else "EXPIRED")


@dataclass(slots=True, kw_only=True)
class Product:
    """An application from its announcement on."""

    id: str
    announcement: str
    applicant: str
    closes: datetime
    source_until: date | None
    status: str = "ANNOUNCED"
    ended_at: datetime | None = None
    objections: list["Objection"] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Objection:
    id: str
    product: Product
    objector: str
    ground: str
    status: str = "FILED"


@dataclass(slots=True, kw_only=True)
class Freeze:
    id: str
    title: Title
    until: datetime
    lifted: bool = False

    def binds(self, now: datetime) -> bool:
        return not self.lifted and now < self.until


@dataclass(slots=True, kw_only=True)
class Offer:
    id: str
    title: Title
    kind: str
    scope: Scope
    extent: Extent
    price: int
    withdrawn: bool = False

    def status(self, now: datetime) -> str:
        if self.withdrawn:
            return "WITHDRAWN"
        if now >= self.extent.end:
            return "EXPIRED"
        return "PUBLISHED" if self.title.status(now) == "ACTIVE" else "VOIDED"


@dataclass(slots=True, kw_only=True)
class Request:
    id: str
    offer: Offer
    licensee: str
    extent: Extent
    is_open: bool = True

    @property
    def title(self) -> Title:
        return self.offer.title


@dataclass(slots=True, kw_only=True)
class License:
    id: str
    title: Title
    licensee: str
    kind: str
    extent: Extent
    terminated_at: datetime | None = None

    @property
    def protects(self) -> str:
        return self.licensee

    @property
    def end(self) -> datetime:
        return min(self.extent.end, self.title.end, self.terminated_at or self.extent.end)

    def runs(self, now: datetime) -> bool:
        """Nobody has terminated it and its period is not over, whether it has begun or not."""
        return self.terminated_at is None and now < self.extent.end

    def binds(self, now: datetime) -> bool:
        return self.kind != "NON_EXCLUSIVE" and self.runs(now)

    def status(self, now: datetime) -> str:
        if self.terminated_at is not None:
            return "TERMINATED"
        if now >= self.extent.end:
            return "EXPIRED"
        if self.title.status(now) != "ACTIVE":
            return "IMPAIRED"
        return "ACTIVE" if now >= self.extent.begin else "PENDING_EFFECT"


@dataclass(slots=True, kw_only=True)
class Pledge:
    id: str
    title: Title
    pledgee: str
    matures_on: date
    stage: str = "SUBMITTED"
    registered_at: datetime | None = None

    @property
    def protects(self) -> str:
        return self.pledgee

    def binds(self, now: datetime) -> bool:
        del now  # A pledge binds until it is released, whatever becomes of the certificate.
        return self.stage == "REGISTERED"

    def status(self, now: datetime) -> str:
        impaired = self.stage == "REGISTERED" and self.title.status(now) != "ACTIVE"
        return "IMPAIRED" if impaired else self.stage


@dataclass(slots=True, kw_only=True)
class Listing:
    id: str
    title: Title
    exchange: str
    mode: str
    stage: str = "SUBMITTED"
    listed_at: datetime | None = None

    @property
    def is_shown(self) -> bool:
        return self.stage in {"LISTED", "SUSPENDED"}


@dataclass(slots=True, kw_only=True)
class Consent:
    id: str
    burden: Pledge | License
    act: str
    standing: bool
    given_at: datetime
    other: str | None
    months: int | None
    lowest: int | None
    until: datetime | None
    revoked: bool = False
    used_for: str | None = None

    @property
    def title(self) -> Title:
        return self.burden.title

    def is_open(self, now: datetime) -> bool:
        in_time = self.until is None or now < self.until
        return in_time and not self.revoked and self.used_for is None

    def opens(self, asked: "Asked") -> bool:
        return self.act == asked.act and self._suits(asked)

    def _suits(self, asked: "Asked") -> bool:
        """A condition on what the act does not have (a term, a price) is not met."""
        term, price = asked.extent, asked.price
        long = self.months is not None and (
            term is None or months_after(term.begin, self.months) < term.end
        )
        cheap = self.lowest is not None and (price is None or price < self.lowest)
        return not long and not cheap and self.other in {None, asked.other}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An act on a title that burdens may stand against: its row of the matrix and its terms."""

    title: Title
    act: str
    extent: Extent | None = None
    price: int | None = None
    other: str | None = None


@dataclass(slots=True)
class Paper:
    """All there is, oldest first."""

    titles: list[Title] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    freezes: list[Freeze] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    licenses: list[License] = field(default_factory=list)
    pledges: list[Pledge] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    in_vain: list["Asked"] = field(default_factory=list)

    def burdens(self, title: Title, now: datetime) -> Iterator[Freeze | Pledge | License]:
        for burden in (*self.freezes, *self.pledges, *self.licenses):
            if burden.title is title and burden.binds(now):
                yield burden

    def reasons_against(self, asked: Asked, now: datetime) -> set[str]:
        """A freeze forbids all. A pledge opens all by consent. A license that excludes others
        forbids what overlaps with it, asks for consent to the end of the title, and no more.
        What was asked for without the consent it needs is remembered.
        """
        forbidden = any(
            isinstance(burden, Freeze) or self._is_taken(burden, asked)
            for burden in self.burdens(asked.title, now)
        )
        if lacking := self.without_consent(asked, now):
            self.in_vain.append(asked)
        return {
            *(["ENCUMBRANCE_FORBIDS"] if forbidden else []),
            *("CONSENT_MISSING" for _ in lacking),
        }

    def without_consent(self, asked: Asked, now: datetime) -> list[Pledge | License]:
        """The burdens whose protected party would have to consent and has not."""
        return [
            burden
            for burden in self.burdens(asked.title, now)
            if self._is_needed(burden, asked) and self.consent_to(burden, asked, now) is None
        ]

    def consent_to(self, burden: Pledge | License, asked: Asked, now: datetime) -> Consent | None:
        """The one an act rests on: a standing consent if there is one, else the oldest."""
        fitting = [
            consent
            for consent in self.consents
            if consent.burden is burden and consent.is_open(now) and consent.opens(asked)
        ]
        return min(fitting, key=lambda c: (not c.standing, c.given_at), default=None)

    def done(self, asked: Asked, now: datetime, instrument: str) -> None:
        """An act has been done: the single consents it rests on are used up."""
        for burden in list(self.burdens(asked.title, now)):
            if self._is_needed(burden, asked):
                consent = self.consent_to(burden, asked, now)
                if consent is not None and not consent.standing:
                    consent.used_for = instrument

    def excluded_by(self, title: Title, kind: str, extent: Extent, now: datetime) -> bool:
        """Whether a licensee who excludes nobody would be excluded by such a license."""
        return kind != "NON_EXCLUSIVE" and any(
            granted.title is title
            and granted.kind == "NON_EXCLUSIVE"
            and granted.runs(now)
            and granted.extent.meets(extent)
            for granted in self.licenses
        )

    def is_grantable(self, offer: Offer, now: datetime) -> bool:
        """Whether the whole of an offer could be licensed to somebody whom no consent names.

        For how long a consent lets the title be licensed is left out.
        """
        asked = Asked(
            title=offer.title,
            act=LICENSING_ACT[offer.kind],
            extent=offer.extent.ahead_of(now),
            price=offer.price,
        )
        consented = [
            consent.burden
            for consent in self.consents
            if consent.is_open(now) and replace(consent, months=None).opens(asked)
        ]
        closed = any(
            isinstance(burden, Freeze)
            or self._is_taken(burden, asked)
            or (isinstance(burden, Pledge) and burden not in consented)
            for burden in self.burdens(offer.title, now)
        )
        excludes = self.excluded_by(offer.title, offer.kind, asked.extent, now)
        return offer.status(now) == "PUBLISHED" and not closed and not excludes

    def ranks(self, title: Title) -> list[Pledge]:
        """The pledges that bind, in the order of their registration."""
        binding = [p for p in self.pledges if p.title is title and p.stage == "REGISTERED"]
        return sorted(binding, key=lambda pledge: pledge.registered_at)

    def status_of(self, listing: Listing, now: datetime) -> str:
        """It falls with the title; a freeze, or a later pledge not opened, holds it up."""
        if listing.is_shown and listing.title.status(now) != "ACTIVE":
            return "DELISTED"
        held_up = any(
            self._holds_up(burden, listing, now) for burden in self.burdens(listing.title, now)
        )
        return "SUSPENDED" if listing.stage == "LISTED" and held_up else listing.stage

    def _holds_up(self, burden, listing: Listing, now: datetime) -> bool:
        if isinstance(burden, Freeze):
            return True
        if isinstance(burden, License) or burden.registered_at < (listing.listed_at or now):
            return False
        consent = self.consent_to(burden, asked_to_list(listing), now)
        return consent is None or not consent.standing

    @staticmethod
    def _is_taken(burden: Pledge | License, asked: Asked) -> bool:
        if isinstance(burden, Pledge) or asked.act not in LICENSING:
            return False
        return asked.extent is None or burden.extent.meets(asked.extent)

    @staticmethod
    def _is_needed(burden: Freeze | Pledge | License, asked: Asked) -> bool:
        if isinstance(burden, License):
            return asked.act == "CANCEL"
        return isinstance(burden, Pledge)


def asked_to_list(listing: Listing) -> Asked:
    return Asked(title=listing.title, act=f"LIST_FOR_{listing.mode}", other=listing.exchange)


def asked_to_license(request: Request, now: datetime) -> Asked:
    return Asked(
        title=request.offer.title,
        act=LICENSING_ACT[request.offer.kind],
        extent=request.extent.ahead_of(now),
        price=request.offer.price,
        other=request.licensee,
    )


def asked_to_pledge(title: Title, pledgee: str, matures_on: date, now: datetime) -> Asked:
    term = Extent(now, min(end_of(matures_on), title.end), frozenset())
    return Asked(title=title, act="PLACE_PLEDGE", extent=term, other=pledgee)
