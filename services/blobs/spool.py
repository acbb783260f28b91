"""Drafts: streams written to the disk as they come, of which memory holds a chunk at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from ledger.files import write_out
from services.blobs.port import Draft, TooLarge


@dataclass(frozen=True, slots=True)
class Spool:
    """A folder of drafts. Several processes may use it."""

    folder: Path

    @asynccontextmanager
    async def receive(self, stream: AsyncIterator[bytes], limit: int) -> AsyncIterator[Draft]:
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

    def sweep(self, before: datetime) -> None:
        """Remove drafts that nobody has written to since: who wrote them was killed. Blocks."""
        for draft in self.folder.glob("*"):
            try:
                if draft.stat().st_mtime < before.timestamp():
                    draft.unlink()
            except FileNotFoundError:
                continue  # Another process sweeps too, or an upload has just ended.

    @contextmanager
    def _draft(self) -> Iterator[IO[bytes]]:
        """A file that is gone afterwards, unless it was moved away."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self.folder, delete=False) as file:
            try:
                yield file
            finally:
                Path(file.name).unlink(missing_ok=True)
