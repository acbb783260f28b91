"""What a right reaches, as sets of points: an algebra of its own, to judge the register's by."""

import calendar
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from itertools import product
from typing import Self

SHANGHAI = timezone(timedelta(hours=8))

# Every place and every use the machine speaks of, and one more that nobody names.
PLACES = frozenset({"CN-SH", "CN-BJ", "elsewhere in CN", "US", "elsewhere"})
USES = frozenset({"finance", "health", "anything else"})
IN_CHINA = frozenset({"CN-SH", "CN-BJ", "elsewhere in CN"})


@dataclass(frozen=True, slots=True)
class Extent:
    """A period, half open, and the pairs of place and use that a right reaches in it."""

    begin: datetime
    end: datetime
    points: frozenset[tuple[str, str]]

    def meets(self, other: Self) -> bool:
        """Whether there is an instant, a place and a use in both."""
        together = max(self.begin, other.begin) < min(self.end, other.end)
        return together and not self.points.isdisjoint(other.points)

    def lies_in(self, other: Self) -> bool:
        in_time = other.begin <= self.begin and self.end <= other.end
        return in_time and self.points <= other.points

    def ahead_of(self, now: datetime) -> Self:
        """What is left of it: the past is never licensed."""
        return replace(self, begin=max(self.begin, now))


def extent(begin: datetime, end: datetime, territories, fields_of_use) -> Extent:
    """No territory means everywhere, no field of use means every use."""
    places = frozenset().union(*(_places_in(code) for code in territories)) or PLACES
    uses = frozenset(fields_of_use) or USES
    return Extent(begin, end, frozenset(product(places, uses)))


def _places_in(code: str) -> frozenset[str]:
    return IN_CHINA if code == "CN" else frozenset({code})


def end_of(day: date) -> datetime:
    """The first instant after a day in Shanghai."""
    return datetime.combine(day + timedelta(days=1), time.min, SHANGHAI)


def today(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()


def months_after(instant: datetime, months: int) -> datetime:
    """The end of the corresponding day so many months on, or of that month's last day."""
    day = today(instant)
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return end_of(date(year, month, min(day.day, last)))


def days_after(instant: datetime, days: int) -> datetime:
    """The end of the day so many days after the one of an instant."""
    return end_of(today(instant) + timedelta(days=days))
