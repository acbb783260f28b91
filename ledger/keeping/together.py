"""Statements that belong together, sent together: one visit to SQLite's thread for all of them.

A conversation is a generator: it yields what to execute and is sent the rows that came back, so
that a later statement may depend on what an earlier one found. A visit to the thread of a SQLite
connection costs more than most statements do; there a whole conversation is one visit.
"""

import sqlite3
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Row = Sequence[Any]

_SQLITE = sqlite.dialect(paramstyle="qmark")


class Statement:
    """A statement of SQLAlchemy Core. SQLite is given its text, which is made once.

    `names` are its parameters in the order in which each row gives their values. Values go to
    the driver, and come from it, as they are: integers, bytes, texts.
    """

    def __init__(self, clause: sa.Select[Any] | sa.Insert | sa.Update, *names: str) -> None:
        self.clause = clause
        self.names = names
        compiled: Any = clause.compile(dialect=_SQLITE, column_keys=list(names) or None)
        assert tuple(compiled.positiontup) == names, compiled.positiontup
        self.for_sqlite = str(compiled)


class Ask(NamedTuple):
    """Execute a statement once for each row of parameters; the answers stand one after another."""

    statement: Statement
    parameters: Sequence[Row] = ((),)


Conversation = Generator[Ask, Sequence[Row], T]


async def together(connection: AsyncConnection, conversation: Conversation[T]) -> T:
    """Hold a conversation inside the transaction that the connection is in."""
    assert connection.sync_connection is not None
    assert connection.in_transaction()
    driver: Any = connection.sync_connection.connection.driver_connection
    if connection.dialect.driver != "aiosqlite":
        return await one_by_one(connection, conversation)
    try:
        result: T = await driver._execute(_converse, driver._conn, conversation)
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(None, None, error, sqlite3.Error) from error
    return result


async def one_by_one(connection: AsyncConnection, conversation: Conversation[T]) -> T:
    """The same for every database: each statement by itself."""
    answer: Sequence[Row] | None = None
    while True:
        try:
            # The first `send` must be of None: it starts the generator.
            statement, parameters = conversation.send(answer)  # type: ignore[arg-type]
        except StopIteration as end:
            result: T = end.value
            return result
        answer = []
        for row in parameters:
            named = dict(zip(statement.names, row, strict=True))
            answered = await connection.execute(statement.clause, named)
            answer.extend(answered if answered.returns_rows else ())


def _converse(connection: sqlite3.Connection, conversation: Conversation[T]) -> T:
    """In the connection's thread."""
    cursor = connection.cursor()
    try:
        ask = next(conversation)
        while True:
            ask = conversation.send(_answer(cursor, ask))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        cursor.close()


def _answer(cursor: sqlite3.Cursor, ask: Ask) -> Sequence[Row]:
    statement, parameters = ask
    if not isinstance(statement.clause, sa.Select):
        if parameters:
            cursor.executemany(statement.for_sqlite, parameters)
        return ()
    answer: list[Row] = []
    for row in parameters:
        answer += cursor.execute(statement.for_sqlite, row).fetchall()
    return answer
