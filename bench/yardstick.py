"""The yardstick: the same rows, written and read with nothing around the database."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import aiosqlite
import sqlalchemy as sa

from services.registry import Registry

PRAGMAS = ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL")
CERTIFICATE = """
SELECT c.id, c.status, c.valid_until, c.source_authorised_until, c.ended_at, p.name
FROM certificates c JOIN parties p ON p.id = c.holder_id WHERE c.number = ?
"""
BURDENS = "SELECT kind, since, until FROM encumbrances WHERE certificate_id = ?"


class Write(NamedTuple):
    """One statement of an act, as it reached the database."""

    statement: str
    parameters: Any
    is_many: bool


async def writes_of(
    registry: Registry, act: Callable[[int], Awaitable[None]], acts: int
) -> list[list[Write]]:
    """What each of several acts, done one after the other, has written."""
    engine = registry.engine.sync_engine
    written: list[Write] = []

    def note(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: Any,
        _context: object,
        executemany: bool,
    ) -> None:
        if statement.startswith(("INSERT", "UPDATE")):
            written.append(Write(statement, parameters, executemany))

    sa.event.listen(engine, "before_cursor_execute", note)
    transactions = []
    try:
        for number in range(acts):
            await act(number)
            transactions.append(written.copy())
            written.clear()
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return transactions


async def write_bare(database: Path, transactions: Sequence[Sequence[Write]]) -> float:
    """Acts per second when each is nothing but its rows in a transaction."""
    async with aiosqlite.connect(database, isolation_level=None) as connection:
        for pragma in PRAGMAS:
            await connection.execute(f"PRAGMA {pragma}")
        begun = perf_counter()
        for writes in transactions:
            await connection.execute("BEGIN IMMEDIATE")
            for write in writes:
                run = connection.executemany if write.is_many else connection.execute
                await run(write.statement, write.parameters)
            await connection.execute("COMMIT")
        return len(transactions) / (perf_counter() - begun)


def read_bare(database: Path, numbers: Sequence[str], questions: int) -> float:
    """Status queries per second when each is nothing but two selects."""
    with closing(sqlite3.connect(database)) as connection:
        begun = perf_counter()
        for question in range(questions):
            number = numbers[question % len(numbers)]
            (certificate,) = connection.execute(CERTIFICATE, (number,)).fetchall()
            burdens = connection.execute(BURDENS, certificate[:1]).fetchall()
            assert len(burdens) == 1, number
        return questions / (perf_counter() - begun)


def copied(database: Path, copy: Path) -> Path:
    """A copy of a database that is open."""
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy
