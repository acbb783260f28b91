"""A register with one of everything, made once and copied for each test, behind its real door."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from api.opening import open_app
from api.settings import read_settings
from services.clock import ManualClock
from tests.conftest import START
from tests.databases import trace_of
from tests.founding import create_tables, registry_on
from tests.scenarios.malformed.world import World, people


@pytest.fixture(scope="session")
def peopled(databases, tmp_path_factory):
    """The address of a database with the cast on it, the cast, and when it was ready."""
    folder = tmp_path_factory.mktemp("peopled")
    address = databases.create(folder)
    clock = ManualClock(START)
    yield address, asyncio.run(_people(address, folder, clock)), clock.now()
    databases.drop(address)


async def _people(address: str, folder: Path, clock: ManualClock):
    await create_tables(address)
    registry = registry_on(address, folder, clock)
    try:
        return await people(registry)
    finally:
        await registry.close()


@pytest.fixture
def clock(peopled):
    _, _, ready_at = peopled
    return ManualClock(ready_at + timedelta(seconds=1))


@pytest.fixture(scope="session")
def unchanged(databases):
    """Copies in which tests have left no trace, which is what most of them are about."""
    copies = []
    yield copies
    for address in copies:
        databases.drop(address)


@pytest.fixture
def database(databases, peopled, unchanged, tmp_path_factory):
    """The address of a database that nobody has written to since it was peopled."""
    template, _, _ = peopled
    if not unchanged:
        unchanged.append(databases.copy(template, tmp_path_factory.mktemp("copy")))
    address = unchanged.pop()
    before = trace_of(address)
    yield address
    if trace_of(address) == before:
        unchanged.append(address)
    else:
        databases.drop(address)


@pytest.fixture
async def world(registry, database, peopled, tmp_path, caplog):
    settings = read_settings({"DATATITLE_DATA": str(tmp_path)})
    app = open_app(settings, registry)
    _, cast, _ = peopled
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield World(
            cast=cast,
            settings=settings,
            registry=registry,
            app=app,
            client=client,
            database=database,
            folder=tmp_path,
            log=caplog,
        )
