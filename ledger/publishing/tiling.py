"""Which files a log is published in, from one size to the next (c2sp.org/tlog-tiles)."""

from collections.abc import Iterable, Iterator

from ledger.formats.tree import TILE_HEIGHT, TILE_WIDTH, Tile

# Full tiles of the lowest level written together: so much is in memory at a time.
TILES_AT_A_TIME = 64


def full_tiles(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles that are full at the new size and were not at the old, the lowest level first."""
    level = 0
    while new_size >> TILE_HEIGHT * (level + 1):
        above = TILE_HEIGHT * (level + 1)
        for number in range(old_size >> above, new_size >> above):
            yield Tile(level, number)
        level += 1


def partial_tiles(sizes: Iterable[int], last: int) -> set[tuple[Tile, int]]:
    """The tiles and widths that trees of these sizes need and that are not full at size `last`.

    Who holds an older checkpoint needs its partial tiles until the full ones are there.
    """
    return {
        (Tile(level, hashes // TILE_WIDTH), hashes % TILE_WIDTH)
        for size in sizes
        for level in range((size.bit_length() + TILE_HEIGHT - 1) // TILE_HEIGHT)
        if (hashes := size >> TILE_HEIGHT * level) % TILE_WIDTH
        and hashes // TILE_WIDTH == last >> TILE_HEIGHT * (level + 1)
    }


def steps(old_size: int, new_size: int) -> Iterator[tuple[int, int]]:
    """The way from one size to the next, so that few tiles become full in each step."""
    step = TILES_AT_A_TIME * TILE_WIDTH
    start = old_size
    while start < new_size:
        end = min((start // step + 1) * step, new_size)
        yield start, end
        start = end
