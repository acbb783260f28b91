"""Questions to SQLite: the quick ones on the event loop, sooner answered than a thread is told.

What takes longer a thread of its own asks, one after the other: several at once would mostly wait
for each other. What holds up the loop or that thread is interrupted, and asked again where it
holds up nobody.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from time import perf_counter, thread_time
from typing import Any, TypeAlias

import sqlalchemy as sa

from services.limits import DEFAULT_LIMITS
from services.reading.questions import NotAnsweredError, Question, Row
from services.registry import Registry
from services.writing_turn import database_file

# Seconds of the processor. The first is what asking the thread costs, or some more.
QUICK, LONGEST_ON_THE_LOOP, LONGEST_IN_THE_THREAD = 0.0004, 0.005, 0.05
WAITS = 10  # How many times as long it may take where it waits for a disk.
SECONDS_REMEMBERED = 1.0  # That a question took long; then it is tried anew.
LONGEST = DEFAULT_LIMITS.statement_timeout
BETWEEN_INTERRUPTIONS = 0.05  # Seconds. One that comes before a statement begins is lost.
# Of SQLite's machine, which takes ten thousand or so in the fifth part of a millisecond.
STEPS_ON_THE_LOOP, STEPS_IN_THE_THREAD = 10_000, 500_000
STATEMENTS_KEPT = 512
KIBIBYTES_OF_PAGES = 65_536
MOST_REMEMBERED = 1_000
TO_BE_ASKED_ELSEWHERE = {sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY}
# The last two are of values that SQLite cannot hold.
FAULTS = (sqlite3.Error, sa.exc.SQLAlchemyError, OverflowError, UnicodeEncodeError)
Ask: TypeAlias = Callable[[Question, Sequence[Any]], Awaitable[Sequence[Row]]]


class OnSQLite:
    """Asks a database in a file. Of one in memory every connection would see another."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._on_the_loop = _Bounded(registry, LONGEST_ON_THE_LOOP, STEPS_ON_THE_LOOP)
        self._thread = _Thread(_Bounded(registry, LONGEST_IN_THE_THREAD, STEPS_IN_THE_THREAD))
        self._slow: dict[Question, tuple[float, Ask]] = {}
        self._is_closed = False

    async def ask(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row]:
        if self._is_closed:
            raise NotAnsweredError
        until, elsewhere = self._slow.get(question, (0.0, self._ask_in_the_thread))
        try:
            if perf_counter() >= until:
                begun = thread_time()
                rows = self._on_the_loop.ask(question, arguments)
                if rows is None or thread_time() - begun > QUICK:
                    self._remember(question, self._ask_in_the_thread)
                if rows is not None:
                    return rows
            return await elsewhere(question, arguments)
        except FAULTS as fault:
            raise NotAnsweredError(str(fault)) from fault

    async def close(self) -> None:
        self._is_closed = True
        self._on_the_loop.close()
        await self._thread.close()

    def _remember(self, question: Question, elsewhere: Ask) -> None:
        if len(self._slow) >= MOST_REMEMBERED:
            self._slow.clear()
        self._slow[question] = perf_counter() + SECONDS_REMEMBERED, elsewhere

    async def _ask_in_the_thread(
        self, question: Question, arguments: Sequence[Any]
    ) -> Sequence[Row]:
        rows = await self._thread.ask(question, arguments)
        if rows is not None:
            return rows
        self._remember(question, self._ask_by_itself)
        return await self._ask_by_itself(question, arguments)

    async def _ask_by_itself(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row]:
        """Until it is answered, is late, or nobody waits for the answer any more."""
        async with self._registry.reading() as tx:
            raw: Any = await tx.connection.get_raw_connection()
            driver = raw.driver_connection
            asking = asyncio.ensure_future(driver.execute_fetchall(question.text, arguments))
            try:
                async with asyncio.timeout(LONGEST.total_seconds()):
                    rows: Sequence[Row] = await asyncio.shield(asking)
            except TimeoutError:
                raise NotAnsweredError("it takes too long") from None
            finally:
                await _end(driver, asking)
        return rows


_Rows: TypeAlias = Sequence[Row] | None
_Answer: TypeAlias = asyncio.Future[_Rows]


class _Thread:
    """Asks one question after the other. An executor would do, and take three times as long."""

    def __init__(self, connection: "_Bounded") -> None:
        self._connection = connection
        self._waiting: SimpleQueue[tuple[Question, Sequence[Any], _Answer] | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="reading", daemon=True)

    async def ask(self, question: Question, arguments: Sequence[Any]) -> _Rows:
        """None when it takes too long."""
        if not self._thread.ident:
            self._thread.start()
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._waiting.put((question, arguments, answer))
        return await answer

    async def close(self) -> None:
        """Once all is answered."""
        self._waiting.put(None)
        if self._thread.ident:
            await asyncio.to_thread(self._thread.join)
        self._connection.close()

    def _serve(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            question, arguments, answer = waiting
            if answer.cancelled():
                continue
            rows: _Rows | Exception
            try:
                rows = self._connection.ask(question, arguments)
            except FAULTS as fault:
                rows = fault
            answer.get_loop().call_soon_threadsafe(_tell, answer, rows)


def _tell(answer: _Answer, rows: _Rows | Exception) -> None:
    if answer.done():
        return
    if isinstance(rows, Exception):
        answer.set_exception(rows)
    else:
        answer.set_result(rows)


class _Bounded:
    """A connection that gives a statement so many seconds of the processor, and some to wait."""

    def __init__(self, registry: Registry, longest: float, steps_between_looks: int) -> None:
        self._registry = registry
        self._longest = longest
        self._steps = steps_between_looks
        self._until = self._latest = 0.0
        self._connection: sqlite3.Connection | None = None

    def ask(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row] | None:
        """None when it takes too long."""
        if self._connection is None:
            self._connection = self._connect()
        self._until = thread_time() + self._longest
        self._latest = perf_counter() + self._longest * WAITS
        try:
            return self._connection.execute(question.text, arguments).fetchall()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) not in TO_BE_ASKED_ELSEWHERE:
                raise
        return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        file = database_file(self._registry.engine)
        assert file is not None
        # It is used by one thread, and closed by another.
        connection = sqlite3.connect(
            file,
            isolation_level=None,
            cached_statements=STATEMENTS_KEPT,
            check_same_thread=False,
        )
        pages = f"cache_size=-{KIBIBYTES_OF_PAGES}"
        # Another process that writes holds nobody up who reads, but for moments.
        for pragma in ("query_only=ON", "busy_timeout=1", "wal_autocheckpoint=0", pages):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_progress_handler(self._is_late, self._steps)
        return connection

    def _is_late(self) -> bool:
        return thread_time() > self._until or perf_counter() > self._latest


async def _end(driver: Any, asking: asyncio.Future[Any]) -> None:
    while not asking.done():
        await driver.interrupt()
        await asyncio.wait([asking], timeout=BETWEEN_INTERRUPTIONS)
    asking.exception()  # Which is of no use to anybody any more, but must have been looked at.
