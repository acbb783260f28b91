"""A published folder read with our own code: what other people's tools are given to check."""

from functools import lru_cache
from pathlib import Path

from ledger.formats.bundles import parse_bundle
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note
from ledger.formats.proofs import prove_consistency, prove_inclusion
from ledger.formats.spelling import format_bytes
from ledger.formats.tile_paths import entries_path, tile_path, tile_width
from ledger.formats.tree import TILE_WIDTH, Tile


class Published:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vkey = (folder / "log.vkey").read_text().strip()
        self.note = (folder / "checkpoint").read_text()
        checkpoint = checkpoint_of(self.note)
        self.size, self.root = checkpoint.tree_size, checkpoint.root
        paths = folder.glob("checkpoint.*")
        sizes = sorted(int(path.suffix.removeprefix(".")) for path in paths)
        self.notes = {size: (folder / f"checkpoint.{size}").read_text() for size in sizes}
        self.roots = {size: checkpoint_of(note).root for size, note in self.notes.items()}
        self._tile = lru_cache(maxsize=None)(self._read_tile)

    def entries(self) -> list[bytes]:
        entries: list[bytes] = []
        for number in range((self.size + TILE_WIDTH - 1) // TILE_WIDTH):
            path = entries_path(number, tile_width(Tile(0, number), self.size))
            entries += parse_bundle((self.folder / path).read_bytes())
        return entries

    def inclusion(self, index: int) -> list[bytes]:
        return prove_inclusion(index, self.size, self._tile)

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        return prove_consistency(old_size, new_size, self._tile)

    def pairs(self) -> list[tuple[int, int]]:
        """Every two checkpoints, the older first."""
        return [(old, new) for new in self.notes for old in self.notes if old <= new]

    def write_proofs(self, path: Path) -> None:
        """Every proof of ours, a line each, for tools that are not written in Python."""
        with path.open("w", encoding="utf-8") as file:
            for index in range(self.size):
                write_line(file, "inclusion", index, self.size, self.inclusion(index))
            for old, new in self.pairs():
                write_line(file, "consistency", old, new, self.consistency(old, new))

    def _read_tile(self, tile: Tile) -> bytes:
        return (self.folder / tile_path(tile, tile_width(tile, self.size))).read_bytes()


def checkpoint_of(note):
    return parse_checkpoint(parse_note(note).text)


def write_line(file, kind, first, second, hashes):
    file.write(" ".join([kind, str(first), str(second), *map(format_bytes, hashes)]) + "\n")
