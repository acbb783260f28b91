"""SQLite through aiosqlite with one visit to the connection's thread per statement.

The stock cursor pays four: open, execute, fetch, close. Each is a hop to another thread and
back, and the hops, not SQLite, were most of an act's time.
"""

import sqlite3
from collections import deque
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
)
from sqlalchemy.util import EMPTY_DICT


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
