"""Published vectors, and a log of its own in a real SQLite file for each test."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.formats.keys import Algorithm
from ledger.keeping import store
from ledger.keeping.log import Log
from ledger.signing.key_file import create_secret
from tests.ledger.growing import ORIGIN, grow_log


@pytest.fixture(scope="session")
def vectors():
    return json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))


@pytest.fixture
def log():
    return Log(ORIGIN)


@pytest.fixture(scope="session")
def signer(tmp_path_factory):
    return create_secret(tmp_path_factory.mktemp("key") / "log.key", ORIGIN, Algorithm.ED25519)


@pytest.fixture(scope="session")
def vkey(signer):
    return signer.verifying_key.vkey()


@pytest.fixture(scope="session")
def templates(tmp_path_factory, signer):
    """Two databases to be copied: an empty log, and one of ten events signed at 3, 7 and 10."""
    folder = tmp_path_factory.mktemp("templates")

    async def fill():
        for name in ("empty", "grown"):
            engine = open_engine(folder / name)
            async with engine.begin() as connection:
                await connection.run_sync(store.metadata.create_all)
            if name == "grown":
                await grow_log(engine, Log(ORIGIN), signer, sizes=(3, 7, 10))
            await engine.dispose()

    asyncio.run(fill())
    return folder


@pytest.fixture
def database(tmp_path, templates):
    return Path(shutil.copy(templates / "empty", tmp_path / "ledger.db"))


@pytest.fixture
async def engine(database):
    engine = open_engine(database)
    yield engine
    await engine.dispose()


@pytest.fixture
async def grown(database, templates):
    """The engine of a log that has ten events on three subjects in turn."""
    shutil.copy(templates / "grown", database)
    engine = open_engine(database)
    yield engine
    await engine.dispose()


def open_engine(path):
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(dbapi_connection, _record):
        dbapi_connection.isolation_level = None
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "busy_timeout=5000"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
