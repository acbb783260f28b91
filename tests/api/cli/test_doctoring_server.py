"""What the doctor says of a database server under a register."""

from datetime import UTC, datetime, timedelta

import pytest

from api.checkup.checks import Level
from api.checkup.server import (
    PROMISES,
    check_clocks,
    check_connections,
    check_outbox,
    check_server,
)
from api.checkup.visit import visiting
from services.clock import ManualClock, SystemClock
from tests.api.cli.registers import settings_of
from tests.conftest import on_postgresql
from tests.ledger.tampering import rows, tamper

pytestmark = on_postgresql

LATER = datetime(2099, 1, 1, tzinfo=UTC)


async def visited(sample, now, check):
    async with visiting(settings_of(sample), ManualClock(now)) as visit, visit.connection.begin():
        return [(each.level, each.found) for each in await check(visit)]


async def test_a_server_that_promises_less_than_the_register_does(sample, database):
    """The server of the tests is to be fast, and nothing in it is to survive."""
    found = dict.fromkeys(await visited(sample, LATER, check_server))

    assert {level for level, _ in found} == {Level.FAULT}
    assert [sentence.split()[0] for _, sentence in found] == [
        name for name in PROMISES if rows(database, f"SHOW {name}") == [("off",)]
    ]
    assert "fsync is off: a power cut can destroy the database." in {each for _, each in found}


async def test_more_connections_than_the_server_has(sample, database):
    ((most,),) = rows(database, "SELECT current_setting('max_connections')::int")
    changes = {"DATATITLE_WORKERS": "2", "DATATITLE_CONNECTIONS": str(most // 2)}
    for chosen, level in (({}, Level.OK), (changes, Level.WARNING)):
        settings = settings_of(sample, **chosen)
        async with visiting(settings, ManualClock(LATER)) as visit:
            [check] = await check_connections(visit)
        assert check.level == level


@pytest.mark.parametrize(
    ("apart", "level"),
    [(0, Level.OK), (20, Level.WARNING), (-20, Level.WARNING), (90, Level.FAULT)],
)
async def test_a_server_with_another_clock(sample, apart, level):
    clock = ManualClock(SystemClock().now() + timedelta(seconds=apart))
    async with visiting(settings_of(sample), clock) as visit:
        [check] = await check_clocks(visit)

    assert check.level == level


async def test_events_that_wait_for_long(sample, database):
    assert await visited(sample, LATER, check_outbox) == [
        (Level.OK, "No event waits for its place in the log.")
    ]
    last = "(SELECT max(idx) FROM ledger_entry WHERE kind = 'event')"
    tamper(database, f"UPDATE ledger_entry SET idx = NULL, chain = NULL WHERE idx = {last}")

    [(level, found)] = await visited(sample, LATER, check_outbox)
    assert (level, found[:28]) == (Level.WARNING, "1 events wait for their plac")
