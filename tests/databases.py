"""Where a test keeps its register: made, copied, looked into by hand, and dropped, on either kind.

A database is known by its address, as `open_engine` takes it; one that is a file, by that too.
"""

import re
import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import asyncpg

from services.postgresql import libpq_url
from tests.postgres import Server, run_beside

SQLITE = "sqlite+aiosqlite:///"


class Databases(Protocol):
    def create(self, folder: Path) -> str:
        """An empty database; one that is a file is in this folder."""

    def copy(self, address: str, folder: Path) -> str:
        """A copy of a database, as an operator backs it up."""

    def put_back(self, backup: str, address: str) -> None:
        """Make a database what its copy is, as an operator does when nobody has it open."""

    def drop(self, address: str) -> None: ...


class SqliteFiles:
    def create(self, folder: Path) -> str:
        return f"{SQLITE}{folder / f'{uuid4().hex}.db'}"

    def copy(self, address: str, folder: Path) -> str:
        copy = self.create(folder)
        self.put_back(address, copy)
        return copy

    def put_back(self, backup: str, address: str) -> None:
        source, target = file_of(backup), file_of(address)
        for name in (target.name, f"{target.name}-wal", f"{target.name}-shm"):
            target.with_name(name).unlink(missing_ok=True)
        if source.with_name(f"{source.name}-wal").exists():  # Somebody has it open.
            with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
                one.backup(other)
        else:
            shutil.copy(source, target)

    def drop(self, address: str) -> None:
        """It goes with its folder."""


class PostgresqlServer:
    def __init__(self, server: Server) -> None:
        self.server = server

    def create(self, folder: Path) -> str:
        del folder
        return self.server.create()

    def copy(self, address: str, folder: Path) -> str:
        del folder
        return self.server.create(address)

    def put_back(self, backup: str, address: str) -> None:
        self.server.drop(address)
        self.server.copy(backup, address)

    def drop(self, address: str) -> None:
        self.server.drop(address)


def is_sqlite(address: str | Path) -> bool:
    return isinstance(address, Path) or address.startswith(SQLITE)


def file_of(address: str | Path) -> Path:
    assert is_sqlite(address), address
    return address if isinstance(address, Path) else Path(address.removeprefix(SQLITE))


def rows(address: str | Path, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What the database answers to one statement in SQL, with a `?` for each parameter."""
    if is_sqlite(address):
        with closing(sqlite3.connect(file_of(address))) as connection, connection:
            return connection.execute(query, parameters).fetchall()
    return run_beside(_rows(address, query, parameters))


async def _rows(address: str, query: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    number = count(1)
    connection = await asyncpg.connect(libpq_url(address))
    try:
        numbered = re.sub(r"\?", lambda _: f"${next(number)}", query)
        return [tuple(row) for row in await connection.fetch(numbered, *parameters)]
    finally:
        await connection.close()


def trace_of(address: str) -> str:
    """A hash over every row of every table."""
    if is_sqlite(address):
        with closing(sqlite3.connect(file_of(address))) as connection:
            return sha256("\n".join(connection.iterdump()).encode()).hexdigest()
    [(trace,)] = run_beside(_trace(address))
    return trace


async def _trace(address: str) -> list[Any]:
    connection = await asyncpg.connect(libpq_url(address))
    try:
        tables = await connection.fetch("SELECT relname FROM pg_stat_user_tables ORDER BY 1")
        traces = [
            f"(SELECT md5(string_agg(row::text, ' ' ORDER BY row::text)) FROM {table} AS row)"
            for (table,) in tables
        ]
        return await connection.fetch(f"SELECT concat_ws(' ', {', '.join(traces)})")
    finally:
        await connection.close()


def tamper(address: str | Path, *statements: str) -> None:
    """Do what only the owner of the database can do: put off every guard, then write."""
    if is_sqlite(address):
        with closing(sqlite3.connect(file_of(address))) as connection:
            _tamper(connection, statements)
    else:
        run_beside(_tamper_on_server(address, statements))


def _tamper(connection: sqlite3.Connection, statements: tuple[str, ...]) -> None:
    connection.execute("PRAGMA ignore_check_constraints = ON")
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        assert connection.execute(statement).rowcount > 0, statement
    connection.commit()


CHECKS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
"""


async def _tamper_on_server(address: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(libpq_url(address))
    try:
        await connection.execute("SET session_replication_role = replica")
        for (drop_check,) in await connection.fetch(CHECKS):
            await connection.execute(drop_check)
        for statement in statements:
            done = await connection.execute(statement)
            assert not done.endswith(" 0"), statement
    finally:
        await connection.close()
