"""Bytes kept under the name of their own SHA-256, so that none can be changed or lost in place."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from ledger.files import write_out, write_through

CHUNK_SIZE = 256 * 1024
NAME = re.compile(r"[0-9a-f]{64}")


class TooLarge(Exception):  # noqa: N818 - a finding about a stream, not an error of ours.
    """The stream went on after the limit; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What has come whole, and is gone again unless it is kept. `size` in bytes."""

    sha256: str
    size: int
    path: Path


class FolderBlobs:
    """Blobs in a folder, each in the file `aa/bb/aabb…` named by its hash.

    A blob appears whole or not at all, and is on the disk when `keep` returns.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def receive(self, stream: AsyncIterator[bytes], limit: int) -> AsyncIterator[Draft]:
        """What the stream brings, whole and on the disk; raises `TooLarge` beyond `limit` bytes.

        It is gone when the context ends, unless `keep` was called.
        """
        with self._draft() as file:
            hashed, size = sha256(), 0
            async for chunk in stream:
                size += len(chunk)
                if size > limit:
                    raise TooLarge
                hashed.update(chunk)
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(write_out, file)
            yield Draft(hashed.hexdigest(), size, Path(file.name))

    async def keep(self, draft: Draft) -> None:
        """Make the draft a blob. The same content a second time changes nothing."""
        await asyncio.to_thread(self._keep, draft)

    async def open(self, sha256: str) -> AsyncIterator[bytes]:
        """The bytes of a blob, in chunks; raises `FileNotFoundError`."""
        with await asyncio.to_thread(self.path(sha256).open, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK_SIZE):
                yield chunk

    def path(self, sha256: str) -> Path:
        """Where the blob lies if it is there."""
        assert NAME.fullmatch(sha256), sha256
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    @contextmanager
    def _draft(self) -> Iterator[IO[bytes]]:
        """A file beside the blobs that is gone afterwards, unless it was kept."""
        folder = self._folder / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                yield file
            finally:
                Path(file.name).unlink(missing_ok=True)

    def _keep(self, draft: Draft) -> None:
        place = self.path(draft.sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.path.replace(place)
        for folder in (place.parent, place.parent.parent, self._folder):
            write_through(folder)
