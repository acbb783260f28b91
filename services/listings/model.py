"""The nouns of chapter 6: a listing, and what the register knows when one is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from services.certificates.model import (
    Attempt,
    Burdens,
    Certificate,
    Encumbrance,
    EncumbranceKind,
    Operation,
)
from services.parties.model import Party


class TradeMode(StrEnum):
    """What an exchange lists a certificate for."""

    LICENSING = "LICENSING"
    TITLE_SALE = "TITLE_SALE"


OPERATIONS = {
    TradeMode.LICENSING: Operation.LIST_FOR_LICENSING,
    TradeMode.TITLE_SALE: Operation.LIST_FOR_TITLE_SALE,
}


class ListingStatus(StrEnum):
    SUBMITTED = "SUBMITTED"
    LISTED = "LISTED"
    SUSPENDED = "SUSPENDED"
    DELISTED = "DELISTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class ListingEvent(StrEnum):
    ADMITTED = "ADMITTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    SUSPENDED = "SUSPENDED"
    RESUMED = "RESUMED"
    DELISTED = "DELISTED"


TRANSITIONS: dict[tuple[ListingStatus, ListingEvent], ListingStatus] = {
    (ListingStatus.SUBMITTED, ListingEvent.ADMITTED): ListingStatus.LISTED,
    (ListingStatus.SUBMITTED, ListingEvent.REJECTED): ListingStatus.REJECTED,
    (ListingStatus.SUBMITTED, ListingEvent.WITHDRAWN): ListingStatus.WITHDRAWN,
    (ListingStatus.LISTED, ListingEvent.SUSPENDED): ListingStatus.SUSPENDED,
    (ListingStatus.LISTED, ListingEvent.DELISTED): ListingStatus.DELISTED,
    (ListingStatus.SUSPENDED, ListingEvent.RESUMED): ListingStatus.LISTED,
    (ListingStatus.SUSPENDED, ListingEvent.DELISTED): ListingStatus.DELISTED,
}

SHOWN = frozenset({ListingStatus.LISTED, ListingStatus.SUSPENDED})
LIVE = SHOWN | {ListingStatus.SUBMITTED}


def attempt_to_list(exchange_id: str, mode: TradeMode) -> Attempt:
    """A listing in the words of consents: in this mode, and on this exchange."""
    return Attempt(operation=OPERATIONS[mode], counterparty_id=exchange_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTerms:
    certificate_id: str
    exchange_id: str
    mode: TradeMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A certificate on the list of an exchange, or on its way there.

    `listed_at` is when the exchange last admitted or resumed it; `reasons` are those of the
    last act, if it gave any.
    """

    id: str
    certificate_id: str
    exchange_id: str
    mode: TradeMode
    status: ListingStatus
    requested_at: datetime
    listed_at: datetime | None = None
    ended_at: datetime | None = None
    reasons: str | None = None

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def is_shown(self) -> bool:
        return self.status in SHOWN

    def effective_status(
        self, certificate: Certificate, burdens: Burdens, now: datetime
    ) -> ListingStatus:
        """A listing falls with its certificate, and rests while something holds it up."""
        if self.has_fallen_with(certificate, now):
            return ListingStatus.DELISTED
        held_up = any(self._is_held_up_by(burden, burdens, now) for burden in burdens.active(now))
        if self.status is ListingStatus.LISTED and held_up:
            return ListingStatus.SUSPENDED
        return self.status

    def _is_held_up_by(self, burden: Encumbrance, burdens: Burdens, now: datetime) -> bool:
        """By a freeze, and by a pledge of later whose pledgee has given no standing consent.

        What stood when the exchange admitted the listing was judged then. A consent for one
        act opens the listing again only through that act: the exchange resumes it.
        """
        if burden.kind is EncumbranceKind.FREEZE:
            return True
        is_later_pledge = (
            burden.kind is EncumbranceKind.PLEDGE
            and self.listed_at is not None
            and self.listed_at < burden.since
        )
        attempt = attempt_to_list(self.exchange_id, self.mode)
        return is_later_pledge and not any(
            consent.terms.encumbrance_id == burden.id
            and consent.terms.standing
            and consent.covers(attempt, now)
            for consent in burdens.consents
        )

    def has_fallen_with(self, certificate: Certificate, now: datetime) -> bool:
        return self.is_shown and not certificate.is_in_force(now)

    def as_it_fell(self, certificate: Certificate, now: datetime) -> Self:
        """The listing, delisted if its certificate has ended; what holds it up is left out."""
        has_fallen = self.has_fallen_with(certificate, now)
        return replace(self, status=ListingStatus.DELISTED) if has_fallen else self

    def as_it_stands(self, certificate: Certificate, burdens: Burdens, now: datetime) -> Self:
        """The listing with the status that time and the certificate have given it."""
        return replace(self, status=self.effective_status(certificate, burdens, now))

    @property
    def allowed_events(self) -> list[ListingEvent]:
        return [event for status, event in TRANSITIONS if status is self.status]

    def after(self, event: ListingEvent, at: datetime, reasons: str | None = None) -> Self:
        assert (self.status, event) in TRANSITIONS, (self.status, event)
        status = TRANSITIONS[self.status, event]
        return replace(
            self,
            status=status,
            listed_at=at if status is ListingStatus.LISTED else self.listed_at,
            ended_at=None if status in LIVE else at,
            reasons=reasons,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A certificate somebody wants listed: its burdens, and its other live listings."""

    certificate: Certificate
    burdens: Burdens
    exchange: Party
    mode: TradeMode
    others: Sequence[Listing] = ()

    @property
    def attempt(self) -> Attempt:
        return attempt_to_list(self.exchange.id, self.mode)

    @property
    def same_already(self) -> Listing | None:
        """The live listing on this exchange in this mode."""
        return next((other for other in self._in_this_mode if self._is_here(other)), None)

    @property
    def title_sale_elsewhere(self) -> Listing | None:
        """The listing for sale of title that another exchange shows, if this is to be one."""
        if self.mode is not TradeMode.TITLE_SALE:
            return None
        shown = (o for o in self._in_this_mode if o.is_shown and not self._is_here(o))
        return next(shown, None)

    @property
    def _in_this_mode(self) -> list[Listing]:
        return [other for other in self.others if other.is_live and other.mode is self.mode]

    def _is_here(self, listing: Listing) -> bool:
        return listing.exchange_id == self.exchange.id
