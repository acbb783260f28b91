"""Proofs out of tiles kept in memory, with all the hashes inside them worked out once.

Only what a committed tree holds may be kept, for a transaction that rolls back takes the end of
the log with it. Hence every proof here is under a size that was committed before it is asked for.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from sys import getsizeof

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.hashing import HASH_SIZE, Hash, node_hashes
from ledger.formats.proofs import consistency_spans, inclusion_spans
from ledger.formats.tree import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Span,
    Tile,
    fold,
    split_hashes,
    tiles_of,
)
from ledger.keeping.reading import tiles_at
from ledger.keeping.together import together

# A tile's hashes, above them those of each complete pair, and so on up to the one over all.
Levels = tuple[bytes, ...]

BYTES_MAX = 64 << 20  # All tiles of a log of a million entries.


class TileCache:
    """The tiles last used of one log, in memory up to a number of bytes. For one event loop."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self.bytes_max = bytes_max
        self.bytes_kept = 0
        self._kept = OrderedDict[tuple[int, int], Levels]()

    async def prove_inclusion(
        self, connection: AsyncConnection, index: int, size: int
    ) -> list[Hash]:
        """That entry `index` is in the tree of `size`."""
        (proof,) = await self.prove_inclusions(connection, [index], size)
        return proof

    async def prove_inclusions(
        self, connection: AsyncConnection, indexes: Iterable[int], size: int
    ) -> list[list[Hash]]:
        """The same of several entries, with at most one visit to the database for all."""
        return await self._prove(
            connection, [inclusion_spans(each, size) for each in indexes], size
        )

    async def prove_consistency(
        self, connection: AsyncConnection, old_size: int, new_size: int
    ) -> list[Hash]:
        """That the tree of `new_size` begins with that of `old_size`."""
        spans = [consistency_spans(old_size, new_size)]
        (proof,) = await self._prove(connection, spans, new_size)
        return proof

    async def hash_spans(
        self, connection: AsyncConnection, spans: Sequence[Span], size: int
    ) -> list[Hash]:
        """The hashes of any spans that may stand in a proof under the tree of `size`."""
        (hashes,) = await self._prove(connection, [spans], size)
        return hashes

    async def _prove(
        self, connection: AsyncConnection, proofs: Sequence[Sequence[Span]], size: int
    ) -> list[list[Hash]]:
        try:
            return [span_hashes(spans, self._use) for spans in proofs]
        except KeyError:
            # What is kept could be pushed out by what is fetched: the proofs read from neither.
            needed = tiles_of(span for spans in proofs for span in spans)
            tiles = await self._fetch(connection, needed, size)
            return [span_hashes(spans, tiles.__getitem__) for spans in proofs]

    def _use(self, tile: tuple[int, int]) -> Levels:
        self._kept.move_to_end(tile)
        return self._kept[tile]

    async def _fetch(
        self, connection: AsyncConnection, tiles: Iterable[Tile], size: int
    ) -> dict[tuple[int, int], Levels]:
        """These tiles as a tree of this size has them, or wider, from memory where possible."""
        lengths = {tile: _width_at(size, tile) * HASH_SIZE for tile in tiles}
        found: dict[tuple[int, int], Levels] = {
            tile: self._kept[tile]
            for tile, length in lengths.items()
            if tile in self._kept and len(self._kept[tile][0]) >= length
        }
        read = await together(connection, tiles_at(lengths.keys() - found.keys()))
        for tile, hashes in read.items():
            levels = _work_out(hashes[: lengths[tile]])
            self._keep(tile, levels)
            found[tile] = levels
        return found

    def _keep(self, tile: tuple[int, int], levels: Levels) -> None:
        self._forget(tile)
        self._kept[tile] = levels
        self.bytes_kept += _size_of(levels)
        while self.bytes_kept > self.bytes_max:
            self._forget(next(iter(self._kept)))

    def _forget(self, tile: tuple[int, int]) -> None:
        self.bytes_kept -= _size_of(self._kept.pop(tile, ()))


def span_hashes(spans: Iterable[Span], use: Callable[[tuple[int, int]], Levels]) -> list[Hash]:
    """The hash of each span. Raises `KeyError` for one that does not stand in the tiles."""
    held, levels = (-1, -1), Levels()
    hashes = list[Hash]()
    for start, end in spans:
        at, parts = start, 0
        while at < end:
            # The largest complete subtree from here on, as in `subtrees`.
            height = (end - at).bit_length() - 1
            level, above = height // TILE_HEIGHT, height % TILE_HEIGHT
            first = at >> level * TILE_HEIGHT
            tile = (level, first // TILE_WIDTH)
            if tile != held:
                levels, held = use(tile), tile
            place = (first % TILE_WIDTH >> above) * HASH_SIZE
            part = levels[above][place : place + HASH_SIZE]
            if not part:
                raise KeyError(tile)
            hashes.append(Hash(part))
            parts += 1
            at += 1 << height
        if parts > 1:
            hashes[-parts:] = [fold(hashes[-parts:])]
    return hashes


def _width_at(size: int, tile: Tile) -> int:
    """How many hashes of a tile a tree of this size has."""
    return min((size >> tile.level * TILE_HEIGHT) - tile.number * TILE_WIDTH, TILE_WIDTH)


def _work_out(hashes: bytes) -> Levels:
    nodes, levels = split_hashes(hashes), [hashes]
    while len(levels) < TILE_HEIGHT:
        nodes = node_hashes(nodes)
        levels.append(b"".join(nodes))
    return tuple(levels)


def _size_of(levels: Levels) -> int:
    return sum(map(getsizeof, levels))
