"""Waiting for the ledger to grow: one watch of the database for all who wait in this process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from ledger.keeping.following import Extent

logger = logging.getLogger(__name__)

T = TypeVar("T")

POLL = 1.0  # Seconds. The table is the truth; a nudge only makes one look sooner.
REST = 0.02  # Seconds between two looks, however often one is nudged.
READERS = 4  # Who follows the ledger leaves connections to who acts.


class Growth:
    """How far the ledger is. It is looked at while somebody waits, and not otherwise."""

    def __init__(self, look: Callable[[], Awaitable[Extent]]) -> None:
        self._look = look
        self._extent = Extent(0, 0)
        self._nudged = asyncio.Event()
        self._has_grown = asyncio.Event()
        self._waiting = 0
        self._watch: asyncio.Task[None] | None = None
        self._is_blind = False
        self._readers = asyncio.Semaphore(READERS)
        self._being_read: dict[Hashable, asyncio.Task[Any]] = {}

    def nudge(self) -> None:
        """Something may have happened: look now instead of at the next second."""
        self._nudged.set()

    async def until(self, enough: Callable[[Extent], bool]) -> Extent:
        """Wait until the ledger is far enough, and say how far it is."""
        async with self._watched():
            while not enough(self._extent):
                await self._has_grown.wait()
            return self._extent

    async def read_once(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `read` gives, read once for all who ask for the same while it is being read.

        Many who wait are woken at once, and most of them by then want the same.
        """
        reading = self._being_read.get(key)
        if reading is None:
            reading = self._being_read[key] = asyncio.create_task(self._read(key, read))
            reading.add_done_callback(_heed)
        result: T = await asyncio.shield(reading)
        return result

    async def close(self) -> None:
        """Let nothing that was begun here outlive the database."""
        begun = [*self._being_read.values(), *([self._watch] if self._watch else [])]
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    async def _read(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            async with self._readers:
                return await read()
        finally:
            del self._being_read[key]

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        self._waiting += 1
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_over())
        try:
            yield
        finally:
            self._waiting -= 1

    async def _watch_over(self) -> None:
        try:
            while self._waiting:
                self._nudged.clear()
                await self._look_once()
                await asyncio.sleep(REST)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._nudged.wait(), POLL)
        finally:
            self._watch = None

    async def _look_once(self) -> None:
        """A database that is away is tried again, and spoken of once."""
        try:
            extent = await self._look()
        except Exception:
            if not self._is_blind:
                logger.warning("the ledger cannot be watched; trying again", exc_info=True)
            self._is_blind = True
            return
        self._is_blind = False
        if extent != self._extent:
            self._extent = extent
            has_grown, self._has_grown = self._has_grown, asyncio.Event()
            has_grown.set()


def _heed(task: asyncio.Task[Any]) -> None:
    """Those who asked may all have gone: then nobody else looks at what went wrong."""
    if not task.cancelled():
        task.exception()
