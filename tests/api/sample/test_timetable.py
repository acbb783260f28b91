"""A walk through time: stories take their turns in the order of their instants."""

from datetime import UTC, date, datetime, timedelta

import pytest

from api.sample.timetable import Timetable, at_work, working_days_after
from services.clock import ManualClock
from services.periods import SHANGHAI, legal_day

MONDAY = datetime(2026, 1, 5, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def heard():
    return []


@pytest.fixture
def timetable(heard):
    return Timetable(ManualClock(MONDAY), MONDAY + 10 * DAY, heard.append)


async def test_stories_take_turns_in_the_order_of_their_instants(timetable, heard):
    done = []

    async def story(name, *days):
        for day in days:
            await timetable.until(MONDAY + day * DAY)
            done.append((name, timetable.clock.now()))

    async def everything():
        timetable.begin(story("a", 1, 4))
        timetable.begin(story("b", 2, 3))

    await timetable.play(everything())

    order = [("a", 1), ("b", 2), ("b", 3), ("a", 4)]
    assert done == [(name, MONDAY + day * DAY) for name, day in order]
    assert heard == [MONDAY + day * DAY for _, day in order]


async def test_what_would_come_after_the_end_does_not_happen(timetable):
    done = []

    async def story():
        for day in (9, 10, 11):
            await timetable.until(MONDAY + day * DAY)
            done.append(day)

    await timetable.play(story())

    assert done == [9, 10]
    assert timetable.clock.now() == timetable.end


async def test_an_instant_that_is_past_is_now(timetable):
    async def story():
        await timetable.until(MONDAY + 2 * DAY)
        await timetable.until(MONDAY)
        assert timetable.clock.now() == MONDAY + 2 * DAY

    await timetable.play(story())


async def test_a_fault_in_one_story_ends_the_walk(timetable):
    done = []

    async def faulty():
        await timetable.until(MONDAY + DAY)
        raise LookupError("a story went wrong")

    async def everything():
        timetable.begin(faulty())
        await timetable.until(MONDAY + 2 * DAY)
        done.append("went on")

    with pytest.raises(LookupError, match="a story went wrong"):
        await timetable.play(everything())
    assert done == []


@pytest.mark.parametrize("name", ["RC001", "SC013", "x", ""])
def test_work_is_done_in_office_hours_in_shanghai_and_always_at_the_same_time(name):
    instant = at_work(date(2026, 7, 1), name, "draft")

    local = instant.astimezone(SHANGHAI)
    assert local.date() == date(2026, 7, 1)
    assert (9, 0) <= (local.hour, local.minute) < (16, 30)
    assert instant == at_work(date(2026, 7, 1), name, "draft")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, date(2026, 1, 8)),
        (1, date(2026, 1, 9)),
        (2, date(2026, 1, 12)),
        (6, date(2026, 1, 16)),
        (7, date(2026, 1, 19)),
    ],
)
def test_weekends_do_not_count_as_working_days(days, expected):
    thursday = MONDAY + 3 * DAY
    assert legal_day(thursday) == date(2026, 1, 8)
    assert working_days_after(thursday, days) == expected
