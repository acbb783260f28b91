"""The register's own log as its auditor finds it: in the database, with what can be opened."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.hashing import Hash
from ledger.formats.state_map import Standing
from ledger.formats.tree import TILE_HEIGHT, TILE_WIDTH, Tile
from ledger.inspecting.auditor.lives import judge_life
from ledger.inspecting.auditor.replay import RuleBroken
from ledger.keeping.reading import entries_between, history_below
from ledger.keeping.store import ledger_subject, ledger_tile
from ledger.keeping.together import together
from ledger.signing.checkpoints import newest_signed, note_of

ENTRIES_AT_A_TIME = 8 * TILE_WIDTH
KEYS_AT_A_TIME = 250


@dataclass(frozen=True, slots=True)
class DatabaseLog:
    """Read inside one transaction of the caller's, so that all is seen at one moment."""

    connection: AsyncConnection

    async def newest_note(self) -> str | None:
        """Also one that is signed and not yet published, for which cosigners are awaited."""
        newest = await newest_signed(self.connection)
        return None if newest is None else await note_of(self.connection, newest.size)

    async def entries(self, start: int, end: int) -> AsyncIterator[Sequence[bytes]]:
        for first in range(start, end, ENTRIES_AT_A_TIME):
            last = min(first + ENTRIES_AT_A_TIME, end)
            rows = await entries_between(self.connection, first, last)
            if [row.index for row in rows] != list(range(first, last)):
                raise RuleBroken(first, "entries are missing here, or from here on")
            yield [row.entry for row in rows]

    async def judge_tile(self, tile: Tile, hashes: bytes) -> None:
        this = (ledger_tile.c.level == tile.level) & (ledger_tile.c.n == tile.number)
        query = sa.select(ledger_tile.c.hashes).where(this)
        kept = (await self.connection.execute(query)).scalar_one_or_none()
        if kept is None or not kept.startswith(hashes):
            first = tile.number * TILE_WIDTH << tile.level * TILE_HEIGHT
            place = f"tile {tile.number} of level {tile.level}"
            raise RuleBroken(first, f"{place} does not hold the hashes of its entries")

    async def judge_lives(self, standings: Mapping[Hash, Standing], size: int) -> int | None:
        lives, keys = 0, iter(standings)
        while some := list(islice(keys, KEYS_AT_A_TIME)):
            names = await self._names(some)
            for key in some:
                standing = standings[key]
                name = names.get(key)
                if name is None:
                    raise RuleBroken(standing.last_index, "the register does not know its subject")
                history = await together(self.connection, history_below(name, size))
                if len(history) != standing.count or history[-1][0].leaf != standing.head:
                    raise RuleBroken(standing.last_index, "its subject's events are others")
                lives += judge_life(history)
        return lives

    async def _names(self, keys: Sequence[Hash]) -> dict[Hash, str]:
        columns = ledger_subject.c
        query = sa.select(columns.key, columns.subject).where(columns.key.in_(keys))
        return {Hash(key): name for key, name in await self.connection.execute(query)}
