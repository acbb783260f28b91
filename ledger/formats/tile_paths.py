"""The files of a published log (c2sp.org/tlog-tiles): what each is called, and how full it is.

A full tile or bundle has 256 hashes or entries; the last of each level may be partial. Its name
then says how many there are, for the number 1234067 of level 0: tile/0/x001/x234/067.p/41
"""

import re

from ledger.formats.spelling import SIZE_LIMIT, Malformed
from ledger.formats.tree import TILE_HEIGHT, TILE_WIDTH, Tile

CHECKPOINT_PATH = "checkpoint"
LEVEL_LIMIT = 64

_GROUP = 1000
_PATH = re.compile(
    r"tile/(?P<kind>entries|[0-9]{1,2})/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[0-9]{1,3}))?"
)


class MalformedPath(Malformed):
    """Not the name of a tile or of a bundle of entries."""


def tile_path(tile: Tile, width: int = TILE_WIDTH) -> str:
    """The name of the file with the tile's first `width` hashes, 1 to 256."""
    assert 0 <= tile.level < LEVEL_LIMIT, tile
    return f"tile/{tile.level}/{_numbered(tile.number, width)}"


def entries_path(number: int, width: int = TILE_WIDTH) -> str:
    """The name of the file with the bundle's first `width` entries, 1 to 256."""
    return f"tile/entries/{_numbered(number, width)}"


def parse_tile_path(path: str) -> tuple[Tile, int]:
    """The tile and its width; the only way in."""
    kind, number, width = _parse(path)
    if kind == "entries" or int(kind) >= LEVEL_LIMIT:
        raise MalformedPath("This is not the name of a tile.")
    tile = Tile(int(kind), number)
    if tile_path(tile, width) != path:
        raise MalformedPath("This is not how a tile is called.")
    return tile, width


def parse_entries_path(path: str) -> tuple[int, int]:
    """The number of the bundle and its width; the only way in."""
    kind, number, width = _parse(path)
    if kind != "entries" or entries_path(number, width) != path:
        raise MalformedPath("This is not the name of a bundle of entries.")
    return number, width


def tile_width(tile: Tile, size: int) -> int:
    """How many hashes a tile has in a tree of `size`: 256 when it is full, 0 when not there yet.

    A bundle of entries is as full as the tile of level 0 with its number.
    """
    hashes_at_level = size >> TILE_HEIGHT * tile.level
    return max(0, min(TILE_WIDTH, hashes_at_level - tile.number * TILE_WIDTH))


def _numbered(number: int, width: int) -> str:
    """Groups of three digits, all but the last behind an x: 1234067 is x001/x234/067."""
    assert 0 <= number < SIZE_LIMIT, number
    assert 1 <= width <= TILE_WIDTH, width
    above, last = divmod(number, _GROUP)
    groups = [f"{last:03}"]
    while above:
        above, group = divmod(above, _GROUP)
        groups.append(f"x{group:03}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return "/".join(reversed(groups)) + partial


def _parse(path: str) -> tuple[str, int, int]:
    match = _PATH.fullmatch(path)
    if match is None:
        raise MalformedPath("This is not the name of a tile or of a bundle of entries.")
    number = int(match["number"].replace("x", "").replace("/", ""))
    width = TILE_WIDTH if match["width"] is None else int(match["width"])
    if number >= SIZE_LIMIT or not 1 <= width <= TILE_WIDTH:
        raise MalformedPath("There is no tile of this number and width.")
    return match["kind"], number, width
