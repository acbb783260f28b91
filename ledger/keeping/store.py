"""The ledger's tables, and how their rows are written and read."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import Field, SaltedFields
from ledger.formats.hashing import HASH_SIZE, NO_HASH, SALT_SIZE, Hash
from ledger.formats.tree import Tile, TileReader, split_hashes
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS

SUBJECT_LENGTH_MAX = 255
ROWS_AT_A_TIME = 250

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Which subjects there are. The salt hides a subject's key from whoever was not given it.
ledger_subject = sa.Table(
    "ledger_subject",
    metadata,
    sa.Column("subject", sa.String(SUBJECT_LENGTH_MAX), primary_key=True),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("next_number", sa.BigInteger, nullable=False),
    sa.Column("head_leaf", sa.LargeBinary, nullable=False),
    sa.CheckConstraint(f"length(salt) = {SALT_SIZE}", "salt"),
    sa.CheckConstraint(f"length(head_leaf) = {HASH_SIZE}", "head_leaf"),
)

# The log itself. `entry` holds the exact bytes; `digests` the sixteen slots they commit to.
ledger_event = sa.Table(
    "ledger_event",
    metadata,
    sa.Column("idx", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.ForeignKey("ledger_subject.subject"), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("chain", sa.LargeBinary, nullable=False),
    sa.Column("digests", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("subject", "number"),
    sa.CheckConstraint(f"length(leaf) = {HASH_SIZE}", "leaf"),
    sa.CheckConstraint(f"length(chain) = {HASH_SIZE}", "chain"),
)

# What the digests hide: without these rows an event says nothing to anybody.
ledger_opening = sa.Table(
    "ledger_opening",
    metadata,
    sa.Column("idx", sa.ForeignKey("ledger_event.idx"), primary_key=True, autoincrement=False),
    sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("is_public", sa.Boolean(create_constraint=True, name="is_public"), nullable=False),
    sa.UniqueConstraint("idx", "name"),
)

# The hashes of the tree, 256 to a row (see `tree`). Full tiles never change again.
ledger_tile = sa.Table(
    "ledger_tile",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
)

# The one row every append goes through: how far the log is, and what the next entry builds on.
ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("edge", sa.LargeBinary, nullable=False),
    sa.Column("chain", sa.LargeBinary, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.CheckConstraint("id = 1", "single"),
)

ledger_checkpoint = sa.Table(
    "ledger_checkpoint",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("signed_at", sa.BigInteger, nullable=False),
)


@sa.event.listens_for(metadata, "after_create")
def _guard(_: sa.MetaData, connection: sa.Connection, **_options: object) -> None:
    if connection.dialect.name == "sqlite":
        for statement in APPEND_ONLY_STATEMENTS:
            connection.exec_driver_sql(statement)


@dataclass(frozen=True, slots=True)
class Head:
    """How many events there are, the hashes of `subtrees(0, size)`, the chain, the last instant."""

    size: int
    edge: tuple[Hash, ...]
    chain: Hash
    last_at: int


@dataclass(frozen=True, slots=True)
class Subject:
    name: str
    salt: bytes
    next_number: int
    head_leaf: Hash


@dataclass(frozen=True, slots=True)
class EventRow:
    index: int
    subject: str
    number: int
    entry: bytes
    leaf: Hash
    chain: Hash
    digests: tuple[Hash, ...]


@dataclass(frozen=True, slots=True)
class OpeningRow:
    field: Field
    is_public: bool


EMPTY_HEAD = Head(0, (), NO_HASH, 0)


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970 UTC, as every instant in these tables is kept."""
    return (instant - _EPOCH) // _MICROSECOND


async def read_head(connection: AsyncConnection, *, locked: bool = False) -> Head:
    query = sa.select(ledger_head)
    # SQLite holds its one write lock since BEGIN IMMEDIATE and leaves FOR UPDATE out.
    row = (await connection.execute(query.with_for_update() if locked else query)).one_or_none()
    if row is None:
        return EMPTY_HEAD
    return Head(row.size, tuple(split_hashes(row.edge)), Hash(row.chain), row.last_at)


async def write_head(connection: AsyncConnection, head: Head) -> None:
    values = {
        "id": 1,
        "size": head.size,
        "edge": b"".join(head.edge),
        "chain": head.chain,
        "last_at": head.last_at,
    }
    first = head.size == 1
    statement = ledger_head.insert() if first else ledger_head.update()
    await connection.execute(statement.values(values))


async def read_subject(connection: AsyncConnection, name: str) -> Subject | None:
    query = sa.select(ledger_subject).where(ledger_subject.c.subject == name)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Subject(row.subject, row.salt, row.next_number, Hash(row.head_leaf))


async def write_subject(connection: AsyncConnection, subject: Subject) -> None:
    values = {"next_number": subject.next_number, "head_leaf": subject.head_leaf}
    if subject.next_number == 1:
        statement: sa.Insert | sa.Update = ledger_subject.insert().values(
            subject=subject.name, salt=subject.salt, **values
        )
    else:
        named = ledger_subject.c.subject == subject.name
        statement = ledger_subject.update().where(named).values(values)
    await connection.execute(statement)


async def insert_event(connection: AsyncConnection, event: EventRow, fields: SaltedFields) -> None:
    await connection.execute(
        ledger_event.insert().values(
            idx=event.index,
            subject=event.subject,
            number=event.number,
            entry=event.entry,
            leaf=event.leaf,
            chain=event.chain,
            digests=b"".join(event.digests),
        )
    )
    openings = [(field, True) for field in fields.public]
    openings += [(field, False) for field in fields.private]
    await connection.execute(
        ledger_opening.insert(),
        [
            {
                "idx": event.index,
                "slot": field.slot,
                "name": field.name,
                "salt": field.salt,
                "value": field.value,
                "is_public": is_public,
            }
            for field, is_public in openings
        ],
    )


async def keep_hash(connection: AsyncConnection, tile: Tile, kept: Hash, *, first: bool) -> None:
    """Write a hash at the end of its tile, which the first one begins."""
    if first:
        statement: sa.Insert | sa.Update = ledger_tile.insert().values(
            level=tile.level, n=tile.number, hashes=kept
        )
    else:
        # SQLite's || makes text of bytes, unharmed; the cast makes bytes of it again.
        longer = sa.cast(ledger_tile.c.hashes.op("||")(kept), sa.LargeBinary)
        this = (ledger_tile.c.level == tile.level) & (ledger_tile.c.n == tile.number)
        statement = ledger_tile.update().where(this).values(hashes=longer)
    await connection.execute(statement)


async def read_tiles(connection: AsyncConnection, tiles: Iterable[Tile]) -> TileReader:
    """Fetch tiles, and give a function that reads from what was fetched."""
    wanted = sorted(tiles)
    found: dict[Tile, bytes] = {}
    key = sa.tuple_(ledger_tile.c.level, ledger_tile.c.n)
    for start in range(0, len(wanted), ROWS_AT_A_TIME):
        query = sa.select(ledger_tile).where(key.in_(wanted[start : start + ROWS_AT_A_TIME]))
        found |= {Tile(row.level, row.n): row.hashes for row in await connection.execute(query)}
    return found.__getitem__


async def events_between(
    connection: AsyncConnection, start: int, end: int
) -> AsyncIterator[EventRow]:
    """The events from index `start` up to, and not including, `end`."""
    for first in range(start, end, ROWS_AT_A_TIME):
        last = min(first + ROWS_AT_A_TIME, end) - 1
        within = ledger_event.c.idx.between(first, last)
        for event in await _events(connection, within):
            yield event


async def events_of_subject(
    connection: AsyncConnection, subject: str, size: int
) -> Sequence[EventRow]:
    """The events of a subject that a tree of this size holds."""
    theirs = (ledger_event.c.subject == subject) & (ledger_event.c.idx < size)
    return await _events(connection, theirs)


async def _events(
    connection: AsyncConnection, condition: sa.ColumnElement[bool]
) -> Sequence[EventRow]:
    query = sa.select(ledger_event).where(condition).order_by(ledger_event.c.idx)
    return [
        EventRow(
            row.idx,
            row.subject,
            row.number,
            row.entry,
            Hash(row.leaf),
            Hash(row.chain),
            tuple(split_hashes(row.digests)),
        )
        for row in await connection.execute(query)
    ]


async def openings_of_subject(
    connection: AsyncConnection, subject: str
) -> Mapping[int, Sequence[OpeningRow]]:
    """All that can be opened of a subject's events, by the event's index, in the order of slots."""
    query = (
        sa.select(ledger_opening)
        .join(ledger_event)
        .where(ledger_event.c.subject == subject)
        .order_by(ledger_opening.c.idx, ledger_opening.c.slot)
    )
    openings: dict[int, list[OpeningRow]] = {}
    for row in await connection.execute(query):
        field = Field(row.slot, row.name, row.salt, row.value)
        openings.setdefault(row.idx, []).append(OpeningRow(field, row.is_public))
    return openings


async def insert_checkpoint(
    connection: AsyncConnection, size: int, note: str, signed_at: int
) -> None:
    row = {"size": size, "note": note, "signed_at": signed_at}
    await connection.execute(ledger_checkpoint.insert().values(row))


async def latest_checkpoint(connection: AsyncConnection) -> str | None:
    query = sa.select(ledger_checkpoint.c.note).order_by(ledger_checkpoint.c.size.desc()).limit(1)
    return (await connection.execute(query)).scalar_one_or_none()


async def signed_size(connection: AsyncConnection) -> int:
    """The size of the largest tree that was signed; 0 before the first."""
    query = sa.select(sa.func.coalesce(sa.func.max(ledger_checkpoint.c.size), 0))
    return int((await connection.execute(query)).scalar_one())


async def chain_at(connection: AsyncConnection, size: int) -> Hash:
    """The chain over the first `size` events."""
    if size == 0:
        return NO_HASH
    query = sa.select(ledger_event.c.chain).where(ledger_event.c.idx == size - 1)
    return Hash((await connection.execute(query)).scalar_one())
