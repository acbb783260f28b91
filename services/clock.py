"""The only place that asks the time."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the one place.


class ManualClock:
    """A clock that stands still until somebody moves it forward."""

    def __init__(self, start: datetime) -> None:
        assert start.tzinfo is UTC, start
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        assert by > timedelta(0), by
        self._now += by

    def advance_to(self, instant: datetime) -> None:
        assert instant.tzinfo is UTC, instant
        assert instant >= self._now, (instant, self._now)
        self._now = instant
