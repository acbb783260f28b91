"""Hearing of the ledger's growth from the server, again and again, whatever happens to it."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import asyncpg
import pytest

import services.listening
from services.listening import listen
from services.registry import open_engine
from tests.conftest import on_postgresql
from tests.ledger_counts import put_in_order

pytestmark = on_postgresql
SECONDS = 15


@asynccontextmanager
async def listener(address):
    """What is heard: True for each nudge."""
    heard = asyncio.Queue()
    task = asyncio.create_task(listen(address, lambda: heard.put_nowait(True)))
    try:
        async with asyncio.timeout(SECONDS):
            yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def connected(address):
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


async def listeners(connection):
    query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'datatitle listener'"
    query += " AND datname = current_database()"
    return {row["pid"] for row in await connection.fetch(query)}


async def test_whoever_listens_looks_at_once_and_then_whenever_it_is_told(database):
    async with connected(database) as rival, listener(database) as heard:
        assert await heard.get()
        for size in range(3):
            await rival.execute(f"NOTIFY datatitle_log, '{size}'")
            assert await heard.get()
        await rival.execute("NOTIFY another_channel")
        await asyncio.sleep(0.1)
        assert heard.empty()


async def test_a_connection_that_is_cut_is_made_anew_and_looks_again(database, monkeypatch):
    monkeypatch.setattr(services.listening, "BEFORE_CONNECTING_ANEW", 0.05)
    async with connected(database) as rival, listener(database) as heard:
        await heard.get()
        (first,) = await listeners(rival)
        await rival.execute("SELECT pg_terminate_backend($1)", first)
        assert await heard.get()
        (second,) = await listeners(rival)
        assert second != first
        await rival.execute("NOTIFY datatitle_log")
        assert await heard.get()
    async with connected(database) as rival:
        await asyncio.sleep(0.2)
        assert await listeners(rival) == set()


async def test_a_quiet_connection_is_asked_whether_it_lives(database, monkeypatch):
    monkeypatch.setattr(services.listening, "BETWEEN_QUESTIONS", 0.05)
    async with connected(database) as rival, listener(database) as heard:
        await heard.get()
        await asyncio.sleep(0.3)
        query = "SELECT query FROM pg_stat_activity WHERE application_name = 'datatitle listener'"
        query += " AND datname = current_database()"
        assert await rival.fetchval(query) == "SELECT 1"
        await rival.execute("NOTIFY datatitle_log")
        assert await heard.get()


async def test_a_server_that_is_away_is_spoken_of_once(monkeypatch, caplog):
    monkeypatch.setattr(services.listening, "BEFORE_CONNECTING_ANEW", 0.02)
    async with listener("postgresql://nobody@127.0.0.1:1/nothing") as heard:
        await asyncio.sleep(0.3)
        assert heard.empty()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.usefixtures("certificate")
async def test_what_another_process_puts_in_order_is_heard_of(registry, database):
    rival = replace(registry, engine=open_engine(database))
    async with listener(database) as heard:
        await heard.get()
        await put_in_order(rival)
        assert await heard.get()
    await rival.close()
