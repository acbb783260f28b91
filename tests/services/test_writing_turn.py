"""Whoever decides stands in line, also among processes, and alone carries the log over."""

import asyncio
import fcntl
import os
import sqlite3
import sys
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from services.registry import open_engine
from services.writing_turn import COMMITS_MAX, GROWTH_MAX, PAGES_MAX, database_file, writing_turn
from tests.conftest import on_sqlite

pytestmark = on_sqlite

PAGE = 4096
PATIENCE = 20  # Seconds; nothing here takes one.
HOLDER = """
import asyncio, sys
from services.registry import open_engine
from services.writing_turn import writing_turn

async def hold():
    engine = open_engine(sys.argv[1])
    async with writing_turn(engine):
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
    await engine.dispose()

asyncio.run(hold())
"""
WRITER = """
import asyncio, sys
from ledger.keeping.log import Log
from services.blobs import FolderBlobs
from services.clock import SystemClock
from services.permits import Permits
from services.registry import Registry, open_engine
from tests.services.test_writing_turn import write_pages

async def write():
    registry = Registry(
        open_engine(sys.argv[1]), SystemClock(), Log("x"), FolderBlobs(None), Permits(bytes(32), 0)
    )
    for _ in range(int(sys.argv[2])):
        await write_pages(registry, 40)
    await registry.close()

asyncio.run(write())
"""


@pytest.fixture
def url(database):
    return database


@pytest.fixture
async def rival(url):
    """A second engine on the same file: for file locks, as good as another process."""
    engine = open_engine(url)
    yield engine
    await engine.dispose()


@asynccontextmanager
async def another_process(script, *arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def until(condition):
    """Look again and again: what happens in another thread or process tells no event here."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - as the docstring says.
            await asyncio.sleep(0.001)


def is_taken(engine, which):
    """Whether somebody holds the lock of this name."""
    with Path(f"{database_file(engine)}.{which}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


async def test_who_has_just_decided_stands_in_line_behind_who_waits(registry, rival):
    turns = []

    async def decide_as_the_rival():
        for _ in range(3):
            async with writing_turn(rival):
                turns.append("rival")

    async with registry.deciding():
        waiting = asyncio.create_task(decide_as_the_rival())
        await until(lambda: is_taken(rival, "queue"))
    for _ in range(3):
        async with registry.deciding():
            turns.append("self")
    await waiting

    assert turns[0] == "rival"
    assert sorted(turns) == ["rival"] * 3 + ["self"] * 3


async def test_another_process_is_waited_for_without_standing_still(registry, url):
    ticks = []

    async def decide():
        async with registry.deciding():
            ticks.append("decided")

    async with another_process(HOLDER, url) as process:
        assert await process.stdout.readline() == b"held\n"
        deciding = asyncio.create_task(decide())
        for _ in range(20):
            await asyncio.sleep(0.005)
            ticks.append("tick")
        process.stdin.write(b"\n")
        await deciding

    assert ticks == [*["tick"] * 20, "decided"]


async def test_the_turn_of_a_process_that_is_killed_is_free(registry, url):
    async with another_process(HOLDER, url) as process:
        assert await process.stdout.readline() == b"held\n"
        process.kill()
        async with asyncio.timeout(PATIENCE), registry.deciding() as tx:
            assert tx.now == registry.clock.now()


async def test_who_gives_up_waiting_passes_the_turn_on(registry, rival):
    async def decide():
        async with writing_turn(rival):
            raise AssertionError("the turn was given up")

    async with registry.deciding():
        waiting = asyncio.create_task(decide())
        await until(lambda: is_taken(rival, "queue"))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    for engine in (rival, registry.engine, rival):
        async with asyncio.timeout(PATIENCE), writing_turn(engine):
            assert is_taken(engine, "lock")
    await until(lambda: not is_taken(rival, "lock") and not is_taken(rival, "queue"))


async def test_a_database_in_memory_has_no_line():
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    async with writing_turn(engine), writing_turn(engine):
        assert database_file(engine) is None
    await engine.dispose()


async def write_pages(registry, pages):
    """A transaction that fills so many pages of the database with noise."""
    async with registry.deciding() as tx:
        connection = tx.connection
        await connection.execute(sa.text("CREATE TABLE IF NOT EXISTS noise (data BLOB)"))
        await connection.execute(
            sa.text(f"INSERT INTO noise VALUES (randomblob({pages * (PAGE - 100)}))")
        )


def size_of_log(registry):
    return Path(f"{database_file(registry.engine)}-wal").stat().st_size


async def test_no_connection_carries_the_log_over_by_itself(registry):
    async with registry.reading() as reading, registry.deciding() as deciding:
        for tx in (reading, deciding):
            pragma = await tx.connection.execute(sa.text("PRAGMA wal_autocheckpoint"))
            assert pragma.scalar_one() == 0


async def test_a_long_log_is_carried_over_at_once_and_written_over(registry):
    pages = 2 * GROWTH_MAX // PAGE
    for _ in range(3):
        await write_pages(registry, pages)

    # Else each had been added to the one before.
    assert size_of_log(registry) < 1.1 * pages * PAGE


async def test_a_log_of_many_commits_is_carried_over_and_written_over(registry):
    for _ in range(5 * COMMITS_MAX):
        await write_pages(registry, 10)

    # Else it had grown to 3,000 pages and more.
    assert size_of_log(registry) < 2 * PAGES_MAX * PAGE


async def test_what_a_reader_still_sees_is_carried_over_later(registry):
    await write_pages(registry, 100)
    async with registry.reading() as tx:
        seen = sa.text("SELECT count(*) FROM noise")
        assert (await tx.connection.execute(seen)).scalar_one() == 1
        for _ in range(30):
            await write_pages(registry, 100)
        assert (await tx.connection.execute(seen)).scalar_one() == 1
        grown = size_of_log(registry)
    for _ in range(30):
        await write_pages(registry, 100)

    assert grown > 3_000 * PAGE
    assert size_of_log(registry) < grown + GROWTH_MAX + 200 * PAGE


async def test_two_processes_write_and_carry_over_in_turn(registry, url):
    async with another_process(WRITER, url, "100") as process:
        while process.returncode is None:
            await write_pages(registry, 40)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 0.001)
        assert process.returncode == 0
    written = registry.engine.url.database
    await registry.close()
    with closing(sqlite3.connect(written)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (count,) = database.execute("SELECT count(*) FROM noise").fetchone()
        assert count > 100


async def test_who_leaves_last_but_one_leaves_the_log_to_who_stays(registry):
    await write_pages(registry, 2)
    beside = [Path(f"{database_file(registry.engine)}{end}") for end in ("-wal", "-shm")]
    before = [path.stat().st_ino for path in beside]
    guest = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM parties')"
    await (
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", guest, registry.engine.url.database
        )
    ).wait()
    await write_pages(registry, 2)

    assert [path.stat().st_ino for path in beside] == before
