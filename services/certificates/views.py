"""What may be read of certificates, encumbrances, consents and freezes, and by whom."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ledger.keeping.log import RecordedEvent
from services.applications.model import ProductKind
from services.certificates.model import CertificateStatus, EncumbranceKind, Limit
from services.certificates.store import certificates, consents, encumbrances, freezes
from services.general import LONGEST_NAME
from services.registry import Registry
from services.tables import UtcInstant
from services.views import Asking, Condition, Relation, View, seen_by

_c = certificates.c


def _earliest(
    end: sa.ColumnElement[datetime], *others: sa.ColumnElement[datetime]
) -> sa.ColumnElement[datetime]:
    """The earliest of several instants, of which all but the first may be null."""
    for other in others:
        end = sa.case((other < end, other), else_=end)
    return end


EFFECTIVE_END = _earliest(_c.valid_until, _c.source_authorised_until, _c.ended_at)


def effective_status(asking: Asking) -> sa.ColumnElement[CertificateStatus]:
    expired = sa.and_(_c.status == CertificateStatus.ACTIVE, asking.now >= EFFECTIVE_END)
    return sa.case(
        (expired, sa.literal(CertificateStatus.EXPIRED, _c.status.type)), else_=_c.status
    )


def in_force(asking: Asking) -> Condition:
    """For views of rights that rest on a certificate joined in their source."""
    return sa.and_(_c.status == CertificateStatus.ACTIVE, asking.now < EFFECTIVE_END)


_BINDING_LIMIT = sa.case(
    (
        _c.ended_at == EFFECTIVE_END,
        sa.case(
            (_c.status == CertificateStatus.CANCELLED, Limit.CANCELLATION), else_=Limit.REVOCATION
        ),
    ),
    (_c.source_authorised_until == EFFECTIVE_END, Limit.SOURCE_AUTHORISATION),
    else_=Limit.VALIDITY,
)

CERTIFICATE = View(
    name="Certificate",
    source=certificates,
    fields={
        "id": _c.id,
        "number": _c.number,
        "application_id": _c.application_id,
        "holder_id": _c.holder_id,
        "product_name": _c.product_name,
        "kind": _c.kind,
        "industry": _c.industry,
        "content_hash": _c.content_hash,
        "profile": _c.profile,
        "lifecycle": _c.status,
        "effective_status": effective_status,
        "issued_at": _c.issued_at,
        "valid_until": _c.valid_until,
        "source_authorised_until": _c.source_authorised_until,
        "effective_end": EFFECTIVE_END,
        "binding_limit": _BINDING_LIMIT,
        "version": _c.version,
        "ended_at": _c.ended_at,
        "ended_because": _c.ended_because,
        "as_of": lambda asking: sa.literal(asking.now, UtcInstant),
    },
    visible=lambda _: sa.true(),
    order=("issued_at", "id"),
    newest_first=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFilter:
    """Which certificates are wanted; what is None does not matter."""

    holder_id: str | None = None
    kind: ProductKind | None = None
    industry: str | None = None
    effective_status: Sequence[CertificateStatus] | None = None
    product_name_contains: str | None = None
    ends_before: datetime | None = None

    def conditions(self) -> list[Callable[[Asking], Condition]]:
        wanted: list[Callable[[Asking], Condition] | None] = [
            _equals(_c.holder_id, self.holder_id),
            _equals(_c.kind, self.kind),
            _equals(_c.industry, self.industry),
            self._has_status,
            self._is_named,
            self._ends_early,
        ]
        return [condition for condition in wanted if condition is not None]

    def _has_status(self, asking: Asking) -> Condition:
        if self.effective_status is None:
            return sa.true()
        return effective_status(asking).in_(self.effective_status)

    def _is_named(self, _: Asking) -> Condition:
        wanted = self.product_name_contains
        if wanted is None:
            return sa.true()
        # No name is longer, and SQLite gives up on a LIKE with too long a pattern.
        if len(wanted) > LONGEST_NAME:
            return sa.false()
        return _c.product_name.icontains(wanted, autoescape=True)

    def _ends_early(self, _: Asking) -> Condition:
        return sa.true() if self.ends_before is None else self.ends_before > EFFECTIVE_END


def _equals(
    column: sa.ColumnElement[str], value: str | None
) -> Callable[[Asking], Condition] | None:
    return None if value is None else lambda _: column == value


_e = encumbrances.c
_BURDENED = encumbrances.join(certificates, _e.certificate_id == _c.id)


def _knows_whom_it_protects(asking: Asking) -> Condition:
    """A pledgee stands in the register; a licensee is known to the parties and the office."""
    return sa.or_(
        _e.kind == EncumbranceKind.PLEDGE,
        asking.is_party(_e.protects),
        asking.is_party(_c.holder_id),
        asking.is_of_the_office(),
    )


def encumbrance_is_active(asking: Asking) -> Condition:
    not_over = sa.or_(_e.until.is_(None), asking.now < _e.until)
    return sa.and_(_e.lifted_at.is_(None), not_over)


ENCUMBRANCE = View(
    name="Encumbrance",
    source=_BURDENED,
    fields={
        "id": _e.id,
        "certificate_id": _e.certificate_id,
        "kind": _e.kind,
        "instrument_id": _e.instrument_id,
        "protects": seen_by(_knows_whom_it_protects, _e.protects),
        "since": _e.since,
        "until": _e.until,
        "territories": _e.territories,
        "fields_of_use": _e.fields_of_use,
        "lifted_at": _e.lifted_at,
        "active": encumbrance_is_active,
    },
    visible=lambda _: sa.true(),
    order=("since", "id"),
)

ENCUMBRANCES_OF_CERTIFICATE = Relation(ENCUMBRANCE, "certificate_id")

_n = consents.c

CONSENT = View(
    name="Consent",
    source=consents.join(certificates, _n.certificate_id == _c.id),
    fields={name: _n[name] for name in consents.c.keys()},  # noqa: SIM118 - columns, not a dict.
    visible=lambda asking: sa.or_(
        asking.is_party(_n.given_by),
        asking.is_party(_c.holder_id),
        asking.is_party(_n.counterparty_id),
        asking.is_of_the_office(),
    ),
    order=("given_at", "id"),
)

CONSENTS_ON_CERTIFICATE = Relation(CONSENT, "certificate_id")

_f = freezes.c

FREEZE = View(
    name="Freeze",
    source=freezes.join(certificates, _f.certificate_id == _c.id),
    fields={
        "id": _f.id,
        "certificate_id": _f.certificate_id,
        "kind": _f.kind,
        "authority": _f.authority,
        "instrument_number": seen_by(
            lambda asking: sa.or_(asking.is_party(_c.holder_id), asking.is_of_the_office()),
            _f.instrument_number,
        ),
        "until": _f.until,
        "placed_at": _f.placed_at,
        "lifted_at": _f.lifted_at,
    },
    visible=lambda _: sa.true(),
    order=("placed_at", "id"),
)


async def history_of(registry: Registry, number: str) -> list[RecordedEvent]:
    """Every event on a certificate's chain, oldest first. Callers show the public facts only."""
    async with registry.reading() as tx:
        return await tx.log.events_of(tx.connection, number)
