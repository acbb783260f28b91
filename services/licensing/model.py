"""The nouns of chapter 7: offer, negotiation, license, and what somebody wants to license."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from services.certificates.model import (
    Attempt,
    Burdens,
    Certificate,
    EncumbranceKind,
    Operation,
    Scope,
)
from services.money import Money


class LicenseKind(StrEnum):
    """Whom a license excludes (SPC Technology Contract Interpretation, Art. 25).

    EXCLUSIVE: everybody, the holder too. SOLE: everybody but the holder. NON_EXCLUSIVE: nobody.
    """

    EXCLUSIVE = "EXCLUSIVE"
    SOLE = "SOLE"
    NON_EXCLUSIVE = "NON_EXCLUSIVE"

    @property
    def burden(self) -> EncumbranceKind | None:
        """The encumbrance a license of this kind lays on its certificate."""
        return _BURDENS.get(self)

    @property
    def excludes_others(self) -> bool:
        return self.burden is not None

    @property
    def operation(self) -> Operation:
        """The row of the matrix a grant of this kind belongs to."""
        return Operation.LICENSE_EXCLUSIVELY if self.excludes_others else Operation.LICENSE


_BURDENS = {
    LicenseKind.EXCLUSIVE: EncumbranceKind.EXCLUSIVE_LICENSE,
    LicenseKind.SOLE: EncumbranceKind.SOLE_LICENSE,
}


class OfferStatus(StrEnum):
    """EXPIRED (its period is over) and VOIDED (its certificate has ended) are never stored."""

    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"


class OfferEvent(StrEnum):
    WITHDRAWN = "WITHDRAWN"


OFFER_TRANSITIONS: dict[tuple[OfferStatus, OfferEvent], OfferStatus] = {
    (OfferStatus.PUBLISHED, OfferEvent.WITHDRAWN): OfferStatus.WITHDRAWN,
}


class NegotiationStatus(StrEnum):
    """Names of the Eclipse Dataspace Protocol, as far as the register uses them today."""

    REQUESTED = "REQUESTED"
    FINALIZED = "FINALIZED"
    TERMINATED = "TERMINATED"


class NegotiationEvent(StrEnum):
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


NEGOTIATION_TRANSITIONS: dict[tuple[NegotiationStatus, NegotiationEvent], NegotiationStatus] = {
    (NegotiationStatus.REQUESTED, NegotiationEvent.GRANTED): NegotiationStatus.FINALIZED,
    (NegotiationStatus.REQUESTED, NegotiationEvent.REFUSED): NegotiationStatus.TERMINATED,
    (NegotiationStatus.REQUESTED, NegotiationEvent.WITHDRAWN): NegotiationStatus.TERMINATED,
}


class LicenseStatus(StrEnum):
    """Only ACTIVE and TERMINATED are stored. IMPAIRED: the certificate it rests on has ended."""

    ACTIVE = "ACTIVE"
    TERMINATED = "TERMINATED"
    PENDING_EFFECT = "PENDING_EFFECT"
    EXPIRED = "EXPIRED"
    IMPAIRED = "IMPAIRED"


class LicenseEvent(StrEnum):
    TERMINATED = "TERMINATED"


LICENSE_TRANSITIONS: dict[tuple[LicenseStatus, LicenseEvent], LicenseStatus] = {
    (LicenseStatus.ACTIVE, LicenseEvent.TERMINATED): LicenseStatus.TERMINATED,
}


class LicenseLimit(StrEnum):
    """What decides when a license's effect ends; the last four end its certificate."""

    TERMINATION = "TERMINATION"
    AGREED_END = "AGREED_END"
    VALIDITY = "VALIDITY"
    SOURCE_AUTHORISATION = "SOURCE_AUTHORISATION"
    CANCELLATION = "CANCELLATION"
    REVOCATION = "REVOCATION"


def not_before(scope: Scope, now: datetime) -> Scope:
    """The part of a scope that is not past: nothing is offered or licensed backwards."""
    return replace(scope, begin=max(scope.begin, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTerms:
    """Terms on which a holder will license. Every license under it lies inside `scope`.

    `price` is what one license costs, whatever part of the scope it takes.
    """

    certificate_id: str
    kind: LicenseKind
    scope: Scope
    price: Money
    name: str
    description: str

    @property
    def attempt(self) -> Attempt:
        return Attempt(operation=Operation.PUBLISH_OFFER, scope=self.scope, price=self.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A published offer never changes: whoever wants other terms withdraws it for a new one."""

    id: str
    terms: OfferTerms
    status: OfferStatus
    published_at: datetime
    withdrawn_at: datetime | None = None

    def after(self, event: OfferEvent, at: datetime) -> Self:
        assert (self.status, event) in OFFER_TRANSITIONS, (self.status, event)
        return replace(self, status=OFFER_TRANSITIONS[self.status, event], withdrawn_at=at)

    def status_by_itself(self, now: datetime) -> OfferStatus:
        """What acts and time have made of it; the certificate is left out."""
        if self.status is OfferStatus.PUBLISHED and now >= self.terms.scope.end:
            return OfferStatus.EXPIRED
        return self.status

    def effective_status(self, certificate: Certificate, now: datetime) -> OfferStatus:
        status = self.status_by_itself(now)
        if status is OfferStatus.PUBLISHED and not certificate.is_in_force(now):
            return OfferStatus.VOIDED
        return status


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTerms:
    """What a licensee wants under an offer."""

    offer_id: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTerms:
    """Which request is granted, on the certificate as the licensor saw it."""

    negotiation_id: str
    expected_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A license somebody wants, asked about or to be granted. `None` leaves it open."""

    kind: LicenseKind
    scope: Scope
    price: Money | None
    licensee_id: str | None = None

    @property
    def attempt(self) -> Attempt:
        return Attempt(
            operation=self.kind.operation,
            scope=self.scope,
            price=self.price,
            counterparty_id=self.licensee_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiation:
    """From a request to a license, or to nothing. One that has ended is never used again."""

    id: str
    licensee_id: str
    terms: RequestTerms
    status: NegotiationStatus
    requested_at: datetime
    closed_at: datetime | None = None
    closed_because: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status is NegotiationStatus.REQUESTED

    @property
    def allowed_events(self) -> list[NegotiationEvent]:
        return [event for status, event in NEGOTIATION_TRANSITIONS if status is self.status]

    def after(self, event: NegotiationEvent, at: datetime, because: str | None = None) -> Self:
        assert (self.status, event) in NEGOTIATION_TRANSITIONS, (self.status, event)
        status = NEGOTIATION_TRANSITIONS[self.status, event]
        return replace(self, status=status, closed_at=at, closed_because=because)

    def wanted(self, offer: Offer, now: datetime) -> Wanted:
        """What a grant at `now` would give: kind and price of the offer, from now on."""
        return Wanted(
            kind=offer.terms.kind,
            scope=not_before(self.terms.scope, now),
            price=offer.terms.price,
            licensee_id=self.licensee_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """Permission under a certificate, for a scope that was agreed and never changes.

    What is effective looks at the certificate too: no license outlives it.
    """

    id: str
    certificate_id: str
    negotiation_id: str
    licensee_id: str
    kind: LicenseKind
    scope: Scope
    price: Money
    status: LicenseStatus
    granted_at: datetime
    terminated_at: datetime | None = None
    terminated_because: str | None = None
    expiry_recorded_at: datetime | None = None

    def after(self, event: LicenseEvent, at: datetime, because: str) -> Self:
        assert (self.status, event) in LICENSE_TRANSITIONS, (self.status, event)
        status = LICENSE_TRANSITIONS[self.status, event]
        return replace(self, status=status, terminated_at=at, terminated_because=because)

    def effective_status(self, certificate: Certificate, now: datetime) -> LicenseStatus:
        if self.status is LicenseStatus.TERMINATED:
            return LicenseStatus.TERMINATED
        if now >= self.scope.end:
            return LicenseStatus.EXPIRED
        if not certificate.is_in_force(now):
            return LicenseStatus.IMPAIRED
        begun = now >= self.scope.begin
        return LicenseStatus.ACTIVE if begun else LicenseStatus.PENDING_EFFECT

    def effective_end(self, certificate: Certificate) -> datetime:
        """The earliest of the agreed end, a termination, and the certificate's own end."""
        end = min(self.scope.end, certificate.effective_end)
        return min(end, self.terminated_at) if self.terminated_at else end

    def binding_limit(self, certificate: Certificate) -> LicenseLimit:
        """Which of the limits is the effective end."""
        end = self.effective_end(certificate)
        if self.terminated_at == end:
            return LicenseLimit.TERMINATION
        if self.scope.end == end:
            return LicenseLimit.AGREED_END
        return LicenseLimit(certificate.binding_limit)

    def is_running(self, now: datetime) -> bool:
        """In force or to come into force; the certificate is left out."""
        return self.status is LicenseStatus.ACTIVE and now < self.scope.end

    def stands_against(self, wanted: Wanted, now: datetime) -> bool:
        """Whether `wanted` would exclude the licensee of this license from what it has.

        Licenses that exclude others are not asked: their encumbrance speaks for them.
        """
        return (
            wanted.kind.excludes_others
            and not self.kind.excludes_others
            and self.is_running(now)
            and self.scope.overlaps(wanted.scope)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a grant is judged by, apart from who grants; without an offer, the title alone."""

    certificate: Certificate
    burdens: Burdens
    licenses: Sequence[License] = ()
    offer: Offer | None = None

    def holds_open(self, now: datetime) -> bool:
        """Whether the offer, if there is one, is neither withdrawn nor over."""
        return self.offer is None or self.offer.status_by_itself(now) is OfferStatus.PUBLISHED

    def offers(self, wanted: Wanted) -> bool:
        """Whether the offer, if there is one, has kind, price and scope of what is wanted."""
        if self.offer is None:
            return True
        terms = self.offer.terms
        same = (terms.kind, terms.price) == (wanted.kind, wanted.price)
        return same and terms.scope.contains(wanted.scope)
