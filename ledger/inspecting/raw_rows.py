"""The ledger's rows as an auditor reads them: bytes and integers, whatever was put there.

SQLite lets any value stand in any column, and NULL where a table was made anew. Cast in SQL,
a wrong one is a wrong value to be reported, and not an error in the middle of the audit.
"""

from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.tree import Tile
from ledger.keeping import store

RawRow = sa.Row[Any]  # Its columns are named as in `store`.

ROWS_AT_A_TIME = 250


async def raw_events(
    connection: AsyncConnection,
) -> AsyncIterator[tuple[RawRow, Sequence[RawRow]]]:
    """Events from index 0 on, each with its openings, up to the first gap in the indexes."""
    start = 0
    while True:
        window = (start, start + ROWS_AT_A_TIME - 1)
        events = await _read(connection, store.ledger_event, store.ledger_event.c.idx, window)
        opened = await _read(connection, store.ledger_opening, store.ledger_opening.c.idx, window)
        openings = {idx: list(rows) for idx, rows in groupby(opened, lambda row: row.idx)}
        for event in events:
            if event.idx != start:
                return
            yield event, openings.get(event.idx, [])
            start += 1
        if len(events) < ROWS_AT_A_TIME:
            return


async def raw_tile(connection: AsyncConnection, tile: Tile) -> bytes:
    table = store.ledger_tile
    this = (table.c.level == tile.level) & (table.c.n == tile.number)
    query = sa.select(_raw(table.c.hashes)).where(this)
    return (await connection.execute(query)).scalar_one_or_none() or b""


async def raw_table(connection: AsyncConnection, table: sa.Table) -> Sequence[RawRow]:
    """All rows of a small table, in the order of its key."""
    return await _read(connection, table)


async def count_rows(connection: AsyncConnection, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return (await connection.execute(query)).scalar_one()


async def _read(
    connection: AsyncConnection,
    table: sa.Table,
    within: sa.Column[Any] | None = None,
    window: tuple[int, int] = (0, 0),
) -> Sequence[RawRow]:
    query = sa.select(*map(_raw, table.c)).order_by(*table.primary_key)
    if within is not None:
        query = query.where(within.between(*window))
    return (await connection.execute(query)).all()


def _raw(column: sa.Column[Any]) -> sa.Label[Any]:
    is_number = isinstance(column.type, sa.Integer | sa.Boolean) or column.name == "idx"
    if is_number:
        return sa.func.coalesce(sa.cast(column, sa.BigInteger), -1).label(column.name)
    return sa.func.coalesce(sa.cast(column, sa.LargeBinary), b"").label(column.name)
