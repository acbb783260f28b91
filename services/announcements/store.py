"""Tables of announcements, objections and their evidence; rows become models here."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from services.announcements.model import (
    AnnouncedText,
    Announcement,
    Objection,
    ObjectionStatus,
)
from services.applications.model import (
    Application,
    ProductKind,
    RefusalGround,
    UpdateFrequency,
)
from services.applications.store import applications, lock_application
from services.documents.model import Document
from services.documents.store import documents
from services.locks import Key, refers_to
from services.parties.store import parties
from services.registry import Transaction
from services.tables import Guard, UtcInstant, guard, metadata, one_of

announcements = sa.Table(
    "announcements",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    # Rule 4.1, said a second time: an application is announced once.
    sa.Column("application_id", sa.ForeignKey(applications.c.id), nullable=False, unique=True),
    sa.Column("applicant_id", sa.ForeignKey(parties.c.id), nullable=False, index=True),
    sa.Column("applicant_name", sa.String(200), nullable=False),
    sa.Column("kind", one_of(ProductKind), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("industry", sa.String(200), nullable=False),
    sa.Column("data_source", sa.Text, nullable=False),
    sa.Column("update_frequency", one_of(UpdateFrequency), nullable=False),
    sa.Column("text_hash", sa.String(64), nullable=False),
    sa.Column("published_at", UtcInstant, nullable=False),
    sa.Column("closes_at", UtcInstant, nullable=False),
    sa.CheckConstraint("published_at < closes_at", name="a_period_has_a_length"),
    sa.Index("ix_announcements_newest", "published_at", "id"),
)

# What the public was told is never changed, even if the code above it is wrong.
guard(
    announcements,
    Guard(
        name="an_announced_text_stays",
        write="UPDATE ON announcements",
        sentence="an announced text stays as it is",
    ),
)

objections = sa.Table(
    "objections",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("announcement_id", sa.ForeignKey(announcements.c.id), nullable=False),
    sa.Column("objector_id", sa.ForeignKey(parties.c.id), nullable=False),
    sa.Column("ground", one_of(RefusalGround), nullable=False),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("raised_at", UtcInstant, nullable=False),
    sa.Column("decision_due_at", UtcInstant, nullable=False),
    sa.Column("status", one_of(ObjectionStatus), nullable=False),
    sa.Column("decided_at", UtcInstant),
    sa.Column("reasons", sa.Text),
    sa.CheckConstraint("status <> 'MOOT'", name="what_follows_is_never_stored"),
    sa.CheckConstraint("(status = 'FILED') = (decided_at IS NULL)", name="an_end_has_an_instant"),
    sa.CheckConstraint(
        "status NOT IN ('UPHELD', 'DISMISSED') OR reasons IS NOT NULL",
        name="a_decision_has_reasons",
    ),
    # Rule 4.2, said a second time: one objector, one ground, one objection.
    sa.UniqueConstraint("announcement_id", "objector_id", "ground"),
)

objection_evidence = sa.Table(
    "objection_evidence",
    metadata,
    sa.Column("objection_id", sa.ForeignKey(objections.c.id), primary_key=True),
    sa.Column("document_id", sa.ForeignKey(documents.c.id), primary_key=True),
)


async def add_announcement(tx: Transaction, announcement: Announcement) -> None:
    row = asdict(announcement)
    row |= row.pop("text")
    await tx.connection.execute(announcements.insert().values(**row))


async def lock_application_of_announcement(tx: Transaction, key: Key) -> Application | None:
    return await lock_application(tx, refers_to(announcements.c.application_id, key))


async def lock_application_of_objection(tx: Transaction, objection_id: str) -> Application | None:
    announcement = refers_to(objections.c.announcement_id, objection_id)
    return await lock_application_of_announcement(tx, announcement)


async def get_announcement(tx: Transaction, announcement_id: str) -> Announcement | None:
    return await _announcement(tx, announcements.c.id == announcement_id)


async def announcement_of(tx: Transaction, application_id: str) -> Announcement | None:
    return await _announcement(tx, announcements.c.application_id == application_id)


async def add_objection(
    tx: Transaction, objection: Objection, evidence: Sequence[Document]
) -> None:
    await tx.connection.execute(objections.insert().values(**asdict(objection)))
    rows = [{"objection_id": objection.id, "document_id": document.id} for document in evidence]
    await tx.connection.execute(objection_evidence.insert(), rows)


async def save_objection(tx: Transaction, objection: Objection) -> None:
    update = objections.update().where(objections.c.id == objection.id)
    saved = await tx.connection.execute(update.values(**asdict(objection)))
    assert saved.rowcount == 1, objection.id


async def get_objection(tx: Transaction, objection_id: str) -> Objection | None:
    query = sa.select(objections).where(objections.c.id == objection_id)
    row = (await tx.connection.execute(query)).mappings().one_or_none()
    return None if row is None else Objection(**row)


async def objections_to(tx: Transaction, announcement_id: str) -> list[Objection]:
    """All objections ever raised in an announcement, in order."""
    query = (
        sa.select(objections)
        .where(objections.c.announcement_id == announcement_id)
        .order_by(objections.c.raised_at, objections.c.id)
    )
    return [Objection(**row) for row in (await tx.connection.execute(query)).mappings()]


async def _announcement(tx: Transaction, condition: sa.ColumnElement[bool]) -> Announcement | None:
    query = sa.select(announcements).where(condition)
    row = (await tx.connection.execute(query)).mappings().one_or_none()
    return None if row is None else _from_row(row)


def _from_row(row: Mapping[Any, Any]) -> Announcement:
    columns = dict(row)
    text = AnnouncedText(**{field.name: columns.pop(field.name) for field in fields(AnnouncedText)})
    return Announcement(**columns, text=text)
