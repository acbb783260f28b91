"""Blobs in a folder, each in the file `aa/bb/aabb…` named by its hash."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import IO

from ledger.files import write_through
from services.blobs.port import CHUNK_SIZE, Draft, StoreAwayError, path_of
from services.blobs.spool import Spool


class FolderBlobs:
    """A folder of this machine, or one that several machines mount.

    Drafts lie beside the blobs, so that a draft becomes a blob by its name alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def receive(
        self, stream: AsyncIterator[bytes], limit: int
    ) -> AbstractAsyncContextManager[Draft]:
        return self._spool.receive(stream, limit)

    async def prepare(self, draft: Draft) -> None:
        """It is on the disk already."""

    async def keep(self, draft: Draft) -> None:
        await asyncio.to_thread(self._keep, draft)

    async def open(self, sha256: str) -> AsyncIterator[bytes]:
        return _chunks(await asyncio.to_thread(self.path(sha256).open, "rb"))

    async def holds(self, sha256: str) -> bool:
        return await asyncio.to_thread(self.path(sha256).exists)

    async def check(self) -> None:
        await asyncio.to_thread(self._check)

    async def sweep(self, before: datetime) -> None:
        await asyncio.to_thread(self._spool.sweep, before)

    def path(self, sha256: str) -> Path:
        """Where the blob lies if it is there."""
        return self._folder / path_of(sha256)

    @property
    def _spool(self) -> Spool:
        return Spool(self._folder / "incoming")

    def _keep(self, draft: Draft) -> None:
        place = self.path(draft.sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            draft.path.replace(place)
        # A blob found there may have been named just before the power went.
        for folder in (place.parent, place.parent.parent, self._folder):
            write_through(folder)

    def _check(self) -> None:
        there = next(each for each in (self._folder, *self._folder.parents) if each.exists())
        if not (there.is_dir() and os.access(there, os.R_OK | os.W_OK | os.X_OK)):
            raise StoreAwayError(f"{there} is no folder that can be read and written")


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_SIZE):
            yield chunk
