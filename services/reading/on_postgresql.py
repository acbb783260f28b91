"""Questions to PostgreSQL: those that wait for the same statement are asked together.

A few lanes, each with a connection of the engine's pool, take what waits. Under load a lane finds
many that want the same and asks once for all; when there is little to do each goes alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg
import sqlalchemy as sa

from services.reading.questions import NotAnsweredError, Question, Row
from services.registry import Registry

LANES = 3
MOST_TOGETHER = 64
SECONDS_AT_REST = 0.5  # After which a lane gives its connection back.
SECONDS_UNTIL_SLOW = 0.1  # After which another lane may begin in the place of one that is busy.
SHARE_OF_CONNECTIONS = 0.6  # That reading may take, with all its slow lanes: the rest is for acts.
# The driver's, and the server's.
UNFIT_VALUES = (ValueError, asyncpg.DataError)
FAULTS = (
    ValueError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
    sa.exc.SQLAlchemyError,
)


@dataclass(slots=True, eq=False)
class _Waiting:
    """One who waits. `asking` is the statement that asks for all `together`, once it does."""

    arguments: Sequence[Any]
    answer: asyncio.Future[Sequence[Row]]
    together: Sequence["_Waiting"] = ()
    asking: "asyncio.Task[Sequence[_Answer]] | None" = None

    def give_up(self) -> None:
        """Once nobody waits any more, the server need not go on either."""
        if self.asking is not None and all(each.answer.done() for each in self.together):
            self.asking.cancel()

    def tell(self, answer: "_Answer") -> None:
        if self.answer.done():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(NotAnsweredError(str(answer)))
        else:
            self.answer.set_result(answer)


_Answer: TypeAlias = Sequence[Row] | Exception
_Lane: TypeAlias = asyncio.Task[None]


@dataclass(slots=True)
class OnPostgreSQL:
    """`_lanes` are all there are, `_quick` those that will soon look at what waits."""

    registry: Registry
    _waiting: dict[Question, list[_Waiting]] = field(default_factory=dict)
    _lanes: set[_Lane] = field(default_factory=set)
    _quick: set[_Lane] = field(default_factory=set)
    _at_rest: list[asyncio.Future[bool]] = field(default_factory=list)
    _most: int = field(init=False)
    _is_closed: bool = False

    def __post_init__(self) -> None:
        pool: Any = self.registry.engine.pool
        self._most = max(1, int(pool.size() * SHARE_OF_CONNECTIONS))

    async def ask(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row]:
        if self._is_closed:
            raise NotAnsweredError
        waiting = _Waiting(arguments, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(question, []).append(waiting)
        self._call_a_lane()
        try:
            return await waiting.answer
        except asyncio.CancelledError:
            waiting.give_up()
            raise

    async def close(self) -> None:
        self._is_closed = True
        lanes = [*self._lanes]
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        self._fail(ConnectionError("closed"))

    def _call_a_lane(self) -> None:
        if self._at_rest:
            self._at_rest.pop().set_result(True)
        elif len(self._quick) < LANES and len(self._lanes) < self._most and not self._is_closed:
            lane = asyncio.create_task(self._serve())
            self._lanes.add(lane)
            self._quick.add(lane)
            lane.add_done_callback(self._leave)

    def _leave(self, lane: _Lane) -> None:
        self._lanes.discard(lane)
        self._step_aside(lane)

    def _step_aside(self, lane: _Lane) -> None:
        """Let another lane take what waits."""
        self._quick.discard(lane)
        if self._waiting:
            self._call_a_lane()

    async def _serve(self) -> None:
        """Until there has been nothing to do for a while, or a statement took long."""
        lane = asyncio.current_task()
        assert lane is not None
        try:
            async with self.registry.engine.connect() as connection:
                raw: Any = await connection.get_raw_connection()
                driver = raw.driver_connection
                while lane in self._quick and not driver.is_closed():
                    if self._waiting:
                        await self._serve_some(driver, lane)
                    elif not await self._rest() and not self._waiting:
                        # Whoever asks from now on must not count on it.
                        self._quick.discard(lane)
                if driver.is_closed():
                    await connection.invalidate()
        except FAULTS as fault:
            self._fail(fault)

    async def _rest(self) -> bool:
        """Whether there was something to do before it was time to go."""
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        self._at_rest.append(woken)
        alarm = loop.call_later(SECONDS_AT_REST, self._wake, woken)
        try:
            is_needed: bool = await woken
        finally:
            alarm.cancel()
            if woken in self._at_rest:
                self._at_rest.remove(woken)
        return is_needed

    def _wake(self, woken: asyncio.Future[bool]) -> None:
        if woken in self._at_rest:
            self._at_rest.remove(woken)
            woken.set_result(False)

    async def _serve_some(self, driver: Any, lane: _Lane) -> None:
        question, taken = self._take()
        if not taken:
            return
        asking = asyncio.ensure_future(_asked(driver, question, taken))
        for each in taken:
            each.together, each.asking = taken, asking
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(SECONDS_UNTIL_SLOW, self._step_aside, lane)
        answers: Sequence[_Answer] = [ConnectionError()] * len(taken)
        try:
            answers = await asking
        except asyncio.CancelledError:
            if not all(each.answer.done() for each in taken):
                raise
        finally:
            alarm.cancel()
            # Told once this lane has asked again: the server need not wait for what they do then.
            loop.call_soon(_tell, taken, answers)

    def _take(self) -> tuple[Question, list[_Waiting]]:
        """Those who have waited longest for the same, but for who has given up."""
        question = next(iter(self._waiting))
        waiting = [each for each in self._waiting.pop(question) if not each.answer.done()]
        most = 1 if question.batched is None else MOST_TOGETHER
        if len(waiting) > most:
            self._waiting[question] = waiting[most:]
        return question, waiting[:most]

    def _fail(self, fault: Exception) -> None:
        """Tell all who wait that nobody will ask for them."""
        waiting, self._waiting = self._waiting, {}
        for each in (each for group in waiting.values() for each in group):
            each.tell(fault)


def _tell(taken: Sequence[_Waiting], answers: Sequence[_Answer]) -> None:
    for each, answer in zip(taken, answers, strict=True):
        each.tell(answer)


async def _asked(driver: Any, question: Question, taken: Sequence[_Waiting]) -> Sequence[_Answer]:
    """For each of those it was taken for, the rows or why there are none."""
    if len(taken) == 1:
        return [await _asked_alone(driver, question, taken[0].arguments)]
    assert question.batched is not None
    columns = zip(*(each.arguments for each in taken), strict=True)
    answers: list[list[Row]] = [[] for _ in taken]
    try:
        rows = await driver.fetch(question.batched, *map(list, columns))
    except UNFIT_VALUES:  # Of one of them, which is no fault of the others.
        return [await _asked_alone(driver, question, each.arguments) for each in taken]
    except FAULTS as fault:
        return [fault] * len(taken)
    for row in rows:
        answers[row[0] - 1].append(row[1:])
    return answers


async def _asked_alone(driver: Any, question: Question, arguments: Sequence[Any]) -> _Answer:
    try:
        rows: Sequence[Row] = await driver.fetch(question.text, *arguments)
    except FAULTS as fault:
        return fault
    return rows
