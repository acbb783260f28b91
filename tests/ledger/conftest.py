"""Published vectors, and a log of its own in a real database for each test."""

import asyncio
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.formats.keys import Algorithm
from ledger.keeping import store
from ledger.keeping.log import Log
from ledger.signing.key_file import create_secret
from services import postgresql
from tests.databases import is_sqlite
from tests.ledger.growing import ORIGIN, grow_log

WORDS_ON_POSTGRESQL = (
    "CREATE DOMAIN blob AS bytea",
    (
        "CREATE FUNCTION zeroblob(size bigint) RETURNS bytea LANGUAGE sql IMMUTABLE"
        " AS $$ SELECT decode(repeat('00', size::integer), 'hex') $$"
    ),
)


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
def templates(databases, tmp_path_factory, signer):
    """Two databases to be copied: an empty log, and one of ten events signed at 3, 7 and 10."""
    folder = tmp_path_factory.mktemp("templates")
    addresses = {name: databases.create(folder) for name in ("empty", "grown")}

    async def fill():
        for name, address in addresses.items():
            engine = open_engine(address)
            async with engine.begin() as connection:
                await connection.run_sync(store.metadata.create_all)
                await teach_words(connection)
            if name == "grown":
                await grow_log(engine, Log(ORIGIN), signer, sizes=(3, 7, 10))
            await engine.dispose()

    asyncio.run(fill())
    yield addresses
    for address in addresses.values():
        databases.drop(address)


async def teach_words(connection):
    """Let PostgreSQL, too, understand how SQLite calls zero bytes."""
    if connection.dialect.name == "postgresql":
        for word in WORDS_ON_POSTGRESQL:
            await connection.exec_driver_sql(word)


@pytest.fixture
def database(databases, tmp_path, templates, request):
    """The address of a log of its own, which is empty unless the test asks for `grown`."""
    name = "grown" if "grown" in request.fixturenames else "empty"
    address = databases.copy(templates[name], tmp_path)
    yield address
    databases.drop(address)


@pytest.fixture
async def engine(database):
    engine = open_engine(database)
    yield engine
    await engine.dispose()


@pytest.fixture
async def grown(database):
    """The engine of a log that has ten events on three subjects in turn."""
    engine = open_engine(database)
    yield engine
    await engine.dispose()


def open_engine(address):
    if not is_sqlite(address):
        return postgresql.open_engine(address)
    engine = create_async_engine(address)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(dbapi_connection, _record):
        dbapi_connection.isolation_level = None
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "busy_timeout=5000"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
