"""A made-up register put into a database of ours, as fast as it takes it, past all acts."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg

from bench.reading.rows import MadeUp, Table
from tests.cluster.fleet import Installation

CHUNK = 20_000
Tell = Callable[[str], None]


async def load_postgresql(installation: Installation, register: MadeUp, tell: Tell) -> None:
    """Into an empty database: its steps are taken first. No application stands behind a title."""
    await _migrate(installation)
    connection = await asyncpg.connect(installation.database_url)
    try:
        # What each table refers to, and what no act would do, is not looked at.
        await connection.execute("SET session_replication_role = replica")
        for table in register.tables():
            for chunk in _chunks(table, tell):
                await connection.copy_records_to_table(
                    table.name, records=chunk, columns=table.columns
                )
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def load_sqlite(installation: Installation, register: MadeUp, tell: Tell) -> None:
    await _migrate(installation)
    file = Path(installation.database_url.removeprefix("sqlite+aiosqlite:///"))
    await asyncio.to_thread(_fill_sqlite, file, register, tell)


def _fill_sqlite(file: Path, register: MadeUp, tell: Tell) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for table in register.tables():
            columns, places = ", ".join(table.columns), ", ".join("?" * len(table.columns))
            # Names of tables and columns are this module's own.
            insert = f"INSERT INTO {table.name} ({columns}) VALUES ({places})"  # noqa: S608
            for chunk in _chunks(table, tell):
                connection.executemany(insert, map(_plain, chunk))
            connection.commit()
        connection.execute("ANALYZE")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """SQLite has no days: they are kept as text."""
    return tuple(value.isoformat() if hasattr(value, "isoformat") else value for value in row)


def _chunks(table: Table, tell: Tell) -> Iterator[list[tuple[Any, ...]]]:
    rows, done = table.rows(), 0
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
        done += len(chunk)
        tell(f"{table.name}: {done:,} of {table.size:,}")


async def _migrate(installation: Installation) -> None:
    code, said = await installation.run("migrate")
    assert code == 0, said
