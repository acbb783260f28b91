"""SQLite through aiosqlite with one visit to the connection's thread per statement.

The stock cursor pays four: open, execute, fetch, close. Each is a hop to another thread and
back, and the hops, not SQLite, were most of an act's time.
"""

import sqlite3
from collections import deque
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import EMPTY_DICT

READERS = 8  # Connections kept open; more are opened under load and closed after.
BUSY_TIMEOUT_MS = 10_000
LOG_SIZE_MAX = 64 << 20  # Bytes of the disk the write-ahead log keeps when it begins anew.


def open_engine(url: str) -> AsyncEngine:
    """An engine on a SQLite file. Who decides says so: `execution_options(decides=True)`."""
    # A connection serves one task at a time, and its thread rests while the event loop has it.
    options = {"check_same_thread": False}
    engine = create_async_engine(url, pool_size=READERS, max_overflow=READERS, connect_args=options)
    sa.event.listen(engine.sync_engine, "do_connect", connect)
    sa.event.listen(engine.sync_engine, "connect", _prepare)
    sa.event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # We emit BEGIN ourselves, in `_begin`.
    cursor = dbapi_connection.cursor()
    for pragma in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        # See `writing_turn`: no connection carries the log over by itself.
        "wal_autocheckpoint=0",
        f"journal_size_limit={LOG_SIZE_MAX}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    decides = connection.get_execution_options().get("decides", False)
    # A pooled connection keeps what it was last told: tell it only what is new.
    if connection.info.get("decides") is not decides:
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if decides else 'ON'}")
        connection.info["decides"] = decides
    connection.exec_driver_sql("BEGIN IMMEDIATE" if decides else "BEGIN DEFERRED")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is left of a cursor that was closed where it was opened."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1

    def close(self) -> None:
        """Closed already."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor: Any = _Outcome()
        self._soft_closed_memoized = EMPTY_DICT
        self._rows = deque()

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._visit("execute", operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self._visit("executemany", operation, seq_of_parameters)

    async def _visit(self, method: str, operation: Any, parameters: Any) -> None:
        async with self._adapt_connection._execute_mutex:
            connection: Any = self._connection
            self._cursor, self._rows = await connection._execute(
                _run, connection._conn, method, operation, parameters
            )


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls: Any = _Cursor

    def rollback(self) -> None:
        """The pool asks for it whenever it gets a connection back, and mostly in vain."""
        if self._connection.in_transaction:
            super().rollback()


def _run(
    connection: sqlite3.Connection, method: str, operation: str, parameters: Any
) -> tuple[_Outcome, deque[Any]]:
    """In the connection's thread: execute, fetch everything, close."""
    cursor = connection.cursor()
    try:
        getattr(cursor, method)(operation, parameters)
        rows = deque(cursor.fetchall()) if cursor.description else deque[Any]()
        return _Outcome(cursor.description, cursor.rowcount, cursor.lastrowid), rows
    finally:
        cursor.close()


def connect(dialect: Any, _record: Any, arguments: Any, options: Any) -> _Connection:
    """For SQLAlchemy's `do_connect` event: a connection whose statements are one visit each."""
    stock = dialect.dbapi.connect(*arguments, **options)
    return _Connection(dialect.dbapi, stock._connection)
