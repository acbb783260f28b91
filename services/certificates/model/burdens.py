"""Encumbrances: what burdens a certificate, which acts it forbids, and who may consent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.certificates.model.scope import Scope
from services.money import Money
from services.periods import whole_months_cover


class EncumbranceKind(StrEnum):
    PLEDGE = "PLEDGE"
    EXCLUSIVE_LICENSE = "EXCLUSIVE_LICENSE"
    SOLE_LICENSE = "SOLE_LICENSE"
    FREEZE = "FREEZE"


class Operation(StrEnum):
    """What a holder may want to do with a certificate: the rows of the matrix."""

    LICENSE = "LICENSE"
    LICENSE_EXCLUSIVELY = "LICENSE_EXCLUSIVELY"
    PUBLISH_OFFER = "PUBLISH_OFFER"
    LIST_FOR_LICENSING = "LIST_FOR_LICENSING"
    LIST_FOR_TITLE_SALE = "LIST_FOR_TITLE_SALE"
    PLACE_PLEDGE = "PLACE_PLEDGE"
    CANCEL = "CANCEL"


class Effect(StrEnum):
    """What an encumbrance does to an operation."""

    ALLOWS = "ALLOWS"
    NEEDS_CONSENT = "NEEDS_CONSENT"
    FORBIDS = "FORBIDS"
    FORBIDS_IN_OVERLAP = "FORBIDS_IN_OVERLAP"


_MATRIX = """
                     PLEDGE         EXCLUSIVE_LICENSE   SOLE_LICENSE        FREEZE
LICENSE              NEEDS_CONSENT  FORBIDS_IN_OVERLAP  FORBIDS_IN_OVERLAP  FORBIDS
LICENSE_EXCLUSIVELY  NEEDS_CONSENT  FORBIDS_IN_OVERLAP  FORBIDS_IN_OVERLAP  FORBIDS
PUBLISH_OFFER        NEEDS_CONSENT  FORBIDS_IN_OVERLAP  FORBIDS_IN_OVERLAP  FORBIDS
LIST_FOR_LICENSING   NEEDS_CONSENT  FORBIDS_IN_OVERLAP  FORBIDS_IN_OVERLAP  FORBIDS
LIST_FOR_TITLE_SALE  NEEDS_CONSENT  ALLOWS              ALLOWS              FORBIDS
PLACE_PLEDGE         NEEDS_CONSENT  ALLOWS              ALLOWS              FORBIDS
CANCEL               NEEDS_CONSENT  NEEDS_CONSENT       NEEDS_CONSENT       FORBIDS
"""


def _read(picture: str) -> dict[tuple[Operation, EncumbranceKind], Effect]:
    header, *rows = (line.split() for line in picture.strip().splitlines())
    return {
        (Operation(row[0]), EncumbranceKind(kind)): Effect(row[1 + n])
        for row in rows
        for n, kind in enumerate(header)
    }


EFFECTS = _read(_MATRIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encumbrance:
    """A burden on a certificate, from `since` until it is lifted or its own end has come.

    `instrument_id` is the pledge, license or freeze behind it. `protects` is the party whose
    consent opens what it closes; nobody can consent against a freeze.
    """

    id: str
    certificate_id: str
    kind: EncumbranceKind
    instrument_id: str
    protects: str | None
    since: datetime
    until: datetime | None = None
    territories: frozenset[str] = frozenset()
    fields_of_use: frozenset[str] = frozenset()
    lifted_at: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        return self.lifted_at is None and (self.until is None or now < self.until)

    def effect_on(self, operation: Operation) -> Effect:
        return EFFECTS[operation, self.kind]

    def forbids(self, attempt: "Attempt") -> bool:
        effect = self.effect_on(attempt.operation)
        return effect is Effect.FORBIDS or (
            effect is Effect.FORBIDS_IN_OVERLAP
            and (attempt.scope is None or self._touches(attempt.scope))
        )

    def needs_consent_to(self, operation: Operation) -> bool:
        return self.effect_on(operation) is Effect.NEEDS_CONSENT

    def _touches(self, scope: Scope) -> bool:
        own = Scope(
            begin=self.since,
            end=self.until or scope.end,
            territories=self.territories,
            fields_of_use=self.fields_of_use,
        )
        return own.overlaps(scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is about to be done with a certificate, in the words a consent can be given in."""

    operation: Operation
    scope: Scope | None = None
    price: Money | None = None
    counterparty_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentTerms:
    """What is consented to. A standing consent serves any number of acts, another only one.

    `longest_months` and `lowest_price` are conditions; None sets none. `proceeds_to` is the
    account that receives the proceeds, as the parties write it (Civil Code 444).
    """

    encumbrance_id: str
    operation: Operation
    standing: bool = False
    counterparty_id: str | None = None
    longest_months: int | None = None
    lowest_price: Money | None = None
    proceeds_to: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    id: str
    certificate_id: str
    given_by: str
    given_at: datetime
    terms: ConsentTerms
    revoked_at: datetime | None = None
    consumed_at: datetime | None = None
    consumed_by: str | None = None

    def is_open(self, now: datetime) -> bool:
        """Neither revoked, nor used up, nor past its own end."""
        lasts = self.terms.until is None or now < self.terms.until
        return lasts and self.revoked_at is None and self.consumed_at is None

    def covers(self, attempt: Attempt, now: datetime) -> bool:
        terms = self.terms
        return (
            self.is_open(now)
            and terms.operation is attempt.operation
            and terms.counterparty_id in (None, attempt.counterparty_id)
            and _short_enough(terms.longest_months, attempt.scope)
            and _dear_enough(terms.lowest_price, attempt.price)
        )


@dataclass(frozen=True, slots=True)
class Burdens:
    """All that lies on a certificate, and every consent given about it."""

    encumbrances: Sequence[Encumbrance] = ()
    consents: Sequence[Consent] = ()

    def active(self, now: datetime) -> list[Encumbrance]:
        return [e for e in self.encumbrances if e.is_active(now)]

    def forbidding(self, attempt: Attempt, now: datetime) -> list[Encumbrance]:
        return [e for e in self.active(now) if e.forbids(attempt)]

    def without_consent(self, attempt: Attempt, now: datetime) -> list[Encumbrance]:
        """The encumbrances whose protected party would have to consent and has not."""
        return [
            e
            for e in self.active(now)
            if e.needs_consent_to(attempt.operation) and self.consent_of(e, attempt, now) is None
        ]

    def consent_of(self, burden: Encumbrance, attempt: Attempt, now: datetime) -> Consent | None:
        """The consent that opens `burden` for this attempt: a standing one before a single one."""
        fitting = [
            consent
            for consent in self.consents
            if consent.terms.encumbrance_id == burden.id and consent.covers(attempt, now)
        ]
        return min(fitting, key=lambda c: (not c.terms.standing, c.given_at, c.id), default=None)

    def consents_used(self, attempt: Attempt, now: datetime) -> list[Consent]:
        """The consents this attempt rests on."""
        needed = [e for e in self.active(now) if e.needs_consent_to(attempt.operation)]
        used = [self.consent_of(burden, attempt, now) for burden in needed]
        return [consent for consent in used if consent is not None]


def _short_enough(longest_months: int | None, scope: Scope | None) -> bool:
    if longest_months is None:
        return True
    return scope is not None and whole_months_cover(scope.begin, scope.end, longest_months)


def _dear_enough(lowest: Money | None, price: Money | None) -> bool:
    if lowest is None:
        return True
    return price is not None and price.is_in(lowest.currency) and lowest <= price


class FreezeKind(StrEnum):
    COURT_PRESERVATION = "COURT_PRESERVATION"
    OWNERSHIP_DISPUTE = "OWNERSHIP_DISPUTE"
    REGULATORY = "REGULATORY"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeTerms:
    """An order that stops the holder's acts until `until`, when it ends by itself."""

    certificate_id: str
    kind: FreezeKind
    authority: str
    instrument_number: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    id: str
    terms: FreezeTerms
    placed_at: datetime
    lifted_at: datetime | None = None
    lapse_recorded_at: datetime | None = None
