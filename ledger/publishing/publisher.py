"""The public files of a log, kept up with it: tiles and entries first, the checkpoint last."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.bundles import format_bundle
from ledger.formats.hashing import HASH_SIZE, leaf_hash
from ledger.formats.tile_paths import entries_path, tile_path
from ledger.formats.tree import TILE_WIDTH, Tile
from ledger.keeping.reading import entries_between, read_tiles
from ledger.keeping.store import ledger_checkpoint
from ledger.publishing.publication import Publication, behind
from ledger.publishing.shelf import NotPublishedError, Shelf
from ledger.publishing.tiling import full_tiles, partial_tiles, steps

# What lies beside the checkpoint for a stranger to begin with: names, and what they hold.
Introduction = Callable[[], Mapping[str, str]]
Report = Callable[[int], object]


class LogPublisher:
    """Publishes one log on one shelf.

    `introduction` is asked at every checkpoint, in a thread, and may read files.
    """

    def __init__(self, shelf: Shelf, introduction: Introduction = dict) -> None:
        self._publication = Publication(shelf)
        self._introduction = introduction

    async def tiles(
        self,
        connection: AsyncConnection,
        old_size: int,
        new_size: int,
        report: Report = lambda _size: None,
    ) -> None:
        """All that a checkpoint of `new_size` needs and one of `old_size` did not.

        It begins further back when less is published. Of older checkpoints the partial tiles
        come too, as long as the full ones are not there. `report` hears the sizes that it has
        come to. Raises `NotPublishedError` when something else lies in the place of a file.
        """
        published = await asyncio.to_thread(self._publication.size)
        if published > new_size:
            raise behind(published, new_size)
        begin = min(old_size, published)
        for start, end in steps(begin, new_size):
            full = [(tile, TILE_WIDTH) for tile in full_tiles(start, end)]
            await self._add(connection, full)
            report(end)
        sizes = [*await _signed_sizes(connection, begin, new_size), new_size]
        await self._add(connection, sorted(partial_tiles(sizes, new_size)))

    async def checkpoint(self, text: str) -> None:
        """Let everybody see a note whose tiles are there.

        Raises `NotPublishedError` when that there is newer, or of another log.
        """
        await asyncio.to_thread(self._advance, text)

    def _advance(self, text: str) -> None:
        self._publication.advance(text, self._introduction())

    async def _add(self, connection: AsyncConnection, tiles: Iterable[tuple[Tile, int]]) -> None:
        widths = list(tiles)
        read_tile = await read_tiles(connection, {tile for tile, _ in widths})
        files: dict[str, bytes] = {}
        for tile, width in widths:
            hashes = read_tile(tile)[: width * HASH_SIZE]
            assert len(hashes) == width * HASH_SIZE, (tile, width)
            files[tile_path(tile, width)] = hashes
            if tile.level == 0:
                files[entries_path(tile.number, width)] = await _bundle(
                    connection, tile.number, hashes
                )
        await asyncio.to_thread(self._publication.add, files)


async def _bundle(connection: AsyncConnection, number: int, hashes: bytes) -> bytes:
    """The entries with the hashes of a tile, compared: what is published stays as it is."""
    start = number * TILE_WIDTH
    rows = await entries_between(connection, start, start + len(hashes) // HASH_SIZE)
    entries = [row.entry for row in rows]
    if b"".join(leaf_hash(entry) for entry in entries) != hashes:
        raise NotPublishedError(
            f"The entries from {start} on do not have the hashes that tile {number} keeps. "
            "Have `datatitle ledger fsck` say which were changed."
        )
    return format_bundle(entries)


async def _signed_sizes(connection: AsyncConnection, above: int, below: int) -> list[int]:
    """The sizes between two at which a checkpoint was signed."""
    size = ledger_checkpoint.c.size
    query = sa.select(size).where(size > above, size < below)
    return list((await connection.execute(query)).scalars())
