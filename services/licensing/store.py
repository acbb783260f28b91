"""Tables of offers, negotiations and licenses; rows become models here."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from services.certificates.model import Certificate, Scope
from services.certificates.store import certificates, lock_certificate
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
from services.locks import Key, refers_to
from services.money import Currency, Money
from services.parties.store import parties
from services.registry import Transaction
from services.rows import Prepared, add_row, change_rows, row_with
from services.tables import Guard, Names, UtcInstant, guard, metadata, one_of

# Rules 7.9 and 7.1, said a second time.
_PERIOD_CHECK = "begins_at < ends_at"
_PRICE_CHECK = "price_minor >= 0"

_GRANTED_IS_CHANGED = """old.status = 'TERMINATED'
  OR (old.certificate_id, old.licensee_id, old.kind, old.begins_at, old.ends_at,
      old.territories, old.fields_of_use, old.price_minor, old.price_currency)
  {} (new.certificate_id, new.licensee_id, new.kind, new.begins_at, new.ends_at,
      new.territories, new.fields_of_use, new.price_minor, new.price_currency)"""

offers = sa.Table(
    "offers",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("certificate_id", sa.ForeignKey(certificates.c.id), nullable=False),
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
    sa.Index("ix_offers_newest_of_certificate", "certificate_id", "published_at", "id"),
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

_TO_EXPIRE = sa.text("status = 'ACTIVE' AND expiry_recorded_at IS NULL")

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
    sa.Column("expiry_recorded_at", UtcInstant),
    sa.CheckConstraint(_PERIOD_CHECK, name="a_period_has_a_length"),
    sa.CheckConstraint("granted_at <= begins_at", name="nothing_is_licensed_backwards"),
    sa.CheckConstraint(_PRICE_CHECK, name="a_price_is_not_negative"),
    sa.CheckConstraint("status IN ('ACTIVE', 'TERMINATED')", name="time_is_never_stored"),
    sa.CheckConstraint(
        "(status = 'TERMINATED') = (terminated_at IS NOT NULL)", name="an_end_has_an_instant"
    ),
    sa.Index("ix_licenses_newest", "granted_at", "id"),
    sa.Index(
        "ix_licenses_to_expire", "ends_at", sqlite_where=_TO_EXPIRE, postgresql_where=_TO_EXPIRE
    ),
)


def _overlaps(each: Callable[[str, str], str], is_within: Callable[[str, str], str]) -> str:
    """That the new license meets another in force, and one of them excludes the other."""
    return f"""new.status = 'ACTIVE' AND EXISTS (
  SELECT 1 FROM licenses AS old
  WHERE old.certificate_id = new.certificate_id AND old.status = 'ACTIVE'
    AND (old.kind <> 'NON_EXCLUSIVE' OR new.kind <> 'NON_EXCLUSIVE')
    AND old.begins_at < new.ends_at AND new.begins_at < old.ends_at
    AND (old.territories = '' OR new.territories = '' OR EXISTS (
      SELECT 1 FROM {each("old.territories", "a")}, {each("new.territories", "b")}
      WHERE a.value = b.value OR {is_within("a.value", "b.value")} OR {
        is_within("b.value", "a.value")
    }))
    AND (old.fields_of_use = '' OR new.fields_of_use = '' OR EXISTS (
      SELECT 1 FROM {each("old.fields_of_use", "a")}, {each("new.fields_of_use", "b")}
      WHERE a.value = b.value)))"""  # noqa: S608 - made of the words here and nothing else.


guard(
    licenses,
    # Rules 5.7 and 7.14, said a second time: no exclusive or sole license overlaps with another.
    # Names are joined by commas; on SQLite they are made JSON, whatever characters they hold.
    Guard(
        name="no_overlapping_exclusivity",
        write="INSERT ON licenses",
        condition=_overlaps(
            lambda names, rows: (
                f"json_each('[' || replace(json_quote({names}), ',', '\",\"') || ']') AS {rows}"
            ),
            lambda place, other: f"{place} GLOB {other} || '-*'",
        ),
        condition_on_postgresql=_overlaps(
            lambda names, rows: f"unnest(string_to_array({names}, ',')) AS {rows} (value)",
            lambda place, other: f"starts_with({place}, {other} || '-')",
        ),
        # Nobody grants another license under it before this one is committed.
        first_on_postgresql="PERFORM FROM certificates WHERE id = new.certificate_id FOR UPDATE;",
        sentence="licenses that exclude others do not overlap",
    ),
    # What was granted is never rewritten, and what has been terminated stays so.
    Guard(
        name="a_granted_license_stays",
        write="UPDATE ON licenses",
        condition=_GRANTED_IS_CHANGED.format("IS NOT"),
        condition_on_postgresql=_GRANTED_IS_CHANGED.format("IS DISTINCT FROM"),
        sentence="a license stays as it was granted",
    ),
)


_RUNNING_TYPES = {
    "certificate": licenses.c.certificate_id.type,
    "status": licenses.c.status.type,
    "now": licenses.c.ends_at.type,
}
_RUNNING = Prepared(
    sa.select(licenses)
    .where(
        licenses.c.certificate_id == sa.bindparam("certificate"),
        licenses.c.status == sa.bindparam("status"),
        licenses.c.ends_at > sa.bindparam("now"),
    )
    .order_by(licenses.c.granted_at),
    _RUNNING_TYPES,
)


async def lock_certificate_of_offer(tx: Transaction, key: Key) -> Certificate | None:
    return await lock_certificate(tx, refers_to(offers.c.certificate_id, key))


async def lock_certificate_of_negotiation(
    tx: Transaction, negotiation_id: str
) -> Certificate | None:
    return await lock_certificate_of_offer(tx, refers_to(negotiations.c.offer_id, negotiation_id))


async def lock_certificate_of_license(tx: Transaction, license_id: str) -> Certificate | None:
    return await lock_certificate(tx, refers_to(licenses.c.certificate_id, license_id))


async def add_offer(tx: Transaction, offer: Offer) -> None:
    await add_row(tx, offers, _offer_columns(offer))


async def get_offer(tx: Transaction, offer_id: str) -> Offer | None:
    row = await row_with(tx, offers, id=offer_id)
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
    await add_row(tx, negotiations, _negotiation_columns(negotiation))


async def get_negotiation(tx: Transaction, negotiation_id: str) -> Negotiation | None:
    row = await row_with(tx, negotiations, id=negotiation_id)
    return None if row is None else _negotiation(row)


async def open_negotiation(tx: Transaction, offer_id: str, licensee_id: str) -> Negotiation | None:
    """The request of this licensee under this offer that still awaits its answer."""
    requested = NegotiationStatus.REQUESTED
    row = await row_with(
        tx, negotiations, offer_id=offer_id, licensee_id=licensee_id, status=requested
    )
    return None if row is None else _negotiation(row)


async def save_closed_negotiation(tx: Transaction, negotiation: Negotiation) -> None:
    open_now = {"id": negotiation.id, "status": NegotiationStatus.REQUESTED}
    columns = _negotiation_columns(negotiation)
    assert await change_rows(tx, negotiations, columns, **open_now) == 1, negotiation.id


async def add_license(tx: Transaction, granted: License) -> None:
    await add_row(tx, licenses, _license_columns(granted))


async def get_license(tx: Transaction, license_id: str) -> License | None:
    row = await row_with(tx, licenses, id=license_id)
    return None if row is None else _license(row)


async def licenses_under(tx: Transaction, certificate_id: str) -> list[License]:
    """The licenses under a certificate that nobody has terminated and whose end lies ahead."""
    wanted = {"certificate": certificate_id, "status": LicenseStatus.ACTIVE, "now": tx.now}
    return [_license(row) for row in await _RUNNING.rows(tx, wanted)]


async def licenses_to_expire(tx: Transaction, most: int) -> list[str]:
    """Some licenses of which it is not recorded yet that they have come to their agreed end."""
    end = licenses.c.ends_at
    due = sa.select(licenses.c.id).where(_TO_EXPIRE, end <= tx.now).order_by(end).limit(most)
    return list(await tx.connection.scalars(due))


async def mark_expired_license(tx: Transaction, license_id: str) -> bool:
    """Note that its end is being recorded; False if it has not come, or is recorded already."""
    update = licenses.update().where(
        licenses.c.id == license_id, _TO_EXPIRE, licenses.c.ends_at <= tx.now
    )
    marked = await tx.connection.execute(update.values(expiry_recorded_at=tx.now))
    return marked.rowcount == 1


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
