"""What every test may ask for: a clock that stands still, and a register of its own."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from services.actors import Role
from services.clock import ManualClock
from tests.databases import PostgresqlServer, SqliteFiles
from tests.founding import create_tables, enter_party, open_office, registry_on
from tests.installation import sample_of_run
from tests.postgres import begin_run, end_run, server_of_run
from tests.titles import certify

# The same examples on every machine, however slow it is: a test that failed once fails again.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)  # A Monday, ten in the morning in Shanghai.
RUN = pytest.StashKey()

# Tests of a database are run on every kind, but for what only one of them is or does.
KINDS = ("sqlite", "postgresql")
on_sqlite, on_postgresql = (pytest.mark.on(kind) for kind in KINDS)


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=20, help="How often kill -9 ends the server.")


def pytest_configure(config):
    config.addinivalue_line("markers", "on(kind): only on this kind of database")
    config.stash[RUN] = begin_run()


def pytest_unconfigure(config):
    end_run(config.stash[RUN])


def pytest_generate_tests(metafunc):
    if "databases" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("on")
        kinds = only.args if only else KINDS
        metafunc.parametrize("databases", kinds, indirect=True, scope="session")


@pytest.fixture
def kills(request):
    return request.config.getoption("kills")


@pytest.fixture
def clock():
    return ManualClock(START)


@pytest.fixture(scope="session")
def databases(request):
    """Where databases are made: every test of one is run on both kinds."""
    return SqliteFiles() if request.param == "sqlite" else PostgresqlServer(server_of_run())


@pytest.fixture(scope="session")
def empty_database(databases, tmp_path_factory):
    """The address of a database with every table and nothing in it, copied for each test."""
    address = databases.create(tmp_path_factory.mktemp("template"))
    asyncio.run(create_tables(address))
    yield address
    databases.drop(address)


@pytest.fixture
def database(databases, empty_database, tmp_path):
    """The address of the database of one test."""
    address = databases.copy(empty_database, tmp_path)
    yield address
    databases.drop(address)


@pytest.fixture(scope="session")
def sample_register(databases):
    """An installation with the sample register. Copy it before changing anything."""
    return sample_of_run(databases)


@pytest.fixture(scope="session")
def sample_folder():
    """The same, as a data folder that is all there is."""
    return sample_of_run(SqliteFiles()).data


@pytest.fixture
async def registry(tmp_path, clock, database):
    registry = registry_on(database, tmp_path, clock)
    yield registry
    await registry.close()


@pytest.fixture
async def office(registry):
    """The registrar and examiner of the office, who founded the register."""
    return await open_office(registry)


@pytest.fixture
async def holder(registry, office):
    """A registrant: applicant first, holder later, pledgor perhaps."""
    return await enter_party(registry, office, "样例数据公司", Role.REGISTRANT)


@pytest.fixture
async def stranger(registry, office):
    """A registrant who has nothing to do with the case."""
    return await enter_party(registry, office, "样例路人公司", Role.REGISTRANT)


@pytest.fixture
async def exchange(registry, office):
    return await enter_party(registry, office, "样例数据交易所", Role.EXCHANGE)


@pytest.fixture
async def licensee(registry, office):
    return await enter_party(registry, office, "样例被许可公司", Role.LICENSEE)


@pytest.fixture
async def bank(registry, office):
    return await enter_party(registry, office, "样例银行", Role.LENDER)


@pytest.fixture
async def rival_bank(registry, office):
    return await enter_party(registry, office, "样例对手银行", Role.LENDER)


@pytest.fixture
async def certificate(registry, office, holder):
    """A certificate in force, held by `holder`."""
    return await certify(registry, office, holder)
