"""Legal days: periods are counted in whole days of Asia/Shanghai and are half open."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONTHS_IN_A_YEAR = 12


def legal_day(instant: datetime) -> date:
    """The day in Shanghai on which an instant falls."""
    return instant.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """The first instant of a day in Shanghai, in UTC."""
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The first instant after a day in Shanghai: a period that lasts through `day` ends here."""
    return start_of(day + timedelta(days=1))


def after_days(begin: datetime, days: int) -> datetime:
    """The end of a period of whole days. The day it begins on is not counted (Civil Code 201)."""
    return end_of(legal_day(begin) + timedelta(days=days))


def after_months(begin: datetime, months: int) -> datetime:
    """The end of a period of months: through the corresponding day, else the month's last day.

    Source: Civil Code Art. 201 and 202.
    """
    return end_of(corresponding_day(legal_day(begin), months))


def corresponding_day(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, MONTHS_IN_A_YEAR)
    year, month = day.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(day.day, last))


def whole_months_cover(begin: datetime, end: datetime, months: int) -> bool:
    """Whether `[begin, end)` is no longer than `months` months."""
    return end <= after_months(begin, months)
