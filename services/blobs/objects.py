"""Blobs in an object store: S3 and what speaks like it, Google Cloud Storage, Azure."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore

from ledger.object_store import first_line, open_store
from services.blobs.port import CHUNK_SIZE, Draft, StoreAwayError, path_of
from services.blobs.spool import Spool

T = TypeVar("T")

# What is larger goes in parts, of which so many are in memory: a store takes none under 5 MiB.
PART_SIZE = 5 * 1024 * 1024
PARTS_AT_A_TIME = 2
CALLS_AT_A_TIME = 16

# No blob lies there.
NOWHERE = "none/"


def open_object_blobs(url: str, spool: Path) -> "ObjectBlobs":
    """The blobs at an address like s3://bucket/folder. Raises `ValueError` (see `open_store`)."""
    return ObjectBlobs(open_store(url), spool)


class ObjectBlobs:
    """Blobs as objects, which a store shows whole or not at all.

    A draft lies on a disk of this machine. It goes to the store before the transaction that
    enters it: who is killed or refused in between leaves bytes there that belong to no document.
    """

    def __init__(self, store: ObjectStore, spool: Path) -> None:
        self._store = store
        self._spool = Spool(spool)
        # A store that hangs must not take the threads that others need.
        self._calls = ThreadPoolExecutor(CALLS_AT_A_TIME, thread_name_prefix="documents")

    def receive(
        self, stream: AsyncIterator[bytes], limit: int
    ) -> AbstractAsyncContextManager[Draft]:
        return self._spool.receive(stream, limit)

    async def prepare(self, draft: Draft) -> None:
        try:
            await self._call(lambda: self._put(draft))
        except FileNotFoundError as fault:
            raise StoreAwayError(f"there is no such place ({fault})") from None

    async def keep(self, draft: Draft) -> None:
        """It is in the store already."""

    async def open(self, sha256: str) -> AsyncIterator[bytes]:
        found = await self._call(lambda: obstore.get(self._store, path_of(sha256)))
        return self._chunks(iter(found.stream(min_chunk_size=CHUNK_SIZE)))

    async def holds(self, sha256: str) -> bool:
        return await self._call(lambda: self._is_there(path_of(sha256)))

    async def check(self) -> None:
        await self._call(lambda: list(obstore.list(self._store, NOWHERE)))

    async def sweep(self, before: datetime) -> None:
        await asyncio.to_thread(self._spool.sweep, before)

    def _put(self, draft: Draft) -> None:
        path = path_of(draft.sha256)
        if draft.size > PART_SIZE:
            # Parts cannot be put on a condition; what a rival puts there is the same.
            if not self._is_there(path):
                obstore.put(
                    self._store,
                    path,
                    draft.path,
                    use_multipart=True,
                    chunk_size=PART_SIZE,
                    max_concurrency=PARTS_AT_A_TIME,
                )
            return
        with suppress(AlreadyExistsError):
            obstore.put(self._store, path, draft.path, use_multipart=False, mode="create")

    def _is_there(self, path: str) -> bool:
        try:
            obstore.head(self._store, path)
        except FileNotFoundError:
            return False
        return True

    async def _chunks(self, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (chunk := await self._call(lambda: next(chunks, None))) is not None:
            yield bytes(chunk)

    async def _call(self, function: Callable[[], T]) -> T:
        """What it gives, when it has been called in a thread (see `ledger.object_store`)."""

        def call() -> T:
            with _reached():
                return function()

        return await asyncio.get_running_loop().run_in_executor(self._calls, call)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except BaseError as fault:
        raise StoreAwayError(first_line(fault)) from None
