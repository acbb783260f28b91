"""Reading the ledger's tables."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import FREEZE, parse_event
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
from ledger.keeping.together import (
    Ask,
    Conversation,
    PostgresqlStatement,
    Row,
    Statement,
    each_of,
    together,
)


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
    """A subject, the salt and the key that hide it, and where its events stand.

    `last_at` in microseconds since 1970 UTC is the instant of its last event.
    """

    name: str
    salt: bytes
    key: Hash
    next_number: int
    head_leaf: Hash
    last_at: int = 0


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
class PlaceRow:
    """Where an event stands: in the log, `None` while it waits for that, and on its subject."""

    index: int | None
    number: int
    leaf: Hash


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

_READ_HEAD = Statement(
    sa.select(
        ledger_head.c.size,
        ledger_head.c.edge,
        ledger_head.c.chain,
        ledger_head.c.last_at,
        _kind_before_the_end("1"),
        _kind_before_the_end("2"),
    )
)
# SQLite holds its one write lock since BEGIN IMMEDIATE. On PostgreSQL what is read together with a
# lock may be older than the lock: it is read afterwards.
_LOCK_HEAD = PostgresqlStatement("SELECT id FROM ledger_head FOR UPDATE")
# Who finds no head begins it; who comes meanwhile waits here, and finds it then.
_LOCK_HEAD_TO_BE = PostgresqlStatement("SELECT pg_advisory_xact_lock(1684108385, 2)")
_READ_SUBJECT = Statement(
    sa.select(
        ledger_subject.c.subject,
        ledger_subject.c.salt,
        ledger_subject.c.key,
        ledger_subject.c.next_number,
        ledger_subject.c.head_leaf,
        ledger_subject.c.last_at,
    ).where(ledger_subject.c.subject == sa.bindparam("name")),
    "name",
)
# In one order, whoever locks them.
_LOCK_SUBJECTS = PostgresqlStatement(
    "SELECT subject, salt, key, next_number, head_leaf, last_at FROM ledger_subject"
    " WHERE subject = ANY($1::text[]) ORDER BY subject FOR NO KEY UPDATE"
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
_NAMES = each_of("names")
_READ_SALTS = Statement(
    sa.select(ledger_subject.c.subject, ledger_subject.c.salt).where(
        ledger_subject.c.subject.in_(_NAMES)
    ),
    "names",
)
_READ_PLACES = Statement(
    sa.select(_e.subject, _e.idx, _e.number, _e.leaf)
    .where(_e.subject.in_(_NAMES))
    .order_by(_e.subject, _e.number),
    "names",
)
_READ_EVENTS_BELOW = Statement(
    sa.select(_e.idx, _e.number, _e.entry, _e.leaf, _e.digests)
    .where(_e.subject == sa.bindparam("name"), _e.idx < sa.bindparam("size"))
    .order_by(_e.number),
    "name",
    "size",
)
_o = ledger_opening.c
_openings = (
    sa.select(_e.subject, _e.number, _o.is_public, _o.slot, _o.name, _o.salt, _o.value)
    .join_from(ledger_entry, ledger_opening)
    .where(_o.erased_at.is_(None))
    .order_by(_e.subject, _e.number, _o.slot)
)
_READ_OPENINGS = Statement(_openings.where(_e.subject.in_(_NAMES)), "names")
_READ_OPENINGS_BELOW = Statement(
    _openings.where(_e.subject == sa.bindparam("name"), _e.idx < sa.bindparam("size")),
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
# The same where a plan must be good before anything is known of how the table has grown.
_READ_LAST_OF_EACH = PostgresqlStatement(
    "SELECT DISTINCT ON (subject) entry, number, idx, leaf FROM ledger_entry"
    " WHERE idx >= $1 AND idx < $2 AND kind = 'event' ORDER BY subject, number DESC"
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


def locked_head() -> Conversation[Head]:
    """The head on PostgreSQL, which nobody else moves on before the transaction ends."""
    if not (yield Ask(_LOCK_HEAD)):
        yield Ask(_LOCK_HEAD_TO_BE)
        yield Ask(_LOCK_HEAD)
    return (yield from last_head())


def subjects_named(
    names: Collection[str], *, locked: bool = False
) -> Conversation[dict[str, Subject]]:
    """Those there are; locked, nobody else moves them on before the transaction ends."""
    if not names:
        return {}
    if locked:
        rows = yield Ask(_LOCK_SUBJECTS, [(sorted(names),)])
    else:
        rows = yield Ask(_READ_SUBJECT, [(name,) for name in names])
    return {row[0]: Subject(*row) for row in rows}


def salts_of(subjects: Iterable[str]) -> Conversation[dict[str, bytes]]:
    """What hides the keys of those there are."""
    rows = yield Ask(_READ_SALTS, [(json.dumps([*subjects]),)])
    return {row[0]: row[1] for row in rows}


def tiles_at(tiles: Iterable[Tile]) -> Conversation[dict[Tile, bytes]]:
    rows = yield Ask(_READ_TILE, sorted(tiles))
    return {Tile(level, number): hashes for level, number, hashes in rows}


def history_below(subject: str, size: int) -> Conversation[list[tuple[EventRow, list[OpeningRow]]]]:
    """The events of a subject below an index, in order, each with what can be opened of it."""
    events = yield Ask(_READ_EVENTS_BELOW, [(subject, size)])
    openings = _by_event((yield Ask(_READ_OPENINGS_BELOW, [(subject, size)])))
    return [(EventRow(*event), openings[subject, event[1]]) for event in events]


def whole_histories(
    subjects: Iterable[str],
) -> Conversation[dict[str, list[tuple[PlaceRow, list[OpeningRow]]]]]:
    """The same of all events of each, also those that have no place in the log yet."""
    histories: dict[str, list[tuple[PlaceRow, list[OpeningRow]]]] = {name: [] for name in subjects}
    named = [(json.dumps([*histories]),)]
    events = yield Ask(_READ_PLACES, named)
    openings = _by_event((yield Ask(_READ_OPENINGS, named)))
    for subject, *event in events:
        place = PlaceRow(*event)
        histories[subject].append((place, openings[subject, place.number]))
    return histories


def _by_event(rows: Sequence[Row]) -> Mapping[tuple[str, int], list[OpeningRow]]:
    openings = defaultdict[tuple[str, int], list[OpeningRow]](list)
    for subject, number, is_public, *field in rows:
        openings[subject, number].append(OpeningRow(Field(*field), bool(is_public)))
    return openings


async def read_head(connection: AsyncConnection) -> Head:
    return await together(connection, last_head())


async def lock_head(connection: AsyncConnection) -> None:
    """Keep all others from giving places until the transaction ends; on SQLite nobody else can."""
    if connection.dialect.name == "postgresql":
        await together(connection, locked_head())


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
    if connection.dialect.name == "postgresql":
        last = await together(connection, _one(_READ_LAST_OF_EACH, start, below))
        rows: Sequence[Row] = [(parse_event(entry).key, *where) for entry, *where in last]
    else:
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


def _one(
    statement: Statement | PostgresqlStatement, *parameters: Any
) -> Conversation[Sequence[Row]]:
    return (yield Ask(statement, [parameters]))
