"""The yardstick: the same rows, written and read with nothing around the database."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import aiosqlite
import sqlalchemy as sa

from ledger.keeping import together
from services.registry import Registry

PRAGMAS = ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL")
WRITES = ("INSERT", "UPDATE")
EVERYTHING = ("SELECT", *WRITES)
LEDGER = " ledger_"  # What the names of its tables begin with.


class Write(NamedTuple):
    """One statement of an act, as it reached the database."""

    statement: str
    parameters: Any
    is_many: bool


async def writes_of(
    registry: Registry,
    act: Callable[[int], Awaitable[None]],
    acts: int,
    kinds: tuple[str, ...] = WRITES,
) -> list[list[Write]]:
    """What each of several acts, done one after the other, has written, or asked, too.

    Nothing of the ledger's is among it.
    """
    written: list[Write] = []
    transactions = []
    with _taken_down(registry.engine.sync_engine, kinds, written):
        for number in range(acts):
            await act(number)
            transactions.append(written.copy())
            written.clear()
    return transactions


@contextmanager
def _taken_down(engine: sa.Engine, kinds: tuple[str, ...], written: list[Write]) -> Iterator[None]:
    """Both ways to the driver are listened at: SQLAlchemy's, and the one past it."""

    def take(statement: str, parameters: Any, *, is_many: bool) -> None:
        if statement.startswith(kinds) and LEDGER not in statement:
            written.append(Write(statement, parameters, is_many))

    def note(_connection: object, _cursor: object, *executed: Any) -> None:
        statement, parameters, _context, is_many = executed
        take(statement, parameters, is_many=is_many)

    def answer(cursor: sqlite3.Cursor, ask: together.Ask) -> Sequence[together.Row]:
        assert isinstance(ask.statement, together.Statement), ask
        for row in ask.parameters:
            take(ask.statement.for_sqlite, row, is_many=False)
        return to_file(cursor, ask)

    async def served(adapted: object, ask: together.Ask) -> Sequence[together.Row]:
        for row in ask.parameters:
            take(ask.statement.for_postgresql, row, is_many=False)
        return await to_server(adapted, ask)

    to_file, to_server = together._answer, together._served
    together._answer, together._served = answer, served
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
        together._answer, together._served = to_file, to_server


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


def copied(database: Path, copy: Path) -> Path:
    """A copy of a database that is open."""
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy
