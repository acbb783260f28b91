"""Who has the seat does the work; whoever loses it stops, and somebody else goes on."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import pytest

from api.electing import SEATS, Election, FileSeat, PostgresqlSeat
from services.postgresql import libpq_url
from tests.conftest import on_postgresql
from tests.databases import is_sqlite

NUMBER = 7
TAKE_OVER = 1.0  # Seconds.
LONGER_THAN_A_TRY = 0.6


class Diary(asyncio.Queue):
    """What happened, line by line."""

    async def next(self):
        """The next line, which must come about as soon as anybody can take over."""
        return await asyncio.wait_for(self.get(), TAKE_OVER)


@pytest.fixture
def diary():
    return Diary()


@pytest.fixture
def stands(database, tmp_path, diary):
    """One process more that stands for the one seat there is, until it is told to stop."""

    def claim():
        if is_sqlite(database):
            return FileSeat(tmp_path / "register.tester", "tester")
        return PostgresqlSeat(database, "tester", NUMBER)

    @asynccontextmanager
    async def standing(name, work=None):
        async def write_down(over):
            await diary.put(f"{name} begins")
            await over.wait()
            await diary.put(f"{name} ends")

        stop = asyncio.Event()
        task = asyncio.create_task(Election(claim(), [work or write_down])(stop))
        try:
            yield stop
        finally:
            stop.set()
            await task

    return standing


async def test_one_at_a_time_does_the_work(stands, diary):
    async with stands("first"):
        assert await diary.next() == "first begins"
        async with stands("second"):
            await asyncio.sleep(LONGER_THAN_A_TRY)
            assert diary.empty()


async def test_who_stops_gives_up_the_seat_at_once(stands, diary):
    async with stands("first") as stop:
        assert await diary.next() == "first begins"
        async with stands("second"):
            stop.set()
            assert await diary.next() == "first ends"
            assert await diary.next() == "second begins"


async def test_work_in_hand_is_finished_before_somebody_else_begins(stands, diary):
    async def slow(over):
        await diary.put("first begins")
        await over.wait()
        await asyncio.sleep(LONGER_THAN_A_TRY)
        await diary.put("first has finished")

    async with stands("first", slow) as stop:
        assert await diary.next() == "first begins"
        async with stands("second"):
            stop.set()
            assert await diary.next() == "first has finished"
            assert await diary.next() == "second begins"


async def test_who_cannot_do_the_work_leaves_it_to_others(stands, diary):
    async def gives_up(_over):
        await diary.put("the first cannot do it")

    async with stands("first", gives_up):
        assert await diary.next() == "the first cannot do it"
        async with stands("second"):
            assert await diary.next() == "second begins"
            await asyncio.sleep(LONGER_THAN_A_TRY)
            assert diary.empty()


async def test_what_fails_in_the_work_is_logged(stands, diary, caplog):
    async def fails(_over):
        await diary.put("first begins")
        raise ArithmeticError("of its own")

    async with stands("first", fails):
        assert await diary.next() == "first begins"
        async with stands("second"):
            assert await diary.next() == "second begins"
    [record] = caplog.records
    assert (record.getMessage(), str(record.exc_info[1])) == ("fault in the tester", "of its own")


@asynccontextmanager
async def losing_its_connection(database):
    """Whoever has the seat has lost its connection when this begins."""
    seated = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND (classid, objid) = ($1, $2)"
    connection = await asyncpg.connect(libpq_url(database))
    try:
        before = await connection.fetchval(seated, SEATS, NUMBER)
        await connection.execute("SELECT pg_terminate_backend($1)", before)
        yield
        after = await connection.fetchval(seated, SEATS, NUMBER)
        assert after not in {None, before}
    finally:
        await connection.close()


@on_postgresql
async def test_who_loses_its_connection_stops_and_somebody_goes_on(stands, diary, database):
    async with stands("first"):
        assert await diary.next() == "first begins"
        async with stands("second"), losing_its_connection(database):
            # Who has lost it may stand again at once, or be the last to know.
            assert {await diary.next(), await diary.next()} in (
                {"first ends", "first begins"},
                {"first ends", "second begins"},
            )


@on_postgresql
async def test_work_that_goes_on_when_the_seat_is_lost_is_ended(
    stands, diary, database, monkeypatch
):
    monkeypatch.setattr("api.electing.LONGEST_FAREWELL", 0.1)
    rounds = iter(["deaf", "well"])

    async def deaf_at_first(over):
        hearing = next(rounds)
        await diary.put(f"{hearing}, it begins")
        try:
            await (asyncio.Event() if hearing == "deaf" else over).wait()
        except asyncio.CancelledError:
            await diary.put("it was ended")

    async with stands("first", deaf_at_first):
        assert await diary.next() == "deaf, it begins"
        async with losing_its_connection(database):
            assert await diary.next() == "it was ended"
            assert await diary.next() == "well, it begins"


@on_postgresql
async def test_a_pooler_that_changes_sessions_is_found_out(database, caplog):
    seat = PostgresqlSeat(database, "tester", NUMBER)
    assert await seat.take()
    seat._session += 1
    await asyncio.wait_for(seat.lost(), 3 * TAKE_OVER)
    await seat.give_up()
    [record] = caplog.records
    assert record.getMessage().startswith("DATATITLE_SESSION_URL must lead to the database server")


async def test_a_server_that_is_away_is_told_of_once(caplog):
    stop = asyncio.Event()
    seat = PostgresqlSeat("postgresql://127.0.0.1:1/none", "tester", NUMBER)
    task = asyncio.create_task(Election(seat, [])(stop))
    await asyncio.sleep(LONGER_THAN_A_TRY)
    stop.set()
    await task
    [record] = caplog.records
    assert record.getMessage().startswith("nobody can be elected as tester: ConnectionRefusedError")
