"""The nouns of chapter 8: a certificate as collateral, and the pledges on it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from services.certificates.model import (
    Attempt,
    Burdens,
    Certificate,
    Encumbrance,
    EncumbranceKind,
    Operation,
    Scope,
)
from services.money import Money
from services.periods import end_of, legal_day
from services.profiles import RuleProfile


class PledgeStatus(StrEnum):
    """Where a pledge is in its life. IMPAIRED is never stored: its certificate is asked."""

    SUBMITTED = "SUBMITTED"
    REGISTERED = "REGISTERED"
    IMPAIRED = "IMPAIRED"
    DISCHARGED = "DISCHARGED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


class PledgeEvent(StrEnum):
    REGISTERED = "REGISTERED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    RELEASED = "RELEASED"


TRANSITIONS: dict[tuple[PledgeStatus, PledgeEvent], PledgeStatus] = {
    (PledgeStatus.SUBMITTED, PledgeEvent.REGISTERED): PledgeStatus.REGISTERED,
    (PledgeStatus.SUBMITTED, PledgeEvent.DECLINED): PledgeStatus.REFUSED,
    (PledgeStatus.SUBMITTED, PledgeEvent.WITHDRAWN): PledgeStatus.WITHDRAWN,
    (PledgeStatus.REGISTERED, PledgeEvent.RELEASED): PledgeStatus.DISCHARGED,
}


class ReleaseReason(StrEnum):
    """Why a pledge ends (Civil Code 393)."""

    PAID = "PAID"
    WAIVED = "WAIVED"
    REALISED = "REALISED"
    MAIN_CONTRACT_VOID = "MAIN_CONTRACT_VOID"
    COLLATERAL_LOST = "COLLATERAL_LOST"
    COURT_ORDER = "COURT_ORDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeTerms:
    """What is to be pledged to whom, for which debt. It falls due at the end of `matures_on`.

    `expected_version` is the version of the certificate the pledgor has seen.
    """

    certificate_id: str
    pledgee_id: str
    secured_amount: Money
    matures_on: date
    expected_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledge:
    """A right in a certificate that secures a debt; created by its registration, not before.

    `sequence` counts the registrations on the certificate from 1 and is never given again.
    The rank is the place among those that still bind, in this order (Civil Code 414).
    """

    id: str
    certificate_id: str
    pledgor_id: str
    pledgee_id: str
    secured_amount: Money
    matures_on: date
    status: PledgeStatus
    placed_at: datetime
    sequence: int | None = None
    registered_at: datetime | None = None
    ended_at: datetime | None = None
    release_reason: ReleaseReason | None = None

    def effective_status(self, certificate: Certificate, now: datetime) -> PledgeStatus:
        """A registered pledge stays when its certificate ends, but secures little."""
        if self.status is PledgeStatus.REGISTERED and not certificate.is_in_force(now):
            return PledgeStatus.IMPAIRED
        return self.status

    @property
    def allowed_events(self) -> list[PledgeEvent]:
        return [event for status, event in TRANSITIONS if status is self.status]

    def registered(self, sequence: int, at: datetime) -> Self:
        return replace(self._after(PledgeEvent.REGISTERED), sequence=sequence, registered_at=at)

    def ended(self, event: PledgeEvent, at: datetime, reason: ReleaseReason | None = None) -> Self:
        return replace(self._after(event), ended_at=at, release_reason=reason)

    def _after(self, event: PledgeEvent) -> Self:
        assert (self.status, event) in TRANSITIONS, (self.status, event)
        return replace(self, status=TRANSITIONS[self.status, event])


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """A certificate as a lender looks at it: with all that burdens it, and its rule profile."""

    certificate: Certificate
    burdens: Burdens
    profile: RuleProfile

    def binding_pledges(self, now: datetime) -> list[Encumbrance]:
        return [e for e in self.burdens.active(now) if e.kind is EncumbranceKind.PLEDGE]

    def rank_if_registered(self, now: datetime) -> int:
        return len(self.binding_pledges(now)) + 1

    def outlasts(self, matures_on: date) -> bool:
        """Whether a debt falls due, at the end of a day, no later than the certificate ends.

        Days are compared, not instants, so that every day of the calendar can be asked about.
        """
        return matures_on < legal_day(self.certificate.effective_end)

    def attempt(self, pledgee_id: str | None, matures_on: date, now: datetime) -> Attempt:
        """A pledge that binds until its debt falls due, and never beyond the certificate."""
        last = self.certificate.effective_end
        end = end_of(matures_on) if self.outlasts(matures_on) else last
        return Attempt(
            operation=Operation.PLACE_PLEDGE,
            scope=Scope(begin=now, end=end),
            counterparty_id=pledgee_id,
        )
