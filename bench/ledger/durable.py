"""Appending to a database that waits for the disk, beside the same rows without the ledger.

The yardstick writes what the ledger has written, in the same batches, into the same tables with
their indexes, but with no triggers and nothing to compute.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from secrets import token_bytes
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from api.opening import open_registry
from api.settings import read_settings
from bench.ledger.million import AT, BATCH, event_on
from bench.ledger.rows import Row, Setting, a_second
from bench.yardstick import PRAGMAS
from ledger.formats.entry import POLICY
from ledger.formats.hashing import leaf_hashes
from ledger.keeping.append import append_events
from ledger.keeping.placing import Unplaced, place
from ledger.keeping.reading import last_head
from ledger.keeping.together import Conversation, together
from services.clock import ManualClock

BATCHES = 100
ENTRY_SIZE = 300
ENTRIES = [token_bytes(ENTRY_SIZE) for _ in range(BATCH)]
SUBJECTS = 10_000
GOAL = 0.5

# What a batch adds, by its first index and the first after it.
ADDED = {
    "ledger_subject": "SELECT s.* FROM ledger_subject s JOIN ledger_entry e USING (subject)"
    " WHERE e.number = 0 AND e.idx >= ? AND e.idx < ?",
    "ledger_entry": "SELECT * FROM ledger_entry WHERE idx >= ? AND idx < ?",
    "ledger_opening": "SELECT * FROM ledger_opening WHERE entry_id >= ? AND entry_id < ?",
    # A tile counts for the batch that begins it.
    "ledger_tile": "SELECT * FROM ledger_tile WHERE n << (8 * level + 8) >= ?"
    " AND n << (8 * level + 8) < ?",
}

Write = Callable[[AsyncConnection, int], Awaitable[object]]


async def measure(setting: Setting) -> list[Row]:
    return [
        await _compare(setting, "durable append of entries: entries, tiles, head", GOAL, _entries),
        await _compare(setting, "durable append of events: salts, openings too", None, _events),
    ]


async def _compare(setting: Setting, work: str, goal: float | None, write: Write) -> Row:
    ours, raw = list[float](), list[float]()
    for number in range(setting.rounds):
        setting.tell(work, number / setting.rounds)
        folder = setting.folder / f"{write.__name__} {number}"
        ours.append(await _append(folder, write))
        raw.append(_insert_alone(folder))
    ratio = median(raw) / median(ours)
    events = BATCHES * BATCH
    return Row(
        f"{work}; 1,000 at a time",
        "" if goal is None else f"≥ {goal} of bare inserts",
        a_second(events / median(ours)),
        f"{a_second(events / median(raw))} bare inserts",
        f"{ratio:.2f}",
        goal is None or ratio >= goal,
    )


async def _append(folder: Path, write: Write) -> float:
    registry = await open_registry(read_settings({"DATATITLE_DATA": str(folder)}), ManualClock(AT))
    begun = perf_counter()
    for start in range(0, BATCHES * BATCH, BATCH):
        async with registry.deciding() as tx:
            await write(tx.connection, start)
    seconds = perf_counter() - begun
    await registry.close()
    return seconds


async def _entries(connection: AsyncConnection, _start: int) -> None:
    def placing() -> Conversation[None]:
        head = yield from last_head()
        leaves = leaf_hashes(ENTRIES)
        unplaced = [Unplaced(POLICY, *pair) for pair in zip(ENTRIES, leaves, strict=True)]
        yield from place(head, unplaced, head.last_at)

    await together(connection, placing())


async def _events(connection: AsyncConnection, start: int) -> None:
    events = [event_on(number % SUBJECTS) for number in range(start, start + BATCH)]
    await append_events(connection, events)


def _insert_alone(folder: Path) -> float:
    written = folder / "register.sqlite3"
    bare = folder / "bare.sqlite3"
    with closing(sqlite3.connect(written)) as source, closing(_empty(source, bare)) as target:
        batches = [list(_added(source, start)) for start in range(0, BATCHES * BATCH, BATCH)]
        begun = perf_counter()
        for size, batch in enumerate(batches, 1):
            target.execute("BEGIN IMMEDIATE")
            for statement, rows in batch:
                target.executemany(statement, rows)
            target.execute("UPDATE alembic_version SET version_num = ?", (str(size),))
            target.execute("COMMIT")
        return perf_counter() - begun


def _empty(source: sqlite3.Connection, bare: Path) -> sqlite3.Connection:
    """A database with the same tables and indexes and nothing more."""
    target = sqlite3.connect(bare, isolation_level=None)
    for pragma in PRAGMAS:
        target.execute(f"PRAGMA {pragma}")
    target.execute("PRAGMA foreign_keys = OFF")
    tables = source.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")
    for (statement,) in tables.fetchall():
        target.execute(statement)
    return target


def _added(source: sqlite3.Connection, start: int) -> Iterator[tuple[str, list[Any]]]:
    for table, query in ADDED.items():
        rows = source.execute(query, (start, start + BATCH)).fetchall()
        if rows:
            places = ", ".join("?" * len(rows[0]))
            yield f"INSERT INTO {table} VALUES ({places})", rows  # noqa: S608 - of words above.
