"""The log that is inspected: built once, and copied for whoever changes it."""

import asyncio
import shutil

import pytest

from ledger.keeping import store
from tests.databases import SQLITE
from tests.ledger.conftest import open_engine
from tests.ledger.inspecting.changing import Bench
from tests.ledger.inspecting.inspected_log import build, database_in


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A folder with the log, to be copied."""
    folder = tmp_path_factory.mktemp("built")

    async def fill():
        engine = open_engine(f"{SQLITE}{database_in(folder)}")
        async with engine.begin() as connection:
            await connection.run_sync(store.metadata.create_all)
        await build(engine, folder)
        await engine.dispose()

    asyncio.run(fill())
    return folder


@pytest.fixture
def folder(built, tmp_path):
    """A copy of the log, to be changed."""
    return shutil.copytree(built, tmp_path / "log")


@pytest.fixture
def bench(folder):
    """A copy of the log in which changes are undone again."""
    bench = Bench(folder)
    yield bench
    bench.close()
