"""What every test may ask for: a clock that stands still, and a register of its own."""

import asyncio
import shutil
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from api.sample.folder import make_sample_folder
from api.settings import read_settings
from ledger.keeping.log import Log
from services.actors import Role
from services.blobs import FolderBlobs
from services.clock import ManualClock
from services.permits import Permits
from services.registry import Registry, open_engine
from tests.founding import ORIGIN, create_tables, enter_party, open_office
from tests.titles import certify

# The same examples on every machine, however slow it is: a test that failed once fails again.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)  # A Monday, ten in the morning in Shanghai.
PERMIT_SECRET = bytes(range(32))
UPLOAD_LIMIT = 64 * 1024  # Bytes; small, so that too much is soon said.


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=20, help="How often kill -9 ends the server.")


@pytest.fixture
def kills(request):
    return request.config.getoption("kills")


@pytest.fixture
def clock():
    return ManualClock(START)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """One SQLite file with every table and nothing in it, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "register.db"
    create_tables(path)
    return path


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory):
    """A data folder with the sample register, loaded once. Copy it before changing anything."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    settings = read_settings({"DATATITLE_DATA": str(folder)})
    asyncio.run(make_sample_folder(settings, lambda _: None))
    return folder


@pytest.fixture
async def registry(tmp_path, clock, empty_database):
    path = tmp_path / "register.db"
    shutil.copy(empty_database, path)
    registry = Registry(
        engine=open_engine(f"sqlite+aiosqlite:///{path}"),
        clock=clock,
        log=Log(ORIGIN),
        blobs=FolderBlobs(tmp_path / "documents"),
        permits=Permits(PERMIT_SECRET, UPLOAD_LIMIT),
    )
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
