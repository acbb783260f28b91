"""What is published on a shelf: how far it is, and how it moves on."""

from collections.abc import Iterable, Mapping

from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.note import parse_note
from ledger.formats.spelling import Malformed
from ledger.formats.tile_paths import CHECKPOINT_PATH, entries_path, tile_path
from ledger.formats.tree import Tile
from ledger.publishing.shelf import NotPublishedError, Shelf
from ledger.publishing.tiling import full_tiles

# How many entries back partial tiles are looked for that an interruption left there.
LOOKED_BACK = 2**12


class Publication:
    """A shelf says itself how far it is, by the checkpoint that lies on it.

    So whatever interrupts a publication, the next one goes on from what everybody can rely on.
    All of it blocks: call it in a thread.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._tidied: int | None = None
        self._is_swept = False

    def size(self) -> int:
        """That of the tree that is published; 0 before the first."""
        text = self.shelf.read(CHECKPOINT_PATH)
        return 0 if text is None else checkpoint_in(text).tree_size

    def add(self, files: Mapping[str, bytes]) -> None:
        """Tiles and bundles, which must be there before the checkpoint that needs them."""
        with self.shelf.held():
            if not self._is_swept:
                self.shelf.sweep()
                self._is_swept = True
            self.shelf.add(files)

    def advance(self, note: str, introduction: Mapping[str, str]) -> None:
        """Let everybody see a checkpoint, and remove what was needed only for older ones.

        Raises `NotPublishedError` for one that is not newer than that there, or of another log.
        """
        new = checkpoint_in(note.encode())
        with self.shelf.held():
            before = self.shelf.read(CHECKPOINT_PATH)
            old = new if before is None else checkpoint_in(before)
            _require_growth(old, new)
            for name, content in introduction.items():
                if self.shelf.read(name) != content.encode():
                    self.shelf.replace(name, content.encode())
            self.shelf.replace(CHECKPOINT_PATH, note.encode())
            # Whoever has the checkpoint before this one may be fetching its tiles now.
            self._tidy_up(old.tree_size)

    def _tidy_up(self, size: int) -> None:
        start = max(0, size - LOOKED_BACK) if self._tidied is None else self._tidied
        for folder in partial_folders(full_tiles(start, size)):
            self.shelf.remove(folder)
        self._tidied = size


def partial_folders(tiles: Iterable[Tile]) -> list[str]:
    """Where the partial tiles and bundles of these tiles lie."""
    folders = []
    for tile in tiles:
        folders.append(f"{tile_path(tile)}.p")
        if tile.level == 0:
            folders.append(f"{entries_path(tile.number)}.p")
    return folders


def checkpoint_in(published: bytes) -> Checkpoint:
    """The checkpoint of a published note, its signatures unchecked. Raises `NotPublishedError`."""
    try:
        return parse_checkpoint(parse_note(published.decode(errors="replace")).text)
    except Malformed:
        raise NotPublishedError(
            "What is published as `checkpoint` is none. Remove it: all is then published anew."
        ) from None


def behind(published: int, size: int) -> NotPublishedError:
    return NotPublishedError(
        f"A tree of {published} entries is published, and this one has {size}: the database is "
        "older than what it has published. Restore the newest copy of it."
    )


def _require_growth(old: Checkpoint, new: Checkpoint) -> None:
    if old.origin != new.origin:
        raise NotPublishedError(
            f"These are the files of {old.origin}, not of {new.origin}: name another place."
        )
    if old.tree_size > new.tree_size:
        raise behind(old.tree_size, new.tree_size)
    if old.tree_size == new.tree_size and old.root != new.root:
        raise NotPublishedError(
            f"Another tree of {old.tree_size} entries is published already. "
            "Find out which database is the right one before anything is signed again."
        )
