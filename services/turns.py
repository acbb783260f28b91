"""Deciding on SQLite: acts one after another, and whoever waited for a turn commits together.

To be sure that a commit is on the disk takes as long as several acts. Those that are waiting when
a transaction begins therefore share it, each in a savepoint of its own: one that is refused or
fails is undone alone, and no one is told how it ended before all that it has seen is committed.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.writing_turn import WriteAheadLog, writing_turn


class UndoneError(Exception):
    """Nothing was done: SQLite undid all that shared a transaction because of one of them."""


@dataclass(slots=True, eq=False)
class _Shared:
    """A transaction, what must be left behind when it is over, and how it will have ended."""

    connection: AsyncConnection
    stack: AsyncExitStack
    ended: asyncio.Future[None]

    @property
    def driver(self) -> Any:
        assert self.connection.sync_connection is not None
        return self.connection.sync_connection.connection.driver_connection

    def require_whole(self) -> None:
        """As it is no more after a disk was full, whereupon each statement would stand alone."""
        if not self.driver._conn.in_transaction:
            raise UndoneError


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
                shared.require_whole()
                async with _apart(shared.driver):
                    yield shared.connection
        except Exception:
            if shared is not None:
                await asyncio.shield(shared.ended)
            raise
        await asyncio.shield(shared.ended)

    async def _begin(self) -> _Shared:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(writing_turn(self._engine))
            connection = await stack.enter_async_context(self._engine.connect())
            await connection.execution_options(decides=True)
            await connection.begin()
            ended = asyncio.get_running_loop().create_future()
            self._shared = _Shared(connection, stack.pop_all(), ended)
        self._ending = asyncio.create_task(self._end(self._shared))
        return self._shared

    async def _end(self, shared: _Shared) -> None:
        """In a task of its own, which no act that is cancelled takes with it."""
        async with self._turn:
            self._shared = None
            try:
                async with shared.stack:
                    shared.require_whole()
                    await shared.connection.commit()
                    await self._wal.carry_over(shared.connection)
                shared.ended.set_result(None)
            except Exception as error:
                shared.ended.set_exception(error)
                shared.ended.exception()  # Whoever shared it may have gone: it is heeded here.
            finally:
                shared.ended.cancel()  # When the loop itself ends; otherwise it is done.


@asynccontextmanager
async def _apart(driver: Any) -> AsyncIterator[None]:
    """In a savepoint. Its beginning and end take less time than to have another thread do them."""
    driver._conn.execute("SAVEPOINT act")
    try:
        yield
    except BaseException:
        await _until_done(asyncio.ensure_future(driver._execute(_undo, driver._conn)))
        raise
    driver._conn.execute("RELEASE act")


async def _until_done(undoing: asyncio.Future[None]) -> None:
    """Behind what a cancelled act still has under way in the thread, and whoever cancels this."""
    is_cancelled = False
    while not undoing.done():
        try:
            await asyncio.shield(undoing)
        except asyncio.CancelledError:
            is_cancelled = True
    undoing.result()
    if is_cancelled:
        raise asyncio.CancelledError


def _undo(connection: sqlite3.Connection) -> None:
    """Unless SQLite itself has undone everything, as it does when the disk is full."""
    if connection.in_transaction:
        connection.execute("ROLLBACK TO act")
        connection.execute("RELEASE act")
