"""Any log as an auditor finds it in public: a checkpoint, tiles, and bundles of entries."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.formats.bundles import parse_bundle
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.hashing import HASH_SIZE, Hash
from ledger.formats.note import parse_note
from ledger.formats.spelling import Malformed
from ledger.formats.state_map import Standing
from ledger.formats.tile_paths import CHECKPOINT_PATH, entries_path, tile_path, tile_width
from ledger.formats.tree import TILE_HEIGHT, TILE_WIDTH, Tile
from ledger.inspecting.auditor.replay import RuleBroken

# What a file of this name holds; None when there is none. Blocks, and may raise `OSError`.
ReadFile = Callable[[str], bytes | None]


@dataclass(slots=True)
class PublicFiles:
    """The files below a folder or an address. Nothing in them can be opened."""

    read: ReadFile
    _size: int = 0
    _tiles: dict[int, tuple[Tile, bytes]] = field(default_factory=dict)  # The last of each level.

    async def newest_note(self) -> str | None:
        content = await asyncio.to_thread(self.read, CHECKPOINT_PATH)
        if content is None:
            return None
        note = content.decode(errors="replace")
        try:
            self._size = parse_checkpoint(parse_note(note).text).tree_size
        except Malformed:
            self._size = 0  # Whoever reads the note will say so.
        return note

    async def entries(self, start: int, end: int) -> AsyncIterator[Sequence[bytes]]:
        for number in range(start // TILE_WIDTH, (end - 1) // TILE_WIDTH + 1):
            first = number * TILE_WIDTH
            entries = await self._bundle(number)
            yield entries[max(start - first, 0) : end - first]

    async def judge_tile(self, tile: Tile, hashes: bytes) -> None:
        place = f"tile {tile.number} of level {tile.level}"
        first = tile.number * TILE_WIDTH << tile.level * TILE_HEIGHT
        width = tile_width(tile, self._size)
        known = self._tiles.get(tile.level)
        if known is None or known[0] != tile:
            published = await asyncio.to_thread(self.read, tile_path(tile, width))
            if published is None:
                raise RuleBroken(first, f"{place} is not published")
            known = self._tiles[tile.level] = tile, published
        if len(known[1]) != width * HASH_SIZE or not known[1].startswith(hashes):
            raise RuleBroken(first, f"{place} does not hold the hashes of its entries")

    async def judge_lives(self, _standings: Mapping[Hash, Standing], _size: int) -> int | None:
        return None

    async def _bundle(self, number: int) -> Sequence[bytes]:
        first = number * TILE_WIDTH
        width = tile_width(Tile(0, number), self._size)
        bundle = await asyncio.to_thread(self.read, entries_path(number, width))
        if bundle is None:
            raise RuleBroken(first, f"the bundle of {width} entries from here on is not published")
        try:
            entries = parse_bundle(bundle)
        except Malformed as malformed:
            raise RuleBroken(first, f"the bundle from here on is none: {malformed}") from None
        if len(entries) != width:
            raise RuleBroken(first, f"the bundle from here on does not hold {width} entries")
        return entries
