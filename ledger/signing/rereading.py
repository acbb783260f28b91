"""What the database holds, read without any of the code that wrote it or that serves it."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.keeping.state_map import ledger_state
from ledger.keeping.store import ledger_entry, ledger_tile
from ledger.signing.faults import LogDamagedError
from ledger.signing.second_tree import ReadTile

AT_A_TIME = 250


@dataclass(frozen=True, slots=True)
class RereadEntry:
    index: int
    kind: str
    number: int | None
    entry: bytes
    leaf: bytes
    chain: bytes


async def reread_entries(
    connection: AsyncConnection, start: int, end: int
) -> AsyncIterator[RereadEntry]:
    """The entries from index `start` up to, and not including, `end`."""
    columns = ledger_entry.c
    query = sa.select(
        columns.idx, columns.kind, columns.number, columns.entry, columns.leaf, columns.chain
    ).order_by(columns.idx)
    for first in range(start, end, AT_A_TIME):
        within = columns.idx.between(first, min(first + AT_A_TIME, end) - 1)
        for row in await connection.execute(query.where(within)):
            yield RereadEntry(*row)


async def reread_tiles(connection: AsyncConnection, tiles: Iterable[tuple[int, int]]) -> ReadTile:
    """Fetch tiles by level and number, and give a function that reads from what was fetched."""
    wanted = sorted(tiles)
    columns = ledger_tile.c
    key = sa.tuple_(columns.level, columns.n)
    found: dict[tuple[int, int], bytes] = {}
    for first in range(0, len(wanted), AT_A_TIME):
        query = sa.select(ledger_tile).where(key.in_(wanted[first : first + AT_A_TIME]))
        rows = await connection.execute(query)
        found |= {(row.level, row.n): row.hashes for row in rows}

    def read_tile(level: int, number: int) -> bytes:
        try:
            return found[level, number]
        except KeyError:
            raise LogDamagedError(f"Tile {number} of level {level} is missing.") from None

    return read_tile


async def reread_last_indexes(
    connection: AsyncConnection, keys: Iterable[bytes]
) -> dict[bytes, int]:
    """Where the published map has the last event of each of these keys that it holds."""
    wanted = sorted(keys)
    columns = ledger_state.c
    found: dict[bytes, int] = {}
    for first in range(0, len(wanted), AT_A_TIME):
        query = sa.select(columns.key, columns.last_idx).where(
            columns.key.in_(wanted[first : first + AT_A_TIME])
        )
        found |= {row.key: row.last_idx for row in await connection.execute(query)}
    return found
