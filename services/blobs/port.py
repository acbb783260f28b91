"""What the register needs of the place where its documents lie."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

CHUNK_SIZE = 256 * 1024
NAME = re.compile(r"[0-9a-f]{64}")


class TooLarge(Exception):  # noqa: N818 - a finding about a stream, not an error of ours.
    """The stream went on after the limit; nothing of it was kept."""


class StoreAwayError(ConnectionError):
    """The place cannot be reached, or does not let us in: nothing is known of what lies there."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What has come whole, and is gone again unless it is kept. `size` in bytes."""

    sha256: str
    size: int
    path: Path


class Blobs(Protocol):
    """Blobs, each under its hash: whole or not at all, and there for good when `keep` returns.

    Several processes, and several machines, may use one place.
    """

    def receive(
        self, stream: AsyncIterator[bytes], limit: int
    ) -> AbstractAsyncContextManager[Draft]:
        """What the stream brings, whole and on the disk; raises `TooLarge` beyond `limit` bytes.

        It is gone when the context ends, unless it was kept.
        """
        ...

    async def prepare(self, draft: Draft) -> None:
        """Do all of keeping that takes its time: no transaction should wait for that.

        Raises `StoreAwayError`.
        """
        ...

    async def keep(self, draft: Draft) -> None:
        """Make the prepared draft a blob.

        Again, or the same content a second time, changes nothing.
        """
        ...

    async def open(self, sha256: str) -> AsyncIterator[bytes]:
        """The bytes of a blob, in chunks; raises `FileNotFoundError` or `StoreAwayError`."""
        ...

    async def holds(self, sha256: str) -> bool:
        """Whether the blob is there; raises `StoreAwayError`."""
        ...

    async def check(self) -> None:
        """Raises `StoreAwayError`, with the reason, when documents cannot be kept or read."""
        ...

    async def sweep(self, before: datetime) -> None:
        """Remove what interrupted uploads have left on this machine before that instant."""
        ...


def path_of(sha256: str) -> str:
    """Where the blob of that hash lies in every place, as in `aa/bb/aabb…`."""
    assert NAME.fullmatch(sha256), sha256
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
