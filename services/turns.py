"""Deciding on SQLite: acts one after another, and whoever waited for a turn commits together.

To be sure that a commit is on the disk takes as long as several acts. Those that are waiting when
a transaction begins therefore share it, each in a savepoint of its own: one that is refused or
fails is undone alone, and no one is told how it ended before all that it has seen is committed.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from services.writing_turn import WriteAheadLog, writing_turn

logger = logging.getLogger(__name__)


class UndoneError(Exception):
    """Nothing was done: all that shared a transaction is undone because of one of them."""


@dataclass(slots=True, eq=False)
class _Shared:
    """A transaction, what must be left behind when it is over, and how it will have ended."""

    connection: AsyncConnection
    transaction: AsyncTransaction
    driver: Any
    stack: AsyncExitStack
    ended: asyncio.Future[None]

    @property
    def is_whole(self) -> bool:
        """SQLite undoes everything when a disk is full, whereupon each statement would stand
        alone, and SQLAlchemy gives up a connection when a statement is cancelled.
        """
        return not self.connection.invalidated and self.driver._conn.in_transaction

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[None]:
        """In a savepoint. It takes less time than a visit to the connection's thread."""
        if not self.is_whole:
            raise UndoneError
        self.driver._conn.execute("SAVEPOINT act")
        try:
            yield
        except BaseException:
            if self.is_whole:
                await _until_done(self.driver._execute(_undo, self.driver._conn))
            raise
        self.driver._conn.execute("RELEASE act")

    async def commit(self) -> None:
        if not self.is_whole:
            raise UndoneError
        try:
            await self.transaction.commit()
        except BaseException:
            await self.transaction.rollback()
            raise


class Turns:
    """The turns of one process at one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # First come, first served: whoever ends a transaction stands behind those who share it.
        self._turn = asyncio.Lock()
        self._wal = WriteAheadLog()
        self._shared: _Shared | None = None
        self._ending: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes, of which what is done inside is kept or undone as a whole.

        It is committed on the way out, and so is what a refusal has seen.
        """
        shared: _Shared | None = None
        try:
            async with self._turn:
                shared = self._shared or await self._begin()
                async with shared.apart():
                    yield shared.connection
        except Exception:
            if shared is not None and shared.is_whole:
                await asyncio.shield(shared.ended)
            raise
        await asyncio.shield(shared.ended)

    async def close(self) -> None:
        """Wait for what is still done after the last act."""
        if self._ending is not None:
            await asyncio.wait([self._ending])

    async def _begin(self) -> _Shared:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(writing_turn(self._engine))
            connection = await stack.enter_async_context(self._engine.connect())
            await connection.execution_options(decides=True)
            transaction = await connection.begin()
            driver = (await connection.get_raw_connection()).driver_connection
            ended = asyncio.get_running_loop().create_future()
            self._shared = _Shared(connection, transaction, driver, stack.pop_all(), ended)
        self._ending = asyncio.create_task(self._end(self._shared))
        return self._shared

    async def _end(self, shared: _Shared) -> None:
        """In a task of its own, which no act that is cancelled takes with it."""
        async with self._turn, shared.stack:
            self._shared = None
            try:
                await shared.commit()
            except Exception as error:  # noqa: BLE001 - told to all who shared it.
                shared.ended.set_exception(error)
                shared.ended.exception()  # Whoever shared it may have gone: it is heeded here.
                return
            except BaseException:
                shared.ended.cancel()
                raise
            shared.ended.set_result(None)
            await self._carry_over(shared)

    async def _carry_over(self, shared: _Shared) -> None:
        """What was committed is, whatever becomes of the log it stands in."""
        try:
            await self._wal.carry_over(shared.connection)
        except sqlite3.Error:
            logger.warning("the write-ahead log was not carried over", exc_info=True)


async def _until_done(work: Coroutine[Any, Any, None]) -> None:
    """Behind what a cancelled act still has under way in the thread, and whoever cancels this."""
    doing, is_cancelled = asyncio.ensure_future(work), False
    while not doing.done():
        try:
            await asyncio.shield(doing)
        except asyncio.CancelledError:
            is_cancelled = True
    doing.result()
    if is_cancelled:
        raise asyncio.CancelledError


def _undo(connection: sqlite3.Connection) -> None:
    connection.execute("ROLLBACK TO act")
    connection.execute("RELEASE act")
