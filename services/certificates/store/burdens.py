"""Tables of encumbrances, consents and freezes."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from services.certificates.model import (
    Burdens,
    Certificate,
    Consent,
    ConsentTerms,
    Encumbrance,
    EncumbranceKind,
    Freeze,
    FreezeKind,
    FreezeTerms,
    Operation,
)
from services.certificates.store.title import certificates, lock_certificate
from services.locks import refers_to
from services.money import Currency, Money
from services.parties.store import parties
from services.registry import Transaction
from services.rows import add_row, columns_of, row_with, rows_with
from services.tables import Names, UtcInstant, metadata, one_of

encumbrances = sa.Table(
    "encumbrances",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("certificate_id", sa.ForeignKey(certificates.c.id), nullable=False, index=True),
    sa.Column("kind", one_of(EncumbranceKind), nullable=False),
    sa.Column("instrument_id", sa.String(64), nullable=False, unique=True),
    sa.Column("protects", sa.ForeignKey(parties.c.id)),
    sa.Column("since", UtcInstant, nullable=False),
    sa.Column("until", UtcInstant),
    sa.Column("territories", Names, nullable=False),
    sa.Column("fields_of_use", Names, nullable=False),
    sa.Column("lifted_at", UtcInstant),
    sa.CheckConstraint("until IS NULL OR since < until", name="a_burden_has_a_length"),
    sa.CheckConstraint("(kind = 'FREEZE') = (protects IS NULL)", name="a_freeze_protects_nobody"),
)

_TO_LAPSE = sa.text("lifted_at IS NULL AND lapse_recorded_at IS NULL")

freezes = sa.Table(
    "freezes",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("certificate_id", sa.ForeignKey(certificates.c.id), nullable=False, index=True),
    sa.Column("kind", one_of(FreezeKind), nullable=False),
    sa.Column("authority", sa.String(200), nullable=False),
    sa.Column("instrument_number", sa.String(200), nullable=False),
    sa.Column("until", UtcInstant, nullable=False),
    sa.Column("placed_at", UtcInstant, nullable=False),
    sa.Column("lifted_at", UtcInstant),
    sa.Column("lapse_recorded_at", UtcInstant),
    sa.Index("ix_freezes_to_lapse", "until", sqlite_where=_TO_LAPSE, postgresql_where=_TO_LAPSE),
)

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("certificate_id", sa.ForeignKey(certificates.c.id), nullable=False, index=True),
    sa.Column("encumbrance_id", sa.ForeignKey(encumbrances.c.id), nullable=False, index=True),
    sa.Column("given_by", sa.ForeignKey(parties.c.id), nullable=False),
    sa.Column("given_at", UtcInstant, nullable=False),
    sa.Column("operation", one_of(Operation), nullable=False),
    sa.Column("standing", sa.Boolean, nullable=False),
    sa.Column("counterparty_id", sa.ForeignKey(parties.c.id)),
    sa.Column("longest_months", sa.Integer),
    sa.Column("lowest_price_minor", sa.BigInteger),
    sa.Column("lowest_price_currency", one_of(Currency)),
    sa.Column("proceeds_to", sa.String(200)),
    sa.Column("until", UtcInstant),
    sa.Column("revoked_at", UtcInstant),
    sa.Column("consumed_at", UtcInstant),
    sa.Column("consumed_by", sa.String(64)),
    # One act uses a consent up; a standing one is never used up, a revoked one never used.
    sa.CheckConstraint(
        "consumed_at IS NULL OR (revoked_at IS NULL AND NOT standing)",
        name="a_consent_is_used_once",
    ),
)


async def burdens_on(tx: Transaction, certificate_id: str) -> Burdens:
    """All encumbrances and consents of a certificate, ended ones too."""
    burdens = await rows_with(tx, encumbrances, certificate_id=certificate_id)
    given = await rows_with(tx, consents, certificate_id=certificate_id)
    return Burdens([Encumbrance(**row) for row in burdens], [_consent(row) for row in given])


async def lock_certificate_of_encumbrance(
    tx: Transaction, encumbrance_id: str
) -> Certificate | None:
    return await lock_certificate(tx, refers_to(encumbrances.c.certificate_id, encumbrance_id))


async def lock_certificate_of_consent(tx: Transaction, consent_id: str) -> Certificate | None:
    return await lock_certificate(tx, refers_to(consents.c.certificate_id, consent_id))


async def lock_certificate_of_freeze(tx: Transaction, freeze_id: str) -> Certificate | None:
    return await lock_certificate(tx, refers_to(freezes.c.certificate_id, freeze_id))


async def add_encumbrance(tx: Transaction, encumbrance: Encumbrance) -> None:
    await add_row(tx, encumbrances, columns_of(encumbrance))


async def get_encumbrance(tx: Transaction, encumbrance_id: str) -> Encumbrance | None:
    row = await row_with(tx, encumbrances, id=encumbrance_id)
    return None if row is None else Encumbrance(**row)


async def lift_encumbrance(tx: Transaction, instrument_id: str) -> None:
    """End the burden behind an instrument. One that has ended by itself stays as it is."""
    update = encumbrances.update().where(
        encumbrances.c.instrument_id == instrument_id, encumbrances.c.lifted_at.is_(None)
    )
    lifted = await tx.connection.execute(update.values(lifted_at=tx.now))
    assert lifted.rowcount == 1, instrument_id


async def add_consent(tx: Transaction, consent: Consent) -> None:
    terms, lowest = asdict(consent.terms), consent.terms.lowest_price
    del terms["lowest_price"]
    columns = {
        "id": consent.id,
        "certificate_id": consent.certificate_id,
        "given_by": consent.given_by,
        "given_at": consent.given_at,
        "lowest_price_minor": lowest and lowest.amount_minor,
        "lowest_price_currency": lowest and lowest.currency,
    }
    await add_row(tx, consents, columns | terms)


async def get_consent(tx: Transaction, consent_id: str) -> Consent | None:
    row = await row_with(tx, consents, id=consent_id)
    return None if row is None else _consent(row)


async def revoke_consent_row(tx: Transaction, consent_id: str) -> None:
    update = consents.update().where(
        consents.c.id == consent_id,
        consents.c.revoked_at.is_(None),
        consents.c.consumed_at.is_(None),
    )
    revoked = await tx.connection.execute(update.values(revoked_at=tx.now))
    assert revoked.rowcount == 1, consent_id


async def consume_consents(tx: Transaction, used: Sequence[Consent], instrument_id: str) -> None:
    """Use up the single consents an act rests on; standing ones stay open."""
    for consent in used:
        if consent.terms.standing:
            continue
        update = consents.update().where(
            consents.c.id == consent.id,
            consents.c.consumed_at.is_(None),
            consents.c.revoked_at.is_(None),
        )
        consumed = await tx.connection.execute(
            update.values(consumed_at=tx.now, consumed_by=instrument_id)
        )
        assert consumed.rowcount == 1, consent.id


async def add_freeze(tx: Transaction, freeze: Freeze) -> None:
    columns = {"id": freeze.id, "placed_at": freeze.placed_at, **asdict(freeze.terms)}
    await add_row(tx, freezes, columns)


async def get_freeze(tx: Transaction, freeze_id: str) -> Freeze | None:
    row = await row_with(tx, freezes, id=freeze_id)
    if row is None:
        return None
    columns = dict(row)
    kept = {name: columns.pop(name) for name in _OF_THE_FREEZE}
    return Freeze(terms=FreezeTerms(**columns), **kept)


async def freezes_to_lapse(tx: Transaction, most: int) -> list[str]:
    """Some freezes of which it is not recorded yet that they have ended by themselves."""
    until = freezes.c.until
    due = sa.select(freezes.c.id).where(_TO_LAPSE, until <= tx.now).order_by(until).limit(most)
    return list(await tx.connection.scalars(due))


async def mark_lapsed_freeze(tx: Transaction, freeze_id: str) -> bool:
    """Note that its end is being recorded; False if it did not end so, or is recorded already."""
    update = freezes.update().where(freezes.c.id == freeze_id, _TO_LAPSE, freezes.c.until <= tx.now)
    marked = await tx.connection.execute(update.values(lapse_recorded_at=tx.now))
    return marked.rowcount == 1


async def lift_freeze_row(tx: Transaction, freeze_id: str) -> None:
    update = freezes.update().where(freezes.c.id == freeze_id, freezes.c.lifted_at.is_(None))
    lifted = await tx.connection.execute(update.values(lifted_at=tx.now))
    assert lifted.rowcount == 1, freeze_id


_OF_THE_FREEZE = ("id", "placed_at", "lifted_at", "lapse_recorded_at")
_OF_THE_CONSENT = (
    "id",
    "certificate_id",
    "given_by",
    "given_at",
    "revoked_at",
    "consumed_at",
    "consumed_by",
)


def _consent(row: Any) -> Consent:
    columns = dict(row)
    kept = {name: columns.pop(name) for name in _OF_THE_CONSENT}
    minor, currency = columns.pop("lowest_price_minor"), columns.pop("lowest_price_currency")
    lowest = None if minor is None else Money(minor, currency)
    return Consent(terms=ConsentTerms(lowest_price=lowest, **columns), **kept)
