"""The unit of work: one transaction that decides, or one snapshot that reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ledger.keeping.log import Log
from services import sqlite
from services.blobs import FolderBlobs
from services.clock import Clock
from services.permits import Permits
from services.writing_turn import WriteAheadLog, writing_turn

READERS = 8  # Connections kept open; more are opened under load and closed after.
BUSY_TIMEOUT_MS = 10_000
LOG_SIZE_MAX = 64 << 20  # Bytes of the disk the write-ahead log keeps when it begins anew.


@dataclass(frozen=True, slots=True)
class Transaction:
    """What an act or a view may use: the connection, the instant, the log to record in."""

    connection: AsyncConnection
    now: datetime
    log: Log


@dataclass(frozen=True, slots=True)
class Registry:
    engine: AsyncEngine
    clock: Clock
    log: Log
    blobs: FolderBlobs
    permits: Permits
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _wal: WriteAheadLog = field(default_factory=WriteAheadLog, repr=False)

    @asynccontextmanager
    async def deciding(self) -> AsyncIterator[Transaction]:
        """A transaction that may write. It commits on the way out, or leaves no trace.

        SQLite takes the write lock at BEGIN, so nothing a rule has just checked can change
        before the action writes. Deciders of one process queue here, in order, and the first of
        them stands in line with those of other processes.
        """
        async with self._turn, writing_turn(self.engine), self.engine.connect() as connection:
            await connection.execution_options(decides=True)
            async with connection.begin():
                yield Transaction(connection, self.clock.now(), self.log)
            await self._wal.carry_over(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A snapshot that cannot write. Readers never wait for deciders."""
        async with self.engine.connect() as connection, connection.begin():
            yield Transaction(connection, self.clock.now(), self.log)

    async def close(self) -> None:
        await self.engine.dispose()


def open_engine(url: str) -> AsyncEngine:
    """An engine on a SQLite file whose transactions begin when, and as, they say they do."""
    engine = create_async_engine(url, pool_size=READERS, max_overflow=READERS)
    sa.event.listen(engine.sync_engine, "do_connect", sqlite.connect)
    sa.event.listen(engine.sync_engine, "connect", _prepare)
    sa.event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # We emit BEGIN ourselves, in `_begin`.
    cursor = dbapi_connection.cursor()
    for pragma in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        # See `writing_turn`: no connection carries the log over by itself.
        "wal_autocheckpoint=0",
        f"journal_size_limit={LOG_SIZE_MAX}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    decides = connection.get_execution_options().get("decides", False)
    # A pooled connection keeps what it was last told: tell it only what is new.
    if connection.info.get("decides") is not decides:
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if decides else 'ON'}")
        connection.info["decides"] = decides
    connection.exec_driver_sql("BEGIN IMMEDIATE" if decides else "BEGIN DEFERRED")
