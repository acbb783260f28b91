"""Tables of documents and of those a document was opened to; rows become models here."""

import sqlalchemy as sa

from services.documents.model import Document, MediaType
from services.parties.store import parties
from services.registry import Transaction
from services.tables import UtcInstant, metadata

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("depositor_id", sa.ForeignKey(parties.c.id), nullable=False, index=True),
    sa.Column("name", sa.String(200), nullable=False),
    # By name, not by value: media types are long.
    sa.Column(
        "media_type",
        sa.Enum(MediaType, native_enum=False, create_constraint=True, length=40),
        nullable=False,
    ),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("received_at", UtcInstant, nullable=False),
    # Rule 2.1, said a second time: a document has content.
    sa.CheckConstraint("size > 0", name="has_content"),
)

document_readers = sa.Table(
    "document_readers",
    metadata,
    sa.Column("document_id", sa.ForeignKey(documents.c.id), primary_key=True),
    sa.Column("party_id", sa.ForeignKey(parties.c.id), primary_key=True),
)


async def add_document(tx: Transaction, document: Document) -> None:
    row = {column.name: getattr(document, column.name) for column in documents.columns}
    await tx.connection.execute(documents.insert().values(**row))


async def get_document(tx: Transaction, document_id: str) -> Document | None:
    query = sa.select(documents).where(documents.c.id == document_id)
    row = (await tx.connection.execute(query)).mappings().one_or_none()
    return None if row is None else Document(**row)


async def open_document_to(tx: Transaction, document_id: str, party_id: str) -> None:
    """Let a party read a document from now on. Doing so again changes nothing."""
    opened = {"document_id": document_id, "party_id": party_id}
    query = sa.select(document_readers).filter_by(**opened)
    if (await tx.connection.execute(query)).first() is None:
        await tx.connection.execute(document_readers.insert().values(**opened))
