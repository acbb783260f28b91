"""The table of certificates: one row each, raised by one version with every event on it."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from services.applications.model import ProductKind
from services.applications.store import applications
from services.certificates.model import Certificate, CertificateStatus
from services.locks import Key, Reference, lock_row
from services.parties.store import parties
from services.registry import Transaction
from services.rows import add_row, change_rows, columns_of, row_with
from services.tables import Guard, UtcInstant, guard, metadata, one_of

_TO_EXPIRE = sa.text("status = 'ACTIVE' AND expiry_recorded_at IS NULL")

certificates = sa.Table(
    "certificates",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("number", sa.String(17), nullable=False, unique=True),
    # Rule 5.1, said a second time: one product, one certificate.
    sa.Column("application_id", sa.ForeignKey(applications.c.id), nullable=False, unique=True),
    sa.Column("holder_id", sa.ForeignKey(parties.c.id), nullable=False, index=True),
    sa.Column("product_name", sa.String(200), nullable=False),
    sa.Column("kind", one_of(ProductKind), nullable=False),
    sa.Column("industry", sa.String(200), nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("profile", sa.String(40), nullable=False),
    sa.Column("status", one_of(CertificateStatus), nullable=False),
    sa.Column("issued_at", UtcInstant, nullable=False),
    sa.Column("valid_until", UtcInstant, nullable=False),
    sa.Column("source_authorised_until", UtcInstant),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("ended_at", UtcInstant),
    sa.Column("ended_because", sa.Text),
    sa.Column("expiry_recorded_at", UtcInstant),
    sa.CheckConstraint("status <> 'EXPIRED'", name="expiry_is_never_stored"),
    sa.CheckConstraint("(status = 'ACTIVE') = (ended_at IS NULL)", name="an_end_has_an_instant"),
    sa.CheckConstraint("issued_at < valid_until", name="a_term_has_a_length"),
    sa.Index("ix_certificates_newest", "issued_at", "id"),
    # A page of an industry is read where it begins, however many certificates that has.
    sa.Index("ix_certificates_newest_of_industry", "industry", "issued_at", "id"),
    # Of millions, those that are still to expire, by what will end them.
    sa.Index(
        "ix_certificates_to_expire",
        "valid_until",
        sqlite_where=_TO_EXPIRE,
        postgresql_where=_TO_EXPIRE,
    ),
    sa.Index(
        "ix_certificates_to_lose_their_source",
        "source_authorised_until",
        sqlite_where=_TO_EXPIRE,
        postgresql_where=_TO_EXPIRE,
    ),
)

_serials = sa.Table(
    "serials",
    metadata,
    sa.Column("scope", sa.String(40), primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

# What has ended stays ended, even if the code above it is wrong.
guard(
    certificates,
    Guard(
        name="an_ended_certificate_stays_ended",
        write="UPDATE ON certificates",
        condition="old.status <> 'ACTIVE' AND new.status <> old.status AND new.status <> 'REVOKED'",
        sentence="an ended certificate stays ended",
    ),
    Guard(
        name="an_expiry_is_recorded_once",
        write="UPDATE OF expiry_recorded_at ON certificates",
        condition="old.expiry_recorded_at <> coalesce(new.expiry_recorded_at, 0)",
        sentence="an expiry is recorded once",
    ),
)


async def add_certificate(tx: Transaction, certificate: Certificate) -> None:
    await add_row(tx, certificates, columns_of(certificate))


async def lock_certificate(tx: Transaction, key: Key) -> Certificate | None:
    """A certificate as it stands now that no other act can touch it, or what rests on it."""
    row = await lock_row(tx, certificates, key)
    return None if row is None else Certificate(**row)


async def lock_certificate_with_number(tx: Transaction, number: str) -> Certificate | None:
    return await lock_certificate(tx, Reference(certificates.c.id, certificates.c.number, number))


async def get_certificate(tx: Transaction, certificate_id: str) -> Certificate | None:
    return await _certificate(tx, id=certificate_id)


async def certificate_of_application(tx: Transaction, application_id: str) -> Certificate | None:
    return await _certificate(tx, application_id=application_id)


async def certificates_to_expire(tx: Transaction, most: int) -> list[str]:
    """Some certificates of which it is not recorded yet that they have expired."""
    ends = (certificates.c.valid_until, certificates.c.source_authorised_until)
    due = [
        sa.select(certificates.c.id).where(_TO_EXPIRE, end <= tx.now).order_by(end).limit(most)
        for end in ends
    ]
    ids = {each for query in due for each in await tx.connection.scalars(query)}
    return sorted(ids)[:most]


async def save_certificate(tx: Transaction, certificate: Certificate) -> None:
    """Write what an act has changed. The version alone is raised by recording the act."""
    await _change(tx, certificate, columns_of(certificate))


async def raise_version(tx: Transaction, certificate: Certificate) -> Certificate:
    raised = replace(certificate, version=certificate.version + 1)
    await _change(tx, certificate, {"version": raised.version})
    return raised


async def next_serial(tx: Transaction, scope: str) -> int:
    """The next number of a series that has no holes: a rollback gives the number back."""
    update = _serials.update().where(_serials.c.scope == scope)
    raised = update.values(last=_serials.c.last + 1).returning(_serials.c.last)
    last: int | None = (await tx.connection.execute(raised)).scalar_one_or_none()
    if last is None:
        await tx.connection.execute(_serials.insert().values(scope=scope, last=1))
        return 1
    return last


async def _change(tx: Transaction, before: Certificate, columns: dict[str, Any]) -> None:
    versioned = {"id": before.id, "version": before.version}
    assert await change_rows(tx, certificates, columns, **versioned) == 1, before.id


async def _certificate(tx: Transaction, **equal: str) -> Certificate | None:
    row = await row_with(tx, certificates, **equal)
    return None if row is None else Certificate(**row)
