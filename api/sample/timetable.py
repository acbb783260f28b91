"""A walk through time: many stories told at once, each waiting for its own next instant."""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import count

from services.clock import ManualClock
from services.periods import legal_day, start_of

Story = Coroutine[object, object, None]
Report = Callable[[datetime], None]

OFFICE_OPENS = timedelta(hours=9)
# An hour before the office closes at 17:30, so that what is begun is also finished.
LAST_BEGINNING = timedelta(hours=16, minutes=30)
FIRST_DAY_OF_WEEKEND = 5


@dataclass(slots=True)
class Timetable:
    """Plays stories in the order of their instants, one at a time, up to `end`.

    What a story would do after `end` does not happen: its case is still under way then.
    """

    clock: ManualClock
    end: datetime
    report: Report
    _waiting: list[tuple[datetime, int, asyncio.Future[None]]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _told: list[asyncio.Task[None]] = field(default_factory=list)
    _going_on: int = 0
    _all_wait: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, first: Story) -> None:
        """Tell a story and all that it begins; a fault in one of them ends the walk."""
        try:
            self.begin(first)
            await self._let_them_go_on()
            while self._waiting and self._waiting[0][0] <= self.end:
                instant, _, turn = heapq.heappop(self._waiting)
                self.clock.advance_to(instant)
                self.report(instant)
                self._going_on += 1
                turn.set_result(None)
                await self._let_them_go_on()
        finally:
            for task in self._told:
                task.cancel()
            await asyncio.gather(*self._told, return_exceptions=True)
        self.clock.advance_to(self.end)

    def begin(self, story: Story) -> None:
        """Tell one more story. The first thing it does must be to wait for its turn."""
        self._going_on += 1
        task = asyncio.create_task(story)
        task.add_done_callback(lambda _: self._rest())
        self._told.append(task)

    async def until(self, instant: datetime) -> None:
        """Wait, in a story, for its turn at this instant; at once if that is past."""
        turn = asyncio.get_running_loop().create_future()
        due = max(instant, self.clock.now())
        heapq.heappush(self._waiting, (due, next(self._order), turn))
        self._rest()
        await turn

    def _rest(self) -> None:
        self._going_on -= 1
        if self._going_on == 0:
            self._all_wait.set()

    async def _let_them_go_on(self) -> None:
        """Until every story waits or has ended; raises what one of them has failed with."""
        await self._all_wait.wait()
        self._all_wait.clear()
        for task in self._told:
            if task.done():
                task.result()


def at_work(day: date, *names: str) -> datetime:
    """An instant in the office's hours of a day in Shanghai, the same for the same names."""
    drawn = int.from_bytes(sha256("/".join(names).encode()).digest()[:4])
    open_seconds = int((LAST_BEGINNING - OFFICE_OPENS).total_seconds())
    return start_of(day) + OFFICE_OPENS + timedelta(seconds=drawn % open_seconds)


def working_days_after(instant: datetime, days: int) -> date:
    """The day in Shanghai that many Mondays to Fridays later; public holidays are not known."""
    day = legal_day(instant)
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < FIRST_DAY_OF_WEEKEND
    return day
