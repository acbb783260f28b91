"""The table of certificates: one row each, raised by one version with every event on it."""

from dataclasses import asdict, replace

import sqlalchemy as sa

from services.applications.model import ProductKind
from services.applications.store import applications
from services.certificates.model import Certificate, CertificateStatus
from services.parties.store import parties
from services.registry import Transaction
from services.tables import UtcInstant, guard, metadata, one_of

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
    sa.Column("industry", sa.String(200), nullable=False, index=True),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("profile", sa.String(40), nullable=False),
    sa.Column("status", one_of(CertificateStatus), nullable=False),
    sa.Column("issued_at", UtcInstant, nullable=False),
    sa.Column("valid_until", UtcInstant, nullable=False),
    sa.Column("source_authorised_until", UtcInstant),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("ended_at", UtcInstant),
    sa.Column("ended_because", sa.Text),
    sa.CheckConstraint("status <> 'EXPIRED'", name="expiry_is_never_stored"),
    sa.CheckConstraint("(status = 'ACTIVE') = (ended_at IS NULL)", name="an_end_has_an_instant"),
    sa.CheckConstraint("issued_at < valid_until", name="a_term_has_a_length"),
    sa.Index("ix_certificates_newest", "issued_at", "id"),
)

_serials = sa.Table(
    "serials",
    metadata,
    sa.Column("scope", sa.String(40), primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

# What has ended stays ended, even if the code above it is wrong.
ENDED_STAYS_ENDED = """
CREATE TRIGGER an_ended_certificate_stays_ended BEFORE UPDATE ON certificates
WHEN old.status <> 'ACTIVE' AND new.status <> old.status AND new.status <> 'REVOKED'
BEGIN SELECT RAISE(ABORT, 'an ended certificate stays ended'); END
"""
TRIGGERS = (ENDED_STAYS_ENDED,)
guard(certificates, *TRIGGERS)


async def add_certificate(tx: Transaction, certificate: Certificate) -> None:
    await tx.connection.execute(certificates.insert().values(**asdict(certificate)))


async def get_certificate(tx: Transaction, certificate_id: str) -> Certificate | None:
    return await _certificate(tx, certificates.c.id == certificate_id)


async def certificate_of_application(tx: Transaction, application_id: str) -> Certificate | None:
    return await _certificate(tx, certificates.c.application_id == application_id)


async def certificate_with_number(tx: Transaction, number: str) -> Certificate | None:
    return await _certificate(tx, certificates.c.number == number)


async def save_certificate(tx: Transaction, certificate: Certificate) -> None:
    """Write what an act has changed. The version alone is raised by recording the act."""
    update = certificates.update().where(
        certificates.c.id == certificate.id, certificates.c.version == certificate.version
    )
    saved = await tx.connection.execute(update.values(**asdict(certificate)))
    assert saved.rowcount == 1, certificate.id


async def raise_version(tx: Transaction, certificate: Certificate) -> Certificate:
    raised = replace(certificate, version=certificate.version + 1)
    update = certificates.update().where(
        certificates.c.id == certificate.id, certificates.c.version == certificate.version
    )
    moved = await tx.connection.execute(update.values(version=raised.version))
    assert moved.rowcount == 1, certificate.id
    return raised


async def next_serial(tx: Transaction, scope: str) -> int:
    """The next number of a series that has no holes: a rollback gives the number back."""
    update = _serials.update().where(_serials.c.scope == scope)
    raised = await tx.connection.execute(update.values(last=_serials.c.last + 1))
    if raised.rowcount == 0:
        await tx.connection.execute(_serials.insert().values(scope=scope, last=1))
        return 1
    query = sa.select(_serials.c.last).where(_serials.c.scope == scope)
    return int((await tx.connection.execute(query)).scalar_one())


async def _certificate(tx: Transaction, condition: sa.ColumnElement[bool]) -> Certificate | None:
    query = sa.select(certificates).where(condition)
    row = (await tx.connection.execute(query)).mappings().one_or_none()
    return None if row is None else Certificate(**row)
