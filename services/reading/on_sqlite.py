"""Questions to SQLite, asked on the event loop: most take less time than to have a thread ask.

What takes longer than a few milliseconds is interrupted and asked again in a connection's own
thread, where it holds nobody up.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from services.limits import DEFAULT_LIMITS
from services.reading.questions import NotAnsweredError, Question, Row
from services.registry import Registry
from services.writing_turn import database_file

LONGEST_ON_THE_LOOP = 0.005  # Seconds.
LONGEST = DEFAULT_LIMITS.statement_timeout
BETWEEN_INTERRUPTIONS = 0.05  # Seconds. One that comes before a statement begins is lost.
STEPS_BETWEEN_LOOKS = 5_000  # Of SQLite's machine: a tenth of a millisecond or so.
STATEMENTS_KEPT = 512
MOST_KNOWN_TO_BE_SLOW = 1_000
TO_BE_ASKED_ELSEWHERE = {sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY}
# The last two are of values that SQLite cannot hold.
FAULTS = (sqlite3.Error, sa.exc.SQLAlchemyError, OverflowError, UnicodeEncodeError)


class OnSQLite:
    """Asks a database in a file. Of one in memory every connection would see another."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._connection: sqlite3.Connection | None = None
        self._until = 0.0
        self._slow: set[Question] = set()

    async def ask(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row]:
        try:
            if question not in self._slow:
                rows = self._ask_here(question, arguments)
                if rows is not None:
                    return rows
            return await self._ask_elsewhere(question, arguments)
        except FAULTS as fault:
            raise NotAnsweredError(str(fault)) from fault

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _ask_here(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row] | None:
        """None when it takes too long."""
        if self._connection is None:
            self._connection = self._connect()
        self._until = perf_counter() + LONGEST_ON_THE_LOOP
        try:
            return self._connection.execute(question.text, arguments).fetchall()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) not in TO_BE_ASKED_ELSEWHERE:
                raise
        if len(self._slow) >= MOST_KNOWN_TO_BE_SLOW:
            self._slow.clear()
        self._slow.add(question)
        return None

    def _connect(self) -> sqlite3.Connection:
        file = database_file(self._registry.engine)
        assert file is not None
        connection = sqlite3.connect(file, isolation_level=None, cached_statements=STATEMENTS_KEPT)
        # Another process that writes holds nobody up who reads, but for moments.
        for pragma in ("query_only=ON", "busy_timeout=1", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_progress_handler(self._is_late, STEPS_BETWEEN_LOOKS)
        return connection

    def _is_late(self) -> bool:
        return perf_counter() > self._until

    async def _ask_elsewhere(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row]:
        """In a thread, until it is answered, is late, or nobody waits for the answer any more."""
        async with self._registry.reading() as tx:
            raw: Any = await tx.connection.get_raw_connection()
            driver = raw.driver_connection
            begun = perf_counter()
            asking = asyncio.ensure_future(driver.execute_fetchall(question.text, arguments))
            try:
                async with asyncio.timeout(LONGEST.total_seconds()):
                    rows: Sequence[Row] = await asyncio.shield(asking)
            except TimeoutError:
                raise NotAnsweredError("it takes too long") from None
            finally:
                await _end(driver, asking)
        if perf_counter() - begun < LONGEST_ON_THE_LOOP:
            self._slow.discard(question)
        return rows


async def _end(driver: Any, asking: asyncio.Future[Any]) -> None:
    while not asking.done():
        await driver.interrupt()
        await asyncio.wait([asking], timeout=BETWEEN_INTERRUPTIONS)
    asking.exception()  # Which is of no use to anybody any more, but must have been looked at.
