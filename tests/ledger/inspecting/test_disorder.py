"""Events of several subjects may come into the log a little out of order; those of one may not."""

from datetime import timedelta

import pytest

from ledger.inspecting.openings import ENTRIES_AT_A_TIME, PLACE
from ledger.keeping.append import NewEvent, append_events
from ledger.keeping.sequencing import sequence
from tests.databases import is_sqlite
from tests.ledger.growing import START
from tests.ledger.inspecting.by_hand import HandLog
from tests.ledger.tampering import tamper

MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
LATER = "it is older than an entry before, by more than a minute"
BEFORE_ITSELF = "it is older than the event before of its subject"


@pytest.fixture
def log(engine, tmp_path, database):
    """Where the clock may be set back: what is recorded does not remember when."""
    return BackInTime(engine, tmp_path, database)


class BackInTime(HandLog):
    def __init__(self, engine, folder, database):
        super().__init__(engine, folder)
        self.database = database

    async def happened(self, *events):
        """Each is a subject, and how long after the start its event was."""
        for subject, after in events:
            async with self.engine.begin() as connection:
                event = NewEvent(subject, "something-happened", START + after, {}, {})
                await append_events(connection, [event])
                await sequence(connection)
            self.forget(subject)

    def forget(self, subject):
        tamper(self.database, f"UPDATE ledger_subject SET last_at = 0 WHERE subject = '{subject}'")
        if is_sqlite(self.database):
            tamper(self.database, "UPDATE ledger_head SET last_at = 0")

    async def problems(self):
        """But for the instants that were forgotten above."""
        return [each for each in await self.findings() if each[1] == PLACE]


async def test_a_minute_of_disorder_between_subjects_is_no_damage(log):
    await log.happened(("a", MINUTE), ("b", timedelta()), ("c", MINUTE))

    assert await log.problems() == []


async def test_more_than_a_minute_is_found(log):
    await log.happened(("a", MINUTE), ("b", -MICROSECOND), ("c", 2 * MINUTE), ("d", 2 * MINUTE))

    assert await log.problems() == [(1, PLACE, LATER)]


async def test_a_subject_is_never_back_in_time_not_even_by_a_microsecond(log):
    await log.happened(("a", MINUTE), ("b", MINUTE), ("a", MINUTE - MICROSECOND))

    assert await log.problems() == [(2, PLACE, BEFORE_ITSELF)]


async def test_disorder_is_measured_from_the_latest_that_came_before(log):
    """Not from the one just before, which may be late itself."""
    steps = [timedelta(seconds=seconds) for seconds in (90, 60, 31, 29)]
    await log.happened(*zip("abcd", steps, strict=True))

    assert await log.problems() == [(3, PLACE, LATER)]


async def test_a_subject_is_followed_from_one_stretch_to_the_next(log):
    """What the stretch before has read is not known any more where the next one begins."""
    async with log.engine.begin() as connection:
        many = [
            NewEvent(f"s{number}", "something-happened", START + 2 * MINUTE, {}, {})
            for number in range(ENTRIES_AT_A_TIME)
        ]
        await append_events(connection, many)
        await sequence(connection)
    log.forget("s5")
    await log.happened(("s5", 2 * MINUTE - MICROSECOND))

    assert await log.problems() == [(ENTRIES_AT_A_TIME, PLACE, BEFORE_ITSELF)]
