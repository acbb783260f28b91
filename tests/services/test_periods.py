"""Legal days: counted in Shanghai, never the first one, half open."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.periods import (
    after_days,
    after_months,
    corresponding_day,
    end_of,
    legal_day,
    start_of,
    whole_months_cover,
)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-01-04T15:59:59.999999+00:00", date(2026, 1, 4)),
        ("2026-01-04T16:00:00+00:00", date(2026, 1, 5)),
        ("2026-01-05T00:00:00+08:00", date(2026, 1, 5)),
    ],
)
def test_a_legal_day_begins_at_midnight_in_shanghai(instant, day):
    assert legal_day(datetime.fromisoformat(instant)) == day


def test_a_day_ends_where_the_next_begins():
    assert end_of(date(2026, 2, 28)) == start_of(date(2026, 3, 1))
    assert start_of(date(2026, 3, 1)) == datetime(2026, 2, 28, 16, tzinfo=UTC)


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_fifteen_days_do_not_count_the_day_they_begin_on(hour):
    begin = start_of(date(2026, 1, 5)) + timedelta(hours=hour)
    assert after_days(begin, 15) == start_of(date(2026, 1, 21))


@pytest.mark.parametrize(
    ("day", "months", "corresponding"),
    [
        (date(2024, 12, 24), 36, date(2027, 12, 24)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_last_of_the_month(day, months, corresponding):
    assert corresponding_day(day, months) == corresponding
    assert after_months(start_of(day), months) == end_of(corresponding)


def test_a_year_to_the_day_is_covered_by_twelve_months_and_a_moment_more_is_not():
    begin = start_of(date(2026, 1, 5))
    last = end_of(date(2027, 1, 5))
    assert whole_months_cover(begin, last, 12)
    assert not whole_months_cover(begin, last + timedelta(microseconds=1), 12)
