"""A register with one of everything, made once and copied for each test, behind its real door."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from api.opening import open_app
from api.settings import read_settings
from ledger.keeping.log import Log
from services.blobs import FolderBlobs
from services.clock import ManualClock
from services.permits import Permits
from services.registry import Registry, open_engine
from tests.conftest import PERMIT_SECRET, START, UPLOAD_LIMIT
from tests.founding import ORIGIN, create_tables
from tests.scenarios.malformed.world import World, people


@pytest.fixture(scope="session")
def peopled(tmp_path_factory):
    """The database file with the cast on it, the cast, and the instant at which it was ready."""
    folder = tmp_path_factory.mktemp("peopled")
    create_tables(folder / "register.db")
    clock = ManualClock(START)
    cast = asyncio.run(_people(folder, clock))
    return folder / "register.db", cast, clock.now()


async def _people(folder: Path, clock: ManualClock):
    registry = Registry(
        engine=open_engine(f"sqlite+aiosqlite:///{folder / 'register.db'}"),
        clock=clock,
        log=Log(ORIGIN),
        blobs=FolderBlobs(folder / "documents"),
        permits=Permits(PERMIT_SECRET, UPLOAD_LIMIT),
    )
    try:
        return await people(registry)
    finally:
        await registry.close()


@pytest.fixture
def clock(peopled):
    _, _, ready_at = peopled
    return ManualClock(ready_at + timedelta(seconds=1))


@pytest.fixture
def empty_database(peopled):
    """What the register of a test is a copy of."""
    path, _, _ = peopled
    return path


@pytest.fixture
async def world(registry, peopled, tmp_path, caplog):
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
            folder=tmp_path,
            log=caplog,
        )
