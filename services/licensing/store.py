"""Tables of offers, negotiations and licenses; rows become models here."""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from services.certificates.model import Scope
from services.certificates.store import certificates
from services.licensing.model import (
    License,
    LicenseKind,
    LicenseStatus,
    Negotiation,
    NegotiationStatus,
    Offer,
    OfferStatus,
    OfferTerms,
    RequestTerms,
)
from services.money import Currency, Money
from services.parties.store import parties
from services.registry import Transaction
from services.tables import Names, UtcInstant, guard, metadata, one_of

# Rules 7.9 and 7.1, said a second time.
_PERIOD_CHECK = "begins_at < ends_at"
_PRICE_CHECK = "price_minor >= 0"

offers = sa.Table(
    "offers",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("certificate_id", sa.ForeignKey(certificates.c.id), nullable=False, index=True),
    sa.Column("kind", one_of(LicenseKind), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("begins_at", UtcInstant, nullable=False),
    sa.Column("ends_at", UtcInstant, nullable=False),
    sa.Column("territories", Names, nullable=False),
    sa.Column("fields_of_use", Names, nullable=False),
    sa.Column("price_minor", sa.BigInteger, nullable=False),
    sa.Column("price_currency", one_of(Currency), nullable=False),
    sa.Column("status", one_of(OfferStatus), nullable=False),
    sa.Column("published_at", UtcInstant, nullable=False),
    sa.Column("withdrawn_at", UtcInstant),
    sa.CheckConstraint(_PERIOD_CHECK, name="a_period_has_a_length"),
    sa.CheckConstraint(_PRICE_CHECK, name="a_price_is_not_negative"),
    sa.CheckConstraint("status IN ('PUBLISHED', 'WITHDRAWN')", name="time_is_never_stored"),
    sa.CheckConstraint(
        "(status = 'WITHDRAWN') = (withdrawn_at IS NOT NULL)", name="an_end_has_an_instant"
    ),
    sa.Index("ix_offers_newest", "published_at", "id"),
)

negotiations = sa.Table(
    "negotiations",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("offer_id", sa.ForeignKey(offers.c.id), nullable=False, index=True),
    sa.Column("licensee_id", sa.ForeignKey(parties.c.id), nullable=False, index=True),
    sa.Column("begins_at", UtcInstant, nullable=False),
    sa.Column("ends_at", UtcInstant, nullable=False),
    sa.Column("territories", Names, nullable=False),
    sa.Column("fields_of_use", Names, nullable=False),
    sa.Column("status", one_of(NegotiationStatus), nullable=False),
    sa.Column("requested_at", UtcInstant, nullable=False),
    sa.Column("closed_at", UtcInstant),
    sa.Column("closed_because", sa.Text),
    sa.CheckConstraint(_PERIOD_CHECK, name="a_period_has_a_length"),
    sa.CheckConstraint(
        "(status = 'REQUESTED') = (closed_at IS NULL)", name="an_end_has_an_instant"
    ),
    # Rule 7.3, said a second time: one open request of a licensee under an offer.
    sa.Index(
        "one_open_negotiation",
        "licensee_id",
        "offer_id",
        unique=True,
        sqlite_where=sa.text("status = 'REQUESTED'"),
        postgresql_where=sa.text("status = 'REQUESTED'"),
    ),
    sa.Index("ix_negotiations_newest", "requested_at", "id"),
)

licenses = sa.Table(
    "licenses",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("certificate_id", sa.ForeignKey(certificates.c.id), nullable=False, index=True),
    # A negotiation comes to one license at most.
    sa.Column("negotiation_id", sa.ForeignKey(negotiations.c.id), nullable=False, unique=True),
    sa.Column("licensee_id", sa.ForeignKey(parties.c.id), nullable=False, index=True),
    sa.Column("kind", one_of(LicenseKind), nullable=False),
    sa.Column("begins_at", UtcInstant, nullable=False),
    sa.Column("ends_at", UtcInstant, nullable=False),
    sa.Column("territories", Names, nullable=False),
    sa.Column("fields_of_use", Names, nullable=False),
    sa.Column("price_minor", sa.BigInteger, nullable=False),
    sa.Column("price_currency", one_of(Currency), nullable=False),
    sa.Column("status", one_of(LicenseStatus), nullable=False),
    sa.Column("granted_at", UtcInstant, nullable=False),
    sa.Column("terminated_at", UtcInstant),
    sa.Column("terminated_because", sa.Text),
    sa.CheckConstraint(_PERIOD_CHECK, name="a_period_has_a_length"),
    sa.CheckConstraint("granted_at <= begins_at", name="nothing_is_licensed_backwards"),
    sa.CheckConstraint(_PRICE_CHECK, name="a_price_is_not_negative"),
    sa.CheckConstraint("status IN ('ACTIVE', 'TERMINATED')", name="time_is_never_stored"),
    sa.CheckConstraint(
        "(status = 'TERMINATED') = (terminated_at IS NOT NULL)", name="an_end_has_an_instant"
    ),
    sa.Index("ix_licenses_newest", "granted_at", "id"),
)


def _each(names: str) -> str:
    """SQLite: the comma-joined names in a column as rows, whatever characters they hold."""
    return f"json_each('[' || replace(json_quote({names}), ',', '\",\"') || ']')"


# Rules 5.7 and 7.14, said a second time: no exclusive or sole license overlaps with another.
NO_OVERLAPPING_EXCLUSIVITY = f"""
CREATE TRIGGER no_overlapping_exclusivity BEFORE INSERT ON licenses
WHEN new.status = 'ACTIVE' AND EXISTS (
  SELECT 1 FROM licenses AS old
  WHERE old.certificate_id = new.certificate_id AND old.status = 'ACTIVE'
    AND (old.kind <> 'NON_EXCLUSIVE' OR new.kind <> 'NON_EXCLUSIVE')
    AND old.begins_at < new.ends_at AND new.begins_at < old.ends_at
    AND (old.territories = '' OR new.territories = '' OR EXISTS (
      SELECT 1 FROM {_each("old.territories")} AS a, {_each("new.territories")} AS b
      WHERE a.value = b.value OR a.value GLOB b.value || '-*' OR b.value GLOB a.value || '-*'))
    AND (old.fields_of_use = '' OR new.fields_of_use = '' OR EXISTS (
      SELECT 1 FROM {_each("old.fields_of_use")} AS a, {_each("new.fields_of_use")} AS b
      WHERE a.value = b.value)))
BEGIN SELECT RAISE(ABORT, 'licenses that exclude others do not overlap'); END
"""  # noqa: S608 - made of the constants above and nothing else.

# What was granted is never rewritten, and what has been terminated stays so.
GRANTED_STAYS_GRANTED = """
CREATE TRIGGER a_granted_license_stays BEFORE UPDATE ON licenses
WHEN old.status = 'TERMINATED'
  OR (old.certificate_id, old.licensee_id, old.kind, old.begins_at, old.ends_at,
      old.territories, old.fields_of_use, old.price_minor, old.price_currency)
  IS NOT (new.certificate_id, new.licensee_id, new.kind, new.begins_at, new.ends_at,
      new.territories, new.fields_of_use, new.price_minor, new.price_currency)
BEGIN SELECT RAISE(ABORT, 'a license stays as it was granted'); END
"""
TRIGGERS = (NO_OVERLAPPING_EXCLUSIVITY, GRANTED_STAYS_GRANTED)

guard(licenses, *TRIGGERS)


async def add_offer(tx: Transaction, offer: Offer) -> None:
    await tx.connection.execute(offers.insert().values(**_offer_columns(offer)))


async def get_offer(tx: Transaction, offer_id: str) -> Offer | None:
    row = await _row(tx, offers, offers.c.id == offer_id)
    return None if row is None else _offer(row)


async def save_withdrawn_offer(tx: Transaction, offer: Offer) -> None:
    update = offers.update().where(
        offers.c.id == offer.id, offers.c.status == OfferStatus.PUBLISHED
    )
    saved = await tx.connection.execute(
        update.values(status=offer.status, withdrawn_at=offer.withdrawn_at)
    )
    assert saved.rowcount == 1, offer.id


async def add_negotiation(tx: Transaction, negotiation: Negotiation) -> None:
    await tx.connection.execute(negotiations.insert().values(**_negotiation_columns(negotiation)))


async def get_negotiation(tx: Transaction, negotiation_id: str) -> Negotiation | None:
    row = await _row(tx, negotiations, negotiations.c.id == negotiation_id)
    return None if row is None else _negotiation(row)


async def open_negotiation(tx: Transaction, offer_id: str, licensee_id: str) -> Negotiation | None:
    """The request of this licensee under this offer that still awaits its answer."""
    row = await _row(
        tx,
        negotiations,
        negotiations.c.offer_id == offer_id,
        negotiations.c.licensee_id == licensee_id,
        negotiations.c.status == NegotiationStatus.REQUESTED,
    )
    return None if row is None else _negotiation(row)


async def save_closed_negotiation(tx: Transaction, negotiation: Negotiation) -> None:
    update = negotiations.update().where(
        negotiations.c.id == negotiation.id,
        negotiations.c.status == NegotiationStatus.REQUESTED,
    )
    saved = await tx.connection.execute(update.values(**_negotiation_columns(negotiation)))
    assert saved.rowcount == 1, negotiation.id


async def add_license(tx: Transaction, granted: License) -> None:
    await tx.connection.execute(licenses.insert().values(**_license_columns(granted)))


async def get_license(tx: Transaction, license_id: str) -> License | None:
    row = await _row(tx, licenses, licenses.c.id == license_id)
    return None if row is None else _license(row)


async def licenses_under(tx: Transaction, certificate_id: str) -> list[License]:
    """The licenses under a certificate that nobody has terminated and whose end lies ahead."""
    query = sa.select(licenses).where(
        licenses.c.certificate_id == certificate_id,
        licenses.c.status == LicenseStatus.ACTIVE,
        licenses.c.ends_at > tx.now,
    )
    rows = (await tx.connection.execute(query.order_by(licenses.c.granted_at))).mappings()
    return [_license(dict(row)) for row in rows]


async def save_terminated_license(tx: Transaction, granted: License) -> None:
    update = licenses.update().where(
        licenses.c.id == granted.id, licenses.c.status == LicenseStatus.ACTIVE
    )
    saved = await tx.connection.execute(
        update.values(
            status=granted.status,
            terminated_at=granted.terminated_at,
            terminated_because=granted.terminated_because,
        )
    )
    assert saved.rowcount == 1, granted.id


async def _row(
    tx: Transaction, table: sa.Table, *conditions: sa.ColumnElement[bool]
) -> dict[str, Any] | None:
    query = sa.select(table).where(*conditions)
    row = (await tx.connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


def _offer_columns(offer: Offer) -> dict[str, Any]:
    columns = asdict(offer)
    terms = columns.pop("terms")
    return _flat_terms(columns | terms)


def _offer(row: dict[str, Any]) -> Offer:
    kept = {name: row.pop(name) for name in ("id", "status", "published_at", "withdrawn_at")}
    return Offer(terms=OfferTerms(**_deep_terms(row)), **kept)


def _negotiation_columns(negotiation: Negotiation) -> dict[str, Any]:
    columns = asdict(negotiation)
    terms = columns.pop("terms")
    return _flat_scope(columns | terms)


def _negotiation(row: dict[str, Any]) -> Negotiation:
    row = _deep_scope(row)
    terms = RequestTerms(offer_id=row.pop("offer_id"), scope=row.pop("scope"))
    return Negotiation(terms=terms, **row)


def _license_columns(granted: License) -> dict[str, Any]:
    return _flat_terms(asdict(granted))


def _license(row: dict[str, Any]) -> License:
    return License(**_deep_terms(row))


def _flat_terms(columns: dict[str, Any]) -> dict[str, Any]:
    price = columns.pop("price")
    flat = {"price_minor": price["amount_minor"], "price_currency": price["currency"]}
    return _flat_scope(columns | flat)


def _deep_terms(row: dict[str, Any]) -> dict[str, Any]:
    price = Money(row.pop("price_minor"), row.pop("price_currency"))
    return _deep_scope(row) | {"price": price}


def _flat_scope(columns: dict[str, Any]) -> dict[str, Any]:
    scope = columns.pop("scope")
    return columns | {
        "begins_at": scope["begin"],
        "ends_at": scope["end"],
        "territories": scope["territories"],
        "fields_of_use": scope["fields_of_use"],
    }


def _deep_scope(row: dict[str, Any]) -> dict[str, Any]:
    scope = Scope(
        begin=row.pop("begins_at"),
        end=row.pop("ends_at"),
        territories=row.pop("territories"),
        fields_of_use=row.pop("fields_of_use"),
    )
    return row | {"scope": scope}
