"""`datatitle migrate` on either kind of database, and servers that do not start before it."""

import asyncio
import re

import pytest
from alembic import command

from services.migrations import configuration
from services.registry import open_engine
from tests.conftest import on_postgresql
from tests.databases import is_sqlite

HEAD = "The database is up to date"


@pytest.fixture
def unmade(databases, tmp_path):
    """The settings of an installation whose database holds nothing."""
    address = databases.create(tmp_path)
    yield {} if is_sqlite(address) else {"DATATITLE_DATABASE_URL": address}
    databases.drop(address)


def take_back_a_step(address):
    async def take_back():
        engine = open_engine(address)
        async with engine.connect() as connection:
            await connection.execution_options(decides=True)
            async with connection.begin():
                await connection.run_sync(lambda sync: command.downgrade(configuration(sync), "-1"))
        await engine.dispose()

    asyncio.run(take_back())


def test_it_leads_from_nothing_to_the_present_tables_and_says_what_it_did(datatitle, unmade):
    migrated = datatitle("migrate", **unmade)
    *steps, last = migrated.stdout.splitlines()
    assert (migrated.exit_code, last) == (0, f"{HEAD} now.")
    assert steps[0] == "taken  v0_1: the register."
    assert all(re.fullmatch(r"taken  [0-9]{4}: .+\.", step) for step in steps[1:])

    again = datatitle("migrate", **unmade)
    assert (again.exit_code, again.stdout) == (0, f"{HEAD}.\n")
    assert datatitle("migrate", "--check", **unmade).exit_code == 0


def test_a_check_changes_nothing_and_fails_when_steps_are_missing(datatitle, unmade, data):
    datatitle("migrate", **unmade)
    address = unmade.get("DATATITLE_DATABASE_URL", f"sqlite+aiosqlite:///{data}/register.sqlite3")
    take_back_a_step(address)
    for _ in range(2):
        checked = datatitle("migrate", "--check", **unmade)
        assert checked.exit_code == 1
        assert re.fullmatch(r"missing  [0-9]{4}: .+\.\n", checked.stdout)


def test_a_check_of_no_register_makes_none(datatitle, data):
    checked = datatitle("migrate", "--check")
    assert (checked.exit_code, checked.stderr) == (
        1,
        f"datatitle: there is no register in {data}\n",
    )
    assert not data.exists()


@on_postgresql
def test_a_server_does_not_start_on_a_database_that_is_behind(datatitle, unmade):
    for _ in range(2):
        with pytest.raises(OSError, match=r"^the database is (a|\d+) steps? behind this version: "):
            datatitle("serve", "--port", "0", **unmade)
        datatitle("migrate", **unmade)
        take_back_a_step(unmade["DATATITLE_DATABASE_URL"])
