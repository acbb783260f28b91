"""Reading the ledger's tables."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import FREEZE
from ledger.formats.fields import Field
from ledger.formats.hashing import NO_HASH, Hash
from ledger.formats.spelling import SIZE_LIMIT
from ledger.formats.state_map import Standing
from ledger.formats.tree import Tile, TileReader, split_hashes
from ledger.keeping.store import (
    ledger_checkpoint,
    ledger_cosignature,
    ledger_entry,
    ledger_head,
    ledger_opening,
    ledger_subject,
    ledger_tile,
)
from ledger.keeping.together import Ask, Conversation, Row, Statement, together


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries there are, the hashes of `subtrees(0, size)`, the chain, the last instant
    (microseconds since 1970 UTC), and the kinds of the last two entries, the newest first.
    """

    size: int
    edge: tuple[Hash, ...]
    chain: Hash
    last_at: int
    last_kinds: tuple[str, ...] = ()

    @property
    def is_frozen(self) -> bool:
        """Whether the log has ended: at most the state after its end may still follow."""
        return FREEZE in self.last_kinds


EMPTY_HEAD = Head(0, (), NO_HASH, 0)


class Subject(NamedTuple):
    """A subject, the salt and the key that hide it, and where its events stand."""

    name: str
    salt: bytes
    key: Hash
    next_number: int
    head_leaf: Hash


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry in its place. Only an event has a subject, and a number on it."""

    index: int
    kind: str
    subject: str | None
    number: int | None
    entry: bytes
    leaf: Hash
    chain: Hash


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event in its place, with the digests of its sixteen slots in one."""

    index: int
    number: int
    entry: bytes
    leaf: Hash
    digests: bytes


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """A fact of an event that was not erased."""

    field: Field
    is_public: bool


def _kind_before_the_end(places: str) -> sa.ScalarSelect[Any]:
    index = ledger_head.c.size - sa.literal_column(places)
    return sa.select(ledger_entry.c.kind).where(ledger_entry.c.idx == index).scalar_subquery()


_ONE: sa.ColumnClause[int] = sa.literal_column("1", sa.BigInteger)
_e = ledger_entry.c
_later = ledger_entry.alias("later")

# SQLite holds its one write lock since BEGIN IMMEDIATE and leaves FOR UPDATE out.
_READ_HEAD = Statement(
    sa.select(
        ledger_head.c.size,
        ledger_head.c.edge,
        ledger_head.c.chain,
        ledger_head.c.last_at,
        _kind_before_the_end("1"),
        _kind_before_the_end("2"),
    ).with_for_update(of=ledger_head)
)
_READ_SUBJECT = Statement(
    sa.select(
        ledger_subject.c.subject,
        ledger_subject.c.salt,
        ledger_subject.c.key,
        ledger_subject.c.next_number,
        ledger_subject.c.head_leaf,
    ).where(ledger_subject.c.subject == sa.bindparam("name")),
    "name",
)
_READ_TILE = Statement(
    sa.select(ledger_tile.c.level, ledger_tile.c.n, ledger_tile.c.hashes).where(
        ledger_tile.c.level == sa.bindparam("at_level"), ledger_tile.c.n == sa.bindparam("number")
    ),
    "at_level",
    "number",
)
_READ_ENTRIES = Statement(
    sa.select(_e.idx, _e.kind, _e.subject, _e.number, _e.entry, _e.leaf, _e.chain)
    .where(_e.idx >= sa.bindparam("start"), _e.idx < sa.bindparam("end"))
    .order_by(_e.idx),
    "start",
    "end",
)
_READ_EVENTS = Statement(
    sa.select(_e.idx, _e.number, _e.entry, _e.leaf, _e.digests)
    .where(_e.subject == sa.bindparam("name"), _e.idx < sa.bindparam("size"))
    .order_by(_e.number),
    "name",
    "size",
)
_o = ledger_opening.c
_READ_OPENINGS = Statement(
    sa.select(_e.idx, _o.is_public, _o.slot, _o.name, _o.salt, _o.value)
    .join_from(ledger_entry, ledger_opening)
    .where(
        _e.subject == sa.bindparam("name"),
        _e.idx < sa.bindparam("size"),
        _o.erased_at.is_(None),
    )
    .order_by(_e.number, _o.slot),
    "name",
    "size",
)
# Of all events of a subject within the span, the one that no later one within it follows.
_READ_CHANGED = Statement(
    sa.select(ledger_subject.c.key, _e.number, _e.idx, _e.leaf)
    .join_from(ledger_entry, ledger_subject)
    .outerjoin(
        _later,
        sa.and_(
            _later.c.subject == _e.subject,
            _later.c.number == _e.number + _ONE,
            _later.c.idx < sa.bindparam("end"),
        ),
    )
    .where(_e.idx >= sa.bindparam("start"), _e.idx < sa.bindparam("until"), _later.c.id.is_(None)),
    "end",
    "start",
    "until",
)

_PUBLISHED_SIZE = sa.select(sa.func.max(ledger_checkpoint.c.size)).where(
    ledger_checkpoint.c.published_at.is_not(None)
)
_READ_PUBLISHED = Statement(
    sa.select(ledger_checkpoint.c.size, ledger_checkpoint.c.note).where(
        ledger_checkpoint.c.size == _PUBLISHED_SIZE.scalar_subquery()
    )
)
_READ_COSIGNATURES = Statement(
    sa.select(ledger_cosignature.c.line)
    .where(ledger_cosignature.c.size == sa.bindparam("of_size"))
    .order_by(ledger_cosignature.c.name, ledger_cosignature.c.key_id),
    "of_size",
)


def last_head() -> Conversation[Head]:
    rows = yield Ask(_READ_HEAD)
    if not rows:
        return EMPTY_HEAD
    ((size, edge, chain, last_at, *kinds),) = rows
    return Head(size, tuple(split_hashes(edge)), Hash(chain), last_at, tuple(filter(None, kinds)))


def subjects_named(names: Iterable[str]) -> Conversation[dict[str, Subject]]:
    rows = yield Ask(_READ_SUBJECT, [(name,) for name in names])
    return {row[0]: Subject(*row) for row in rows}


def tiles_at(tiles: Iterable[Tile]) -> Conversation[dict[Tile, bytes]]:
    rows = yield Ask(_READ_TILE, sorted(tiles))
    return {Tile(level, number): hashes for level, number, hashes in rows}


def history_below(subject: str, size: int) -> Conversation[list[tuple[EventRow, list[OpeningRow]]]]:
    """The events of a subject below an index, in order, each with what can be opened of it."""
    events = yield Ask(_READ_EVENTS, [(subject, size)])
    rows = yield Ask(_READ_OPENINGS, [(subject, size)])
    openings = defaultdict[int, list[OpeningRow]](list)
    for index, is_public, *field in rows:
        openings[index].append(OpeningRow(Field(*field), bool(is_public)))
    return [(EventRow(*event), openings[event[0]]) for event in events]


async def read_head(connection: AsyncConnection) -> Head:
    return await together(connection, last_head())


async def read_subject(connection: AsyncConnection, name: str) -> Subject | None:
    return (await together(connection, subjects_named([name]))).get(name)


async def read_tiles(connection: AsyncConnection, tiles: Iterable[Tile]) -> TileReader:
    """Fetch tiles, and give a function that reads from what was fetched."""
    return (await together(connection, tiles_at(tiles))).__getitem__


async def entries_between(connection: AsyncConnection, start: int, end: int) -> Sequence[EntryRow]:
    """The entries from index `start` up to, and not including, `end`: at most a few thousand."""
    rows = await together(connection, _one(_READ_ENTRIES, start, end))
    return [EntryRow(*row) for row in rows]


async def changed_since(
    connection: AsyncConnection, start: int, end: int | None = None
) -> Mapping[Hash, Standing]:
    """Where those subjects stood at size `end` that have events from index `start` on below it.

    Without `end`: where they stand now. By the subjects' keys.
    """
    below = SIZE_LIMIT - 1 if end is None else end
    rows = await together(connection, _one(_READ_CHANGED, below, start, below))
    return {Hash(key): Standing(number + 1, index, Hash(leaf)) for key, number, index, leaf in rows}


async def latest_published(connection: AsyncConnection) -> int | None:
    """The size of the newest checkpoint that everybody may see; None before the first."""
    size: int | None = (await connection.execute(_PUBLISHED_SIZE)).scalar_one()
    return size


def newest_published_note() -> Conversation[tuple[int, str] | None]:
    """The size and the note, with the cosignatures there are."""
    notes = yield Ask(_READ_PUBLISHED)
    if not notes:
        return None
    ((size, note),) = notes
    lines = yield Ask(_READ_COSIGNATURES, [(size,)])
    return size, note + "".join(f"{line}\n" for (line,) in lines)


async def published_note(connection: AsyncConnection) -> tuple[int, str] | None:
    return await together(connection, newest_published_note())


def _one(statement: Statement, *parameters: Any) -> Conversation[Sequence[Row]]:
    return (yield Ask(statement, [parameters]))
