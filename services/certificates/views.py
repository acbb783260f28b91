"""What may be read of certificates, encumbrances, consents and freezes, and by whom."""

import sqlalchemy as sa

from services.certificates.model import CertificateStatus, EncumbranceKind, Limit
from services.certificates.store import certificates, consents, encumbrances, freezes
from services.tables import UtcInstant, contains, earliest
from services.views import (
    Asking,
    Column,
    Condition,
    Criterion,
    ToMany,
    View,
    any_of,
    equal_to,
    seen_by,
)

_c = certificates.c


EFFECTIVE_END = earliest(_c.valid_until, _c.source_authorised_until, _c.ended_at)


def effective_status(asking: Asking) -> sa.ColumnElement[CertificateStatus]:
    expired = sa.and_(_c.status == CertificateStatus.ACTIVE, asking.now >= EFFECTIVE_END)
    return sa.case(
        (expired, sa.literal(CertificateStatus.EXPIRED, _c.status.type)), else_=_c.status
    )


def in_force(asking: Asking) -> Condition:
    """For views of rights that rest on a certificate joined in their source."""
    return sa.and_(_c.status == CertificateStatus.ACTIVE, asking.now < EFFECTIVE_END)


_held = certificates.alias("held")


def is_held_by_asker(asking: Asking, certificate_id: Column) -> Condition:
    """The asker holds the certificate with this id. It can be found by the holder, unlike a
    condition on a certificate that is joined, which beside another would be asked of every row.
    """
    held = sa.select(_held.c.id).where(asking.is_party(_held.c.holder_id))
    return certificate_id.in_(held)


def holds(asking: Asking, certificate_id: Column) -> Condition:
    """The same, to be asked of rows that are found by something else."""
    return sa.exists().where(_held.c.id == certificate_id, asking.is_party(_held.c.holder_id))


_LIMITS = {limit: sa.literal(limit.value) for limit in Limit}
_ENDED_BY = sa.case(
    (_c.status == CertificateStatus.CANCELLED, _LIMITS[Limit.CANCELLATION]),
    else_=_LIMITS[Limit.REVOCATION],
)
_BINDING_LIMIT = sa.case(
    (_c.ended_at == EFFECTIVE_END, _ENDED_BY),
    (_c.source_authorised_until == EFFECTIVE_END, _LIMITS[Limit.SOURCE_AUTHORISATION]),
    else_=_LIMITS[Limit.VALIDITY],
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
        "as_of": lambda asking: asking.now,
    },
    visible=lambda _: sa.true(),
    order=("issued_at", "id"),
    newest_first=True,
    criteria={
        "holder_id": equal_to(_c.holder_id),
        "kind": equal_to(_c.kind),
        "industry": equal_to(_c.industry),
        "effective_status": any_of(effective_status, _c.status.type),
        "product_name_contains": Criterion(
            lambda _, wanted: contains(_c.product_name, wanted), (sa.String(),)
        ),
        "ends_before": Criterion(lambda _, instant: instant > EFFECTIVE_END, (UtcInstant(),)),
    },
)


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

ENCUMBRANCES_OF_CERTIFICATE = ToMany(
    ENCUMBRANCE, "certificate_id", unless={"ended": encumbrance_is_active}
)

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

CONSENTS_ON_CERTIFICATE = ToMany(CONSENT, "certificate_id")

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
