"""The steps lead to the very tables the code speaks of, triggers included, and are taken once."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from services.actors import OFFICE_ROLES, Actor, Role
from services.clock import ManualClock
from services.migrations import OtherVersionError, bring_up_to_date, configuration
from services.parties.actions import admit_member
from services.parties.model import MemberTerms
from services.registry import open_engine
from tests.conftest import START, on_sqlite
from tests.databases import PostgresqlServer, SqliteFiles, file_of, is_sqlite, rows
from tests.founding import a_key, registry_on
from tests.ledger_counts import kinds_on
from tests.postgres import server_of_run
from tests.services.schemas import collations_of, outline_of, schema_of

# What the first version wrote: an office, and a bank with one member.
ROWS = Path(__file__).parent / "register_of_0_1.sql"
OFFICE, BANK = "party_c4d0c468ead74b1f860f154f733b9911", "party_3dc7e04274fa4793867787e177f722c2"
FOUNDED_AT, ADMITTED_AT = 1767578400000000, 1767582000123456
DAY = 24 * 60 * 60 * 1_000_000


@pytest.fixture
def unmade(databases, tmp_path):
    """The address of a database in which there is nothing."""
    address = databases.create(tmp_path)
    yield address
    databases.drop(address)


@pytest.fixture
async def engine(unmade):
    engine = open_engine(unmade)
    yield engine
    await engine.dispose()


async def command_on(engine, act, *arguments):
    async with engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            await connection.run_sync(lambda sync: act(configuration(sync), *arguments))


async def test_the_steps_make_the_tables_of_the_code(engine, unmade, empty_database):
    await bring_up_to_date(engine)
    await bring_up_to_date(engine)

    await command_on(engine, command.check)
    assert schema_of(unmade) == schema_of(empty_database)


async def test_every_step_can_be_taken_back(engine, unmade):
    await bring_up_to_date(engine)
    made = schema_of(unmade)
    await command_on(engine, command.downgrade, "base")
    assert schema_of(unmade) == set()
    await bring_up_to_date(engine)
    assert schema_of(unmade) == made


async def test_whoever_takes_steps_at_the_same_time_waits(engine, unmade, empty_database):
    await asyncio.gather(*(bring_up_to_date(engine) for _ in range(4)))
    assert schema_of(unmade) == schema_of(empty_database)


@on_sqlite
async def test_a_register_of_the_first_version_goes_on(engine, unmade, empty_database, tmp_path):
    await command_on(engine, command.upgrade, "v0_1")
    with closing(sqlite3.connect(file_of(unmade))) as database:
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        guards = dict(triggers.fetchall())
        database.executescript("".join(f"DROP TRIGGER {name};" for name in guards))
        database.executescript(ROWS.read_text(encoding="utf-8"))
        for made in guards.values():
            database.execute(made)
    await bring_up_to_date(engine)

    assert schema_of(unmade) == schema_of(empty_database)
    instants = "SELECT last_at FROM ledger_subject ORDER BY last_at"
    assert rows(unmade, instants) == [(FOUNDED_AT,), (ADMITTED_AT,)]
    registry = registry_on(unmade, tmp_path, ManualClock(START + timedelta(days=1)))
    office = Actor("office-registrar", OFFICE, OFFICE_ROLES)
    member = MemberTerms(party_id=BANK, subject="second", roles=frozenset({Role.LENDER}))
    await admit_member(registry, office, member, a_key())
    admitted = ["member-admitted"] * 2
    assert await kinds_on(registry, BANK) == ["party-registered", *admitted]
    assert rows(unmade, instants) == [(FOUNDED_AT,), (FOUNDED_AT + DAY,)]
    await registry.close()


async def test_text_is_sorted_by_its_bytes(engine, unmade):
    await bring_up_to_date(engine)
    if not is_sqlite(unmade):  # SQLite sorts in no other way unless it is told to.
        assert collations_of(unmade) == {"C"}


async def test_both_kinds_of_database_have_the_same_tables(tmp_path):
    outlines = []
    for databases in (SqliteFiles(), PostgresqlServer(server_of_run())):
        address = databases.create(tmp_path)
        engine = open_engine(address)
        await bring_up_to_date(engine)
        await engine.dispose()
        outlines.append(await outline_of(address))
        databases.drop(address)
    on_sqlite_file, on_server = outlines
    assert on_sqlite_file == on_server


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [
        ("0001", "made by a version before 0.1, .* move its folder away and start anew"),
        ("9999", "made by a newer version, which took the step 9999: use that"),
    ],
)
async def test_a_register_of_another_version_is_left_as_it_is(engine, unmade, revision, sentence):
    async with engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            version = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"
            await connection.execute(sa.text(version))
            await connection.execute(sa.text(f"INSERT INTO alembic_version VALUES ('{revision}')"))

    with pytest.raises(OtherVersionError, match=sentence):
        await bring_up_to_date(engine)
    assert rows(unmade, "SELECT version_num FROM alembic_version") == [(revision,)]
    assert schema_of(unmade) == set()
