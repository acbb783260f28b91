"""A copy of the public files at another place, from where a CDN may serve them.

It is made from the published files and never from the database, and follows them in its own
time: nothing waits for it, and what it has missed it fetches.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from ledger.formats.tile_paths import CHECKPOINT_PATH, entries_path, tile_path, tile_width
from ledger.publishing.headers import KEY_PATH, POLICY_PATH
from ledger.publishing.publication import Publication, checkpoint_in
from ledger.publishing.shelf import NotPublishedError, Shelf
from ledger.publishing.tiling import full_tiles, partial_tiles, steps

logger = logging.getLogger(__name__)


class Mirror:
    """Follows one shelf on another. `place` is how the other is called where it fails."""

    def __init__(self, source: Shelf, target: Shelf, place: str) -> None:
        self._source = source
        self._publication = Publication(target)
        self._place = place
        # A place that hangs must not take the threads that others need.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mirror")
        self._published: int | None = None
        self._copied = 0
        self._note: bytes | None = None
        self._complaint: type[Exception] | None = None

    async def follow(self) -> None:
        """Bring the copy up to what is published now. What fails is tried again next time.

        It is logged once, and so is that it works again.
        """
        loop = asyncio.get_running_loop()
        fault: Exception | None = None
        try:
            await loop.run_in_executor(self._thread, self.catch_up)
        except (OSError, NotPublishedError) as met:
            fault = met
        # The words differ each time, by how long was waited and for what.
        complaint = None if fault is None else type(fault)
        if complaint is not self._complaint:
            told = "has caught up" if fault is None else f"is behind: {fault}"
            logger.warning("the mirror %s %s", self._place, told)
        self._complaint = complaint

    def catch_up(self) -> None:
        """The same, waiting for it. Raises `OSError`, or `NotPublishedError` with the reason."""
        note = self._source.read(CHECKPOINT_PATH)
        if note is None or note == self._note:
            return
        size = checkpoint_in(note).tree_size
        published = self._publication.size()
        # Somebody may have emptied the place; a copy cut short goes on where it was cut.
        if published != self._published:
            self._published = self._copied = published
        for start, end in steps(self._copied, size):
            self._copy(_full_paths(start, end))
            self._copied = end
        self._copy(self._partial_paths(size, published))
        self._publication.advance(note.decode(), self._introduction())
        self._published, self._note = size, note

    def _copy(self, paths: Iterable[str]) -> None:
        read = {path: self._source.read(path) for path in paths}
        files = {path: content for path, content in read.items() if content is not None}
        if len(files) < len(read):
            raise FileNotFoundError("The log has moved on while it was copied.")
        self._publication.add(files)

    def _partial_paths(self, size: int, published: int) -> Iterator[str]:
        """The partial files there are up to this size, those of checkpoints between too."""
        for tile, width in partial_tiles([size], size):
            names = self._source.names(f"{tile_path(tile)}.p")
            for each in sorted(int(name) for name in names if name.isdecimal()):
                if tile_width(tile, published) < each <= width:
                    yield tile_path(tile, each)
                    if tile.level == 0:
                        yield entries_path(tile.number, each)

    def _introduction(self) -> dict[str, str]:
        read = {name: self._source.read(name) for name in (KEY_PATH, POLICY_PATH)}
        return {name: content.decode() for name, content in read.items() if content is not None}


def _full_paths(start: int, end: int) -> Iterator[str]:
    for tile in full_tiles(start, end):
        yield tile_path(tile)
        if tile.level == 0:
            yield entries_path(tile.number)
