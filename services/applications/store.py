"""Tables of applications and of the documents attached to them; rows become models here."""

from typing import Any

import sqlalchemy as sa

from services.applications.model import (
    Application,
    ApplicationStatus,
    DocumentRole,
    ProductKind,
    RefusalGround,
    UpdateFrequency,
)
from services.documents.model import Document
from services.documents.store import documents
from services.locks import Key, lock_row
from services.parties.store import parties
from services.registry import Transaction
from services.rows import add_row, change_rows, columns_of, row_with
from services.tables import Guard, UtcInstant, guard, metadata, one_of

# What keeps others from the same product whatever the time; the rest is asked with `now`.
_CLAIMED = sa.text(
    "status IN ('SUBMITTED', 'FORMALITY_EXAMINATION', 'SUBSTANTIVE_EXAMINATION', 'ANNOUNCED')"
)

# What time will decide about, and nobody has recorded yet.
_TO_LAPSE = sa.text("status = 'CORRECTION_REQUIRED' AND lapse_recorded_at IS NULL")
_TO_CLOSE = sa.text("status = 'ANNOUNCED' AND closing_recorded_at IS NULL")

applications = sa.Table(
    "applications",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("applicant_id", sa.ForeignKey(parties.c.id), nullable=False),
    sa.Column("kind", one_of(ProductKind), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("industry", sa.String(200), nullable=False),
    sa.Column("data_source", sa.Text, nullable=False),
    sa.Column("update_frequency", one_of(UpdateFrequency)),
    sa.Column("source_authorised_until", sa.Date),
    sa.Column("profile", sa.String(40), nullable=False),
    sa.Column("created_at", UtcInstant, nullable=False),
    sa.Column("status", one_of(ApplicationStatus), nullable=False),
    sa.Column("filed_at", UtcInstant),
    sa.Column("content_hash", sa.String(64)),
    sa.Column("examiner", sa.String(200)),
    sa.Column("corrections", sa.Integer, nullable=False),
    sa.Column("correction_note", sa.Text),
    sa.Column("correction_due_at", UtcInstant),
    sa.Column("stage_before_correction", one_of(ApplicationStatus, "stage_before_correction")),
    sa.Column("announcement_id", sa.String(64)),
    sa.Column("announcement_closes_at", UtcInstant),
    sa.Column("open_objections", sa.Integer, nullable=False),
    sa.Column("registered_until", UtcInstant),
    sa.Column("refusal_ground", one_of(RefusalGround)),
    sa.Column("reasons", sa.Text),
    sa.Column("decided_at", UtcInstant),
    sa.Column("lapse_recorded_at", UtcInstant),
    sa.Column("closing_recorded_at", UtcInstant),
    sa.CheckConstraint(
        "status NOT IN ('DEEMED_WITHDRAWN', 'OBJECTION_PENDING', 'APPROVED')",
        name="what_time_decides_is_never_stored",
    ),
    sa.CheckConstraint(
        "status <> 'CORRECTION_REQUIRED'"
        " OR (stage_before_correction IS NOT NULL AND correction_due_at IS NOT NULL)",
        name="a_correction_has_a_stage_and_a_due_date",
    ),
    sa.CheckConstraint(
        "(status IN ('REFUSED', 'WITHDRAWN')) = (decided_at IS NOT NULL)",
        name="an_end_has_an_instant",
    ),
    sa.CheckConstraint(
        "status <> 'REFUSED' OR (refusal_ground IS NOT NULL AND reasons IS NOT NULL)",
        name="a_refusal_has_its_ground",
    ),
    sa.CheckConstraint(
        "status IN ('DRAFT', 'WITHDRAWN') OR (filed_at IS NOT NULL AND content_hash IS NOT NULL)",
        name="what_is_judged_was_filed",
    ),
    sa.CheckConstraint("open_objections >= 0", name="objections_are_counted"),
    # Rule 3.18, said a second time: one product, one application that is being decided.
    sa.Index(
        "one_claim_by_name",
        "applicant_id",
        "name",
        unique=True,
        sqlite_where=_CLAIMED,
        postgresql_where=_CLAIMED,
    ),
    sa.Index(
        "one_claim_by_content",
        "content_hash",
        unique=True,
        sqlite_where=_CLAIMED,
        postgresql_where=_CLAIMED,
    ),
    sa.Index("ix_applications_name", "applicant_id", "name"),
    sa.Index("ix_applications_content_hash", "content_hash"),
    sa.Index("ix_applications_newest", "created_at", "id"),
    sa.Index("ix_applications_queue", "status", "filed_at", "id"),
    sa.Index(
        "ix_applications_to_lapse",
        "correction_due_at",
        sqlite_where=_TO_LAPSE,
        postgresql_where=_TO_LAPSE,
    ),
    sa.Index(
        "ix_applications_to_close",
        "announcement_closes_at",
        sqlite_where=_TO_CLOSE,
        postgresql_where=_TO_CLOSE,
    ),
)

# One decision per application: what has ended stays ended, even if the code above it is wrong.
guard(
    applications,
    Guard(
        name="an_ended_application_stays_ended",
        write="UPDATE ON applications",
        condition="old.status IN ('REGISTERED', 'REFUSED', 'WITHDRAWN')"
        " AND new.status <> old.status",
        sentence="an ended application stays ended",
    ),
)

application_documents = sa.Table(
    "application_documents",
    metadata,
    sa.Column("application_id", sa.ForeignKey(applications.c.id), primary_key=True),
    sa.Column("role", one_of(DocumentRole), primary_key=True),
    sa.Column("document_id", sa.ForeignKey(documents.c.id), nullable=False),
)


async def add_application(tx: Transaction, application: Application) -> None:
    await add_row(tx, applications, columns_of(application))


async def save_application(tx: Transaction, application: Application) -> None:
    saved = await change_rows(tx, applications, columns_of(application), id=application.id)
    assert saved == 1, application.id


async def lock_application(tx: Transaction, key: Key) -> Application | None:
    """An application as it stands now that no other act can touch it, or what rests on it."""
    row = await lock_row(tx, applications, key)
    return None if row is None else Application(**row)


async def get_application(tx: Transaction, application_id: str) -> Application | None:
    row = await row_with(tx, applications, id=application_id)
    return None if row is None else Application(**row)


async def applications_to_lapse(tx: Transaction, most: int) -> list[str]:
    """Some whose time to correct has run out, which is not recorded yet."""
    return await _due(tx, _TO_LAPSE, applications.c.correction_due_at, most)


async def applications_to_close(tx: Transaction, most: int) -> list[str]:
    """Some whose announcement has run its period, which is not recorded yet."""
    return await _due(tx, _TO_CLOSE, applications.c.announcement_closes_at, most)


async def _due(tx: Transaction, waits: sa.TextClause, end: sa.Column[Any], most: int) -> list[str]:
    due = sa.select(applications.c.id).where(waits, end <= tx.now).order_by(end).limit(most)
    return list(await tx.connection.scalars(due))


async def filed_for_same_product(
    tx: Transaction, application: Application, content_hash: str
) -> list[Application]:
    """Other filed applications of the applicant under this name, or of anyone with this content."""
    same_name = sa.and_(
        applications.c.applicant_id == application.applicant_id,
        applications.c.name == application.name,
    )
    query = (
        sa.select(applications)
        .where(
            sa.or_(same_name, applications.c.content_hash == content_hash),
            applications.c.filed_at.is_not(None),
            applications.c.id != application.id,
        )
        .order_by(applications.c.filed_at, applications.c.id)
    )
    return [Application(**row) for row in (await tx.connection.execute(query)).mappings()]


async def put_document(
    tx: Transaction, application_id: str, role: DocumentRole, document_id: str
) -> None:
    """Attach a document in a role, in place of the one attached before."""
    key = (
        application_documents.c.application_id == application_id,
        application_documents.c.role == role,
    )
    replaced = await tx.connection.execute(
        application_documents.update().where(*key).values(document_id=document_id)
    )
    if replaced.rowcount == 0:
        await tx.connection.execute(
            application_documents.insert().values(
                application_id=application_id, role=role, document_id=document_id
            )
        )


async def documents_of_application(
    tx: Transaction, application_id: str
) -> dict[DocumentRole, Document]:
    query = (
        sa.select(application_documents.c.role, documents)
        .join(documents, documents.c.id == application_documents.c.document_id)
        .where(application_documents.c.application_id == application_id)
    )
    rows = [dict(row) for row in (await tx.connection.execute(query)).mappings()]
    return {row.pop("role"): Document(**row) for row in rows}
