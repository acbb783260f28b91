"""The ledger's rows as an inspector reads them: bytes and integers, whatever was put there.

SQLite lets any value stand in any column, and NULL where a table was made anew; PostgreSQL lets
NULL stand where a constraint was dropped. What is not of its column's type is read as a value that
is wrong, and so is reported, and does not end the inspection: -1 for an integer, ff for bytes,
which the top of the state map has none of, and no bytes for text, which is read as bytes too.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.sql.functions import FunctionElement

from ledger.keeping.store import ledger_entry

RawRow = sa.Row[*tuple[Any, ...]]  # Its columns are named as in `store`.
ROWS_AT_A_TIME = 4096

_UNTYPED = sa.types.NullType()  # Values come from the driver as they are.
_IN_SQLITE = {"integer": ("integer", "-1"), "bytes": ("blob", "x'ff'"), "text": ("text", "x''")}


class _Raw(FunctionElement[Any]):
    """A column's value as it is stored, or one that is wrong."""

    inherit_cache = True
    type = _UNTYPED


def raw(column: KeyedColumnElement[Any]) -> sa.Label[Any]:
    """The value where it has the type it should have; NULL too where a column may be NULL."""
    return _Raw(column).label(column.key)


def raw_query(table: sa.Table, *names: str) -> sa.Select[Any]:
    """Rows of a table in the order of its key; of these columns, or of all."""
    columns = [table.c[name] for name in names] if names else list(table.c)
    return sa.select(*map(raw, columns)).order_by(*table.primary_key)


def raw_between(table: sa.Table, along: sa.Column[Any], *names: str) -> sa.Select[Any]:
    """The rows in which one column lies between :first and :last, in its order."""
    within = along.between(sa.bindparam("first"), sa.bindparam("last"))
    return raw_query(table, *names).where(within).order_by(None).order_by(along)


@compiles(_Raw, "sqlite")
def _on_sqlite(element: _Raw, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    kind, wrong = _IN_SQLITE[_kind(column)]
    stored = sa.func.typeof(column)
    is_typed = stored == sa.literal_column(f"'{kind}'")
    if column.nullable:
        is_typed |= stored == sa.literal_column("'null'")
    value = sa.cast(column, sa.LargeBinary) if kind == "text" else column
    case = sa.case((is_typed, value), else_=sa.literal_column(wrong, _UNTYPED))
    compiled: str = compiler.process(case, **options)
    return compiled


@compiles(_Raw, "postgresql")
def _on_postgresql(element: _Raw, compiler: Any, **options: Any) -> str:
    """Types are kept by the server (see `schema_postgresql`)."""
    (column,) = element.clauses
    value: str = compiler.process(column, **options)
    if isinstance(column.type, sa.Boolean):
        value = f"CAST({value} AS integer)"
    kind, wrong = _kind(column), "-1"
    if kind == "text":
        value, wrong = f"convert_to({value}, 'UTF8')", "CAST('' AS bytea)"
    elif kind == "bytes":
        wrong = r"CAST('\xff' AS bytea)"
    return value if column.nullable else f"COALESCE({value}, {wrong})"


def _kind(column: sa.ColumnElement[Any]) -> str:
    if isinstance(column.type, sa.Integer | sa.Boolean):
        return "integer"
    return "bytes" if isinstance(column.type, sa.LargeBinary) else "text"


def fetch(
    connection: sa.Connection, query: sa.Select[Any], first: int, last: int
) -> Sequence[tuple[Any, ...]]:
    """What `raw_between` asks for, as the driver gives it: a million rows need no names."""
    result = connection.execute(query, {"first": first, "last": last})
    cursor: Any = result.cursor
    rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    result.close()
    return rows


def stream(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[RawRow]:
    """All rows, of which only some thousands are held at a time."""
    yield from connection.execute(query, execution_options={"yield_per": ROWS_AT_A_TIME})


def count_rows(connection: sa.Connection, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    count: int = connection.execute(query).scalar_one()
    return count


def count_waiting(connection: sa.Connection) -> int:
    """How many events have no place in the log yet; none may wait for that on SQLite."""
    if not has_outbox(connection):
        return 0
    query = sa.select(sa.func.count()).where(ledger_entry.c.idx.is_(None))
    count: int = connection.execute(query).scalar_one()
    return count


def has_outbox(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql"
