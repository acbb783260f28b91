"""The ledger's rows as an inspector reads them: bytes and integers, whatever was put there.

SQLite lets any value stand in any column, and NULL where a table was made anew. What is not of
its column's type is read as a value that is wrong, and so is reported, and does not end the
inspection: -1 for an integer, ff for bytes, which the top of the state map has none of, and no
bytes for text, which is read as bytes too.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

RawRow = sa.Row[*tuple[Any, ...]]  # Its columns are named as in `store`.

_UNTYPED = sa.types.NullType()  # Values come from the driver as they are.


def raw_query(table: sa.Table, *names: str) -> sa.Select[Any]:
    """Rows of a table in the order of its key; of these columns, or of all."""
    columns = [table.c[name] for name in names] if names else list(table.c)
    return sa.select(*map(_raw, columns)).order_by(*table.primary_key)


def raw_between(table: sa.Table, along: sa.Column[Any], *names: str) -> sa.Select[Any]:
    """The rows in which one column lies between :first and :last, in its order."""
    within = along.between(sa.bindparam("first"), sa.bindparam("last"))
    return raw_query(table, *names).where(within).order_by(None).order_by(along)


def _raw(column: sa.Column[Any]) -> sa.Label[Any]:
    """The value where it has the type it should have; NULL too where a column may be NULL."""
    if isinstance(column.type, sa.Integer | sa.Boolean):
        kind, value, wrong = "integer", sa.type_coerce(column, _UNTYPED), "-1"
    elif isinstance(column.type, sa.LargeBinary):
        kind, value, wrong = "blob", sa.type_coerce(column, _UNTYPED), "x'ff'"
    else:
        as_bytes = sa.cast(column, sa.LargeBinary)
        kind, value, wrong = "text", sa.type_coerce(as_bytes, _UNTYPED), "x''"
    stored = sa.func.typeof(column)
    is_typed = stored == sa.literal_column(f"'{kind}'")
    if column.nullable:
        is_typed |= stored == sa.literal_column("'null'")
    return sa.case((is_typed, value), else_=sa.literal_column(wrong, _UNTYPED)).label(column.name)


def fetch(
    connection: sa.Connection, query: sa.Select[Any], first: int, last: int
) -> Sequence[tuple[Any, ...]]:
    """What `raw_between` asks for, as the driver gives it: a million rows need no names."""
    result = connection.execute(query, {"first": first, "last": last})
    cursor: Any = result.cursor
    rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    result.close()
    return rows


def count_rows(connection: sa.Connection, table: sa.Table) -> int:
    count: int = connection.execute(_count(table)).scalar_one()
    return count


@cache
def _count(table: sa.Table) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(table)
