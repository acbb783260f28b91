"""Statements that belong together, sent together: as few visits to the database as they allow.

A conversation is a generator: it yields what to execute and is sent the rows that came back, so
that a later statement may depend on what an earlier one found. A visit to the thread of a SQLite
connection costs more than most statements do; there a whole conversation is one visit. To
PostgreSQL each statement is a visit, with all its rows of parameters.
"""

import sqlite3
from collections.abc import Generator, Sequence
from functools import cached_property
from typing import Any, NamedTuple, NoReturn, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

T = TypeVar("T")
Row = Sequence[Any]

_SQLITE = sqlite.dialect(paramstyle="qmark")
_POSTGRESQL = asyncpg.dialect()  # type: ignore[no-untyped-call]  # So is all of SQLAlchemy's.


class _EachOf(FunctionElement[str]):
    inherit_cache = True


@compiles(_EachOf, "sqlite")
def _each_of_on_sqlite(element: _EachOf, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_EachOf, "postgresql")
def _each_of_on_postgresql(element: _EachOf, compiler: Any, **options: Any) -> str:
    return f"json_array_elements_text(({compiler.process(element.clauses, **options)})::json)"


def each_of(name: str) -> sa.Select[tuple[str]]:
    """The texts in a parameter that is a JSON array: one statement for however many there are."""
    array = _EachOf(sa.bindparam(name, type_=sa.Text))
    return sa.select(array.table_valued(sa.column("value", sa.Text)).alias(name).c.value)


class Statement:
    """A statement of SQLAlchemy Core. The database is given its text, which is made once.

    `names` are its parameters in the order in which each row gives their values. Values go to
    the driver, and come from it, as they are: integers, bytes, texts.
    """

    def __init__(self, clause: sa.Select[Any] | sa.Insert | sa.Update, *names: str) -> None:
        self.clause = clause
        self.names = names
        self.has_rows = len(clause.exported_columns) > 0
        self.for_sqlite = self._text(_SQLITE)

    @cached_property
    def for_postgresql(self) -> str:
        return self._text(_POSTGRESQL)

    def _text(self, dialect: sa.Dialect) -> str:
        compiled: Any = self.clause.compile(dialect=dialect, column_keys=list(self.names) or None)
        assert tuple(compiled.positiontup) == self.names, compiled.positiontup
        return str(compiled)


class PostgresqlStatement(NamedTuple):
    """A statement that only PostgreSQL is given, in its own words."""

    for_postgresql: str


class Ask(NamedTuple):
    """Execute a statement once for each row of parameters; the answers stand one after another."""

    statement: Statement | PostgresqlStatement
    parameters: Sequence[Row] = ((),)


Conversation = Generator[Ask, Sequence[Row], T]


async def together(
    connection: AsyncConnection, conversation: Conversation[T], *, is_short: bool = False
) -> T:
    """Hold a conversation inside the transaction that the connection is in.

    A short one, of a few rows by their keys, takes SQLite less time than a visit to the
    connection's thread: within an act it is held on the event loop, while the thread rests.

    What the database or the way to it objects to is told as SQLAlchemy tells it: by a
    `DBAPIError`, and by giving up a connection that is broken.
    """
    assert connection.sync_connection is not None
    assert connection.in_transaction()
    if connection.dialect.name == "postgresql":
        return await _with_server(connection, conversation)
    driver: Any = connection.sync_connection.connection.driver_connection
    try:
        if is_short and connection.sync_connection.get_execution_options().get("decides", False):
            return _converse(driver._conn, conversation)
        result: T = await driver._execute(_converse, driver._conn, conversation)
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(None, None, error, sqlite3.Error) from error
    return result


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
    assert isinstance(statement, Statement), statement
    if not statement.has_rows:
        if parameters:
            cursor.executemany(statement.for_sqlite, parameters)
        return ()
    answer: list[Row] = []
    for row in parameters:
        answer += cursor.execute(statement.for_sqlite, row).fetchall()
    return answer


async def _with_server(connection: AsyncConnection, conversation: Conversation[T]) -> T:
    """Past SQLAlchemy, which would make a cursor and a result of each statement."""
    adapted: Any = connection.sync_connection.connection.dbapi_connection  # type: ignore[union-attr]  # Asserted by the caller.
    async with adapted._execute_mutex:
        answer: Sequence[Row] | None = None
        while True:
            try:
                # The first `send` must be of None: it starts the generator.
                ask = conversation.send(answer)  # type: ignore[arg-type]
            except StopIteration as end:
                result: T = end.value
                return result
            try:
                answer = await _served(adapted, ask)
            except BaseException as error:  # noqa: BLE001 - told on, as by SQLAlchemy itself.
                await connection.run_sync(_tell, adapted, error)


async def _served(adapted: Any, ask: Ask) -> Sequence[Row]:
    if adapted._transaction is None:
        await adapted._start_transaction()
    text, parameters = ask.statement.for_postgresql, ask.parameters
    driver = adapted.driver_connection
    rows: Sequence[Row]
    if len(parameters) == 1:
        rows = await driver.fetch(text, *parameters[0])
    else:
        rows = await driver.fetchmany(text, parameters) if parameters else ()
    return rows


def _tell(connection: sa.Connection, adapted: Any, error: BaseException) -> NoReturn:
    """Raise what SQLAlchemy makes of an error, and let it judge the connection by it."""
    try:
        adapted._handle_exception(error)
    except BaseException as translated:  # noqa: BLE001 - the same.
        connection._handle_dbapi_exception(translated, None, None, None, None)
    raise AssertionError(error)
