"""What was signed and who cosigned it, in the database: written here, and read by everybody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.hashing import Hash
from ledger.formats.note import Signature
from ledger.keeping.reading import lock_head
from ledger.keeping.sequencing import wake
from ledger.keeping.store import ledger_checkpoint, ledger_cosignature, microseconds

LOOKED_BACK = 100


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A good signature that tells a unix time: a witness's, or the log's own with ML-DSA-44."""

    signature: Signature
    time: int


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    size: int
    root: Hash
    note: str
    is_published: bool

    def is_of(self, origin: str) -> bool:
        """Whether the note says what is kept beside it."""
        text = Checkpoint(origin, self.size, self.root).text()
        return self.note.startswith(f"{text}\n")


async def newest_signed(connection: AsyncConnection) -> SignedCheckpoint | None:
    columns = ledger_checkpoint.c
    query = sa.select(ledger_checkpoint).order_by(columns.size.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return SignedCheckpoint(row.size, Hash(row.root), row.note, row.published_at is not None)


async def note_of(connection: AsyncConnection, size: int) -> str:
    """The signed checkpoint of this size with all the lines there are."""
    columns = ledger_cosignature.c
    lines = (
        sa.select(columns.line).where(columns.size == size).order_by(columns.name, columns.key_id)
    )
    note = await signed_note(connection, size)
    return note + "".join(f"{line}\n" for line in await connection.scalars(lines))


async def signed_note(connection: AsyncConnection, size: int) -> str:
    """The same with the log's Ed25519 lines alone, as it was signed once and for ever."""
    query = sa.select(ledger_checkpoint.c.note).where(ledger_checkpoint.c.size == size)
    note: str = (await connection.execute(query)).scalar_one()
    return note


async def cosigned_sizes(connection: AsyncConnection) -> dict[tuple[str, bytes], int]:
    """The largest of the last hundred sizes that each key has cosigned, by its name and id."""
    checkpoint, columns = ledger_checkpoint.c, ledger_cosignature.c
    last = sa.select(checkpoint.size).order_by(checkpoint.size.desc()).limit(LOOKED_BACK)
    query = (
        sa.select(columns.name, columns.key_id, sa.func.max(columns.size))
        .where(columns.size.in_(last))
        .group_by(columns.name, columns.key_id)
    )
    return {(name, key_id): size for name, key_id, size in await connection.execute(query)}


async def keep_signed(
    connection: AsyncConnection, checkpoint: Checkpoint, note: str, at: datetime
) -> bool:
    """Keep the only checkpoint of its size; `False` when another process has just kept it."""
    await lock_head(connection)
    newest = await newest_signed(connection)
    if newest is not None and newest.size == checkpoint.tree_size:
        return False
    await connection.execute(
        ledger_checkpoint.insert().values(
            size=checkpoint.tree_size,
            root=checkpoint.root,
            note=note,
            signed_at=microseconds(at),
        )
    )
    return True


async def keep_cosignatures(
    connection: AsyncConnection, size: int, cosignatures: Iterable[Cosignature]
) -> None:
    """Keep of each key the newest one."""
    checkpoint = sa.select(ledger_checkpoint.c.size).where(ledger_checkpoint.c.size == size)
    await connection.execute(checkpoint.with_for_update())
    for cosignature in cosignatures:
        signature = cosignature.signature
        named = {"size": size, "name": signature.name, "key_id": signature.key_id}
        values = {"time": cosignature.time, "line": signature.line().removesuffix("\n")}
        this = sa.and_(*(ledger_cosignature.c[name] == value for name, value in named.items()))
        query = sa.select(ledger_cosignature.c.time).where(this)
        kept = (await connection.execute(query)).scalar_one_or_none()
        if kept is None:
            await connection.execute(ledger_cosignature.insert().values(**named, **values))
        elif kept < cosignature.time:
            await connection.execute(ledger_cosignature.update().where(this).values(values))


async def mark_published(connection: AsyncConnection, size: int, at: datetime) -> bool:
    """Let everybody see a checkpoint; `False` when another process has done so already."""
    columns = ledger_checkpoint.c
    this = sa.and_(columns.size == size, columns.published_at.is_(None))
    marked = await connection.execute(
        ledger_checkpoint.update().where(this).values(published_at=microseconds(at))
    )
    await wake(connection, size)
    return marked.rowcount == 1
