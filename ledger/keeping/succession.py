"""A log that ended goes on under another name: the same events, in a log that begins with a link.

Entries do not say where they stand. So those of the former log stand in the new one byte for byte,
in their order, and every subject's chain is the one it was. What hangs on their places (indexes,
chain, tree, map, checkpoints) begins anew.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import FREEZE, ORIGIN, Freeze, Origin, parse_entry
from ledger.formats.hashing import NO_HASH, Hash, chain_hash, leaf_hashes
from ledger.formats.tree import extend
from ledger.keeping.map_rows import ledger_state, ledger_state_page
from ledger.keeping.store import (
    ledger_checkpoint,
    ledger_cosignature,
    ledger_entry,
    ledger_head,
    ledger_opening,
    ledger_tile,
    microseconds,
)
from ledger.keeping.triggers_postgresql import IDS

ENTRIES_AT_A_TIME = 4096

_EMPTIED = (
    *(ledger_opening, ledger_entry, ledger_tile, ledger_head),
    *(ledger_cosignature, ledger_checkpoint, ledger_state, ledger_state_page),
)
_NAMES = ", ".join(table.name for table in _EMPTIED)

# Rules in force are said again; states, changes of key and the end were about the former log.
_SET_ENTRIES_ASIDE = """
CREATE TEMP TABLE former_entry AS
SELECT ROW_NUMBER() OVER (ORDER BY idx) AS place, kind, subject, number, entry, leaf, digests, id
FROM ledger_entry WHERE kind IN ('event', 'policy')
"""
_SET_OPENINGS_ASIDE = """
CREATE TEMP TABLE former_opening AS
SELECT place, slot, name, salt, value, is_public, erased_at
FROM ledger_opening JOIN former_entry ON former_entry.id = entry_id
"""
_TAKE_OPENINGS_BACK = """
INSERT INTO ledger_opening (entry_id, slot, name, salt, value, is_public, erased_at)
SELECT place, slot, name, salt, value, is_public, erased_at FROM former_opening
"""
_READ_ASIDE = sa.text("""
SELECT kind, subject, number, entry, leaf, digests
FROM former_entry WHERE place BETWEEN :first AND :last ORDER BY place
""")
# SQLite's || makes text of bytes, unharmed; the cast makes bytes of it again.
_GROWN = sa.cast(
    ledger_tile.c.hashes.op("||")(sa.literal_column("excluded.hashes", sa.LargeBinary)),
    sa.LargeBinary,
)
_LOCK_NOT_AVAILABLE = "55P03"
_BY_THE_SERVER = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    f"LOCK TABLE {_NAMES}, ledger_subject IN ACCESS EXCLUSIVE MODE",
)

_Row = tuple[Any, ...]


class CannotSucceedError(Exception):
    """The log cannot be succeeded; the sentence says why, and what to do."""


async def successor_of(connection: AsyncConnection) -> str | None:
    """The origin that is to follow, when the log has ended; None while it has not."""
    query = sa.select(ledger_entry.c.entry).where(ledger_entry.c.kind == FREEZE)
    entry = (await connection.execute(query)).scalar_one_or_none()
    if entry is None:
        return None
    end = parse_entry(entry)
    assert isinstance(end, Freeze)
    return end.successor


async def predecessor_of(connection: AsyncConnection) -> bytes | None:
    """The last signed note of the log before this one, when there was one."""
    query = sa.select(ledger_entry.c.entry).where(
        ledger_entry.c.idx == 0, ledger_entry.c.kind == ORIGIN
    )
    entry = (await connection.execute(query)).scalar_one_or_none()
    if entry is None:
        return None
    begin = parse_entry(entry)
    assert isinstance(begin, Origin)
    return begin.last


async def begin_successor(
    connection: AsyncConnection, last: bytes, at: datetime, progress: Callable[[int, int], None]
) -> int:
    """Put the log that follows in the place of the one that ended, in the caller's transaction.

    `last` is the last signed note of the former one. `progress` is told how many entries stand
    in their new places, and how many there are. Gives the size of the new log. Raises
    `CannotSucceedError` for a log that does not fit its hashes, and when somebody else is at it.
    """
    return await connection.run_sync(_begin, last, microseconds(at), progress)


def _begin(
    connection: sa.Connection, last: bytes, at: int, progress: Callable[[int, int], None]
) -> int:
    is_on_server = connection.dialect.name == "postgresql"
    if is_on_server:
        _have_alone(connection)
    _require_all_placed(connection)
    # The triggers guard the rows from all that is not a succession.
    guards = _put_off(connection)
    connection.exec_driver_sql(_SET_ENTRIES_ASIDE)
    where = "" if is_on_server else "temp."
    connection.exec_driver_sql(f"CREATE INDEX {where}former_place ON former_entry (place)")
    connection.exec_driver_sql(f"CREATE INDEX {where}former_id ON former_entry (id)")
    if is_on_server:
        connection.exec_driver_sql("ANALYZE former_entry")
    connection.exec_driver_sql(_SET_OPENINGS_ASIDE)
    _empty(connection)
    size = _append_all(connection, Origin(last).encode(), at, progress)
    connection.exec_driver_sql(_TAKE_OPENINGS_BACK)
    for aside in ("former_opening", "former_entry"):
        connection.exec_driver_sql(f"DROP TABLE {aside}")
    if is_on_server:
        connection.exec_driver_sql(f"SELECT setval('{IDS}', {size - 1})")
    for guard in guards:
        connection.exec_driver_sql(guard)
    return size


def _have_alone(connection: sa.Connection) -> None:
    try:
        for statement in _BY_THE_SERVER:
            connection.exec_driver_sql(statement)
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise CannotSucceedError(
            "The ledger is in use: stop every process of the register, and run this again."
        ) from None


def _require_all_placed(connection: sa.Connection) -> None:
    waiting = sa.select(ledger_entry.c.id).where(ledger_entry.c.idx.is_(None)).limit(1)
    if connection.execute(waiting).first() is not None:
        raise CannotSucceedError(
            "Events wait for their places after the end of the log, which cannot be: have "
            "`datatitle ledger fsck` say what is wrong."
        )


def _append_all(
    connection: sa.Connection, origin: bytes, at: int, progress: Callable[[int, int], None]
) -> int:
    count = connection.exec_driver_sql("SELECT COUNT(*) FROM former_entry").scalar_one()
    grow_tile = _grow_tile(connection)
    size, edge, chain = 0, list[Hash](), NO_HASH
    for rows in _in_order(connection, origin, count):
        leaves = leaf_hashes([row[3] for row in rows])
        kept = [row[4] for row in rows]
        if [leaf for leaf, stored in zip(leaves, kept, strict=True) if stored not in {leaf, None}]:
            raise CannotSucceedError(
                "What is stored does not fit its hashes, so nothing was changed: have "
                "`datatitle ledger fsck` say where."
            )
        placed = []
        for place, (row, leaf) in enumerate(zip(rows, leaves, strict=True), size):
            chain = chain_hash(chain, leaf)
            kind, subject, number, entry, _, digests = row
            placed.append((place, place, kind, subject, number, entry, leaf, chain, digests))
        _insert_entries(connection, placed)
        edge, grown = extend(edge, size, leaves)
        tiles = [
            {"level": tile.level, "n": tile.number, "hashes": hashes} for tile, hashes in grown
        ]
        connection.execute(grow_tile, tiles)
        size += len(rows)
        progress(size, count + 1)
    head = {"id": 1, "size": size, "edge": b"".join(edge), "chain": chain, "last_at": at}
    connection.execute(ledger_head.insert().values(head))
    return size


def _in_order(connection: sa.Connection, origin: bytes, count: int) -> Iterator[Sequence[_Row]]:
    """The entries of the new log, some at a time; the first of them names the former log."""
    first: list[_Row] = [(ORIGIN, None, None, origin, None, None)]
    for start in range(1, count + 1, ENTRIES_AT_A_TIME):
        end = start + ENTRIES_AT_A_TIME - 1
        rows = connection.execute(_READ_ASIDE, {"first": start, "last": end}).all()
        yield [*first, *(tuple(row) for row in rows)]
        first = []
    if first:
        yield first


def _insert_entries(connection: sa.Connection, rows: Sequence[_Row]) -> None:
    names = ("id", "idx", "kind", "subject", "number", "entry", "leaf", "chain", "digests")
    connection.execute(ledger_entry.insert(), [dict(zip(names, row, strict=True)) for row in rows])


def _grow_tile(connection: sa.Connection) -> Executable:
    key = [ledger_tile.c.level, ledger_tile.c.n]
    if connection.dialect.name == "postgresql":
        on_server = postgresql.insert(ledger_tile)
        return on_server.on_conflict_do_update(index_elements=key, set_={"hashes": _GROWN})
    in_file = sqlite.insert(ledger_tile)
    return in_file.on_conflict_do_update(index_elements=key, set_={"hashes": _GROWN})


def _empty(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"TRUNCATE {_NAMES}")
        return
    for table in _EMPTIED:
        connection.execute(table.delete())


def _put_off(connection: sa.Connection) -> list[str]:
    """Put off all triggers of the ledger's tables; what puts them on again."""
    if connection.dialect.name == "postgresql":
        for table in _EMPTIED:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
        return [f"ALTER TABLE {table.name} ENABLE TRIGGER USER" for table in _EMPTIED]
    found = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'ledger!_%' "
        "ESCAPE '!'"
    ).all()
    for name, _ in found:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    return [sql for _, sql in found]
