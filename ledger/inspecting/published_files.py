"""The folder everybody fetches the log from: every tile and bundle, byte for byte."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import sqlalchemy as sa

from ledger.formats.bundles import format_bundle
from ledger.formats.hashing import HASH_SIZE
from ledger.formats.spelling import Malformed
from ledger.formats.tile_paths import (
    entries_path,
    parse_entries_path,
    parse_tile_path,
    tile_path,
    tile_width,
)
from ledger.formats.tree import TILE_HEIGHT, TILE_WIDTH, Tile
from ledger.inspecting.raw_rows import raw_between
from ledger.inspecting.report import Findings
from ledger.keeping import store
from ledger.publishing.headers import TILE_FOLDER
from ledger.publishing.tiling import partial_tiles

TILES_AT_A_TIME = 8

_HASHES = raw_between(store.ledger_tile, store.ledger_tile.c.n, "n", "hashes").where(
    store.ledger_tile.c.level == sa.bindparam("level")
)
_ENTRIES = raw_between(store.ledger_entry, store.ledger_entry.c.idx, "idx", "entry")


@dataclass(slots=True)
class PublishedFiles:
    """The tiles and bundles of a folder, held against a database of `size` entries.

    The database is taken as it is: what is wrong with it is found elsewhere. All files that the
    `published` size needs must be there, and the partial ones of smaller `signed` sizes, until
    the full ones are. There may be more already, of what was published before `size`.
    """

    folder: Path
    findings: Findings
    size: int
    published: int
    signed: Sequence[int]
    read: int = 0
    partial: dict[Tile, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        sizes = [size for size in self.signed if size <= self.published]
        for tile, width in partial_tiles(sizes, self.published):
            self.partial[tile].add(width)

    def judge(self, connection: sa.Connection, first: int, end: int) -> None:
        """The tiles of the lowest level, and their bundles, from one number to another."""
        for start in range(first, end, TILES_AT_A_TIME):
            stop = min(start + TILES_AT_A_TIME, end)
            entries = self._entries(connection, start, stop)
            for tile, hashes in self._hashes(connection, 0, start, stop):
                self._judge_tile(tile, hashes)
                begin = (tile.number - start) * TILE_WIDTH
                self._judge_bundle(tile, entries[begin : begin + TILE_WIDTH])

    def judge_above(self, connection: sa.Connection) -> None:
        """All tiles of the higher levels."""
        level = 1
        while count := tiles_at(level, self.size):
            for tile, hashes in self._hashes(connection, level, 0, count):
                self._judge_tile(tile, hashes)
            level += 1

    def _judge_tile(self, tile: Tile, hashes: bytes) -> None:
        def content(width: int) -> list[bytes]:
            starts = range(0, width * HASH_SIZE, HASH_SIZE)
            return [hashes[at : at + HASH_SIZE] for at in starts]

        self._judge(tile, lambda width: tile_path(tile, width), content)

    def _judge_bundle(self, tile: Tile, entries: Sequence[bytes]) -> None:
        def content(width: int) -> list[bytes]:
            return [format_bundle([entry]) for entry in entries[:width]]

        self._judge(tile, lambda width: entries_path(tile.number, width), content)

    def _judge(
        self, tile: Tile, path: Callable[[int], str], content: Callable[[int], Sequence[bytes]]
    ) -> None:
        """The files with the first so many items of a tile or bundle, of all widths there are."""
        needed = self.partial.get(tile, set())
        if tile_width(tile, self.published) == TILE_WIDTH:
            needed = {TILE_WIDTH}
        begin = tile.number * TILE_WIDTH
        for width in sorted(needed | self._widths(tile, path(TILE_WIDTH))):
            try:
                found = (self.folder / path(width)).read_bytes()
            except FileNotFoundError:
                if width in needed and not self._is_tidied(path(TILE_WIDTH), width):
                    index = begin << tile.level * TILE_HEIGHT
                    self.findings.add(index, public(path(width)), "it is missing")
                continue
            self.read += 1
            items = content(width)
            if found != b"".join(items):
                index = begin + _first_other(found, items) << tile.level * TILE_HEIGHT
                self.findings.add(index, public(path(width)), "it is not what the log has there")

    def _is_tidied(self, whole: str, width: int) -> bool:
        """Whether a partial file has gone meanwhile, as the full one has come."""
        return width < TILE_WIDTH and (self.folder / whole).exists()

    def _widths(self, tile: Tile, whole: str) -> set[int]:
        """How wide the files are that there may be, when the full one is there or partial ones."""
        width = tile_width(tile, self.size)
        folder = self.folder / f"{whole}.p"
        names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
        widths = {int(name) for name in names if name.isascii() and name.isdecimal()}
        return {each for each in (*widths, TILE_WIDTH) if 0 < each <= width}

    def _hashes(
        self, connection: sa.Connection, level: int, start: int, stop: int
    ) -> list[tuple[Tile, bytes]]:
        window = {"level": level, "first": start, "last": stop - 1}
        hashes = {row.n: row.hashes for row in connection.execute(_HASHES, window).all()}
        return [(Tile(level, number), hashes.get(number, b"")) for number in range(start, stop)]

    def _entries(self, connection: sa.Connection, start: int, stop: int) -> list[bytes]:
        first, last = start * TILE_WIDTH, min(stop * TILE_WIDTH, self.size) - 1
        rows = connection.execute(_ENTRIES, {"first": first, "last": last}).all()
        entries = {row.idx: row.entry for row in rows}
        return [entries.get(index, b"") for index in range(first, last + 1)]


def public(path: str) -> str:
    """How a file of the folder is called in a finding."""
    return f"public/{path}"


def tiles_at(level: int, size: int) -> int:
    """How many tiles a level has in a tree of so many leaves, the partial one among them."""
    return -(-(size >> level * TILE_HEIGHT) // TILE_WIDTH)


def _first_other(found: bytes, items: Sequence[bytes]) -> int:
    """The place of the first item that is not as it should be."""
    expected = b"".join(items)
    pairs = enumerate(zip(found, expected, strict=False))
    shorter = min(len(found), len(expected))
    offset = next((at for at, (one, other) in pairs if one != other), shorter)
    return min(bisect_right(list(accumulate(map(len, items))), offset), len(items) - 1)


def belongs(path: str, size: int) -> bool:
    """Whether a log of so many entries may have a file of this name."""
    try:
        if path.startswith(f"{TILE_FOLDER}entries/"):
            number, width = parse_entries_path(path)
            tile = Tile(0, number)
        else:
            tile, width = parse_tile_path(path)
    except Malformed:
        return False
    return width <= tile_width(tile, size)
