"""Who decides about a thing keeps others from it first, and only then looks how it stands.

On SQLite the whole database is one's own from BEGIN IMMEDIATE on, and nothing of this is asked.
On PostgreSQL what is read before a lock is had may have changed when it is had.
"""

from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from ledger.keeping.together import Ask, Conversation, PostgresqlStatement, together
from services.registry import Transaction
from services.rows import Prepared, Record


class Reference(NamedTuple):
    """What stands in a column of the row with this key in another column `by`.

    Neither ever changes: like the certificate of a pledge.
    """

    column: sa.Column[Any]
    by: sa.Column[Any]
    key: "Key"


Key: TypeAlias = str | Reference

_LOCK_NAME = PostgresqlStatement("SELECT pg_advisory_xact_lock($1)")


async def lock_row(tx: Transaction, table: sa.Table, key: Key) -> Record | None:
    """The row with this id, as it stands now that no other act decides about it.

    None when there is none: nothing is locked then.
    """
    way: tuple[tuple[sa.Column[Any], sa.Column[Any]], ...] = ()
    while isinstance(key, Reference):
        way, key = (*way, (key.column, key.by)), key.key
    row = await _locking(table, way).row(tx, {"key": key})
    _look_at_the_clock(tx)
    return row


async def lock_names(tx: Transaction, **names: str) -> None:
    """Wait until no other act has one of these names of its kind: for what has no row yet.

    Whoever locks several gives their kinds in the same order.
    """
    if tx.has_everything:
        return
    await together(tx.connection, _had([_number(*name) for name in names.items()]))
    _look_at_the_clock(tx)


def refers_to(column: sa.Column[Any], key: Key) -> Reference:
    """What a row with this id refers to in a column."""
    return Reference(column, column.table.c.id, key)


@cache
def _locking(table: sa.Table, way: tuple[tuple[sa.Column[Any], sa.Column[Any]], ...]) -> Prepared:
    """`way` leads to a row of this table from one of another."""
    key: Any = sa.bindparam("key", type_=sa.String)
    for column, by in reversed(way):
        key = sa.select(column).where(by == key).scalar_subquery()
    query = sa.select(table).where(table.c.id == key).with_for_update(key_share=True)
    return Prepared(query, {"key": sa.String()})


def _had(numbers: list[int]) -> Conversation[None]:
    for number in numbers:
        yield Ask(_LOCK_NAME, [(number,)])


def _number(kind: str, name: str) -> int:
    digest = sha256(f"{kind}\n{name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def _look_at_the_clock(tx: Transaction) -> None:
    """What somebody else did while one waited was done before."""
    if not tx.has_everything:
        tx.look_at_the_clock()
