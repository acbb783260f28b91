"""A log on PostgreSQL is inspected as one in a file is; what waits for its place is no damage."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.looking import DatabaseOnServer
from ledger.inspecting.databases import SqliteFile
from ledger.inspecting.fsck import inspect_database, inspect_fully
from ledger.inspecting.quick import inspect_quickly
from ledger.keeping import store
from ledger.keeping.sequencing import sequence
from ledger.keeping.triggers_postgresql import APPEND_ONLY_POSTGRESQL
from services.postgresql import open_engine
from tests.conftest import on_postgresql
from tests.databases import rows, tamper
from tests.ledger.inspecting.changing import TABLES
from tests.ledger.inspecting.inspected_log import EVENTS, SEALED_AT, around, build
from tests.ledger.inspecting.on_server import ServerBench, some_of_each

pytestmark = on_postgresql

WAITING = 8
PLACED = EVENTS - WAITING + 2 + len(SEALED_AT)  # Events, two marks, and the states.
PARTS = 4


@pytest.fixture(scope="module")
def built_on_server(databases, tmp_path_factory):
    """The address of the log, some of whose last events wait for their places, and its folder."""
    folder = tmp_path_factory.mktemp("on_server")
    address = databases.create(folder)

    async def fill():
        engine = open_engine(address)
        async with engine.begin() as connection:
            await connection.run_sync(store.metadata.create_all)
        await build(engine, folder)
        async with engine.begin() as connection:
            await sequence(connection, EVENTS - SEALED_AT[-1] - WAITING)
        await engine.dispose()

    asyncio.run(fill())
    yield address, folder
    databases.drop(address)


@pytest.fixture
def folder(built_on_server, tmp_path):
    return shutil.copytree(built_on_server[1], tmp_path / "log")


@pytest.fixture
def address(databases, built_on_server, tmp_path):
    address = databases.copy(built_on_server[0], tmp_path)
    yield address
    databases.drop(address)


@pytest.fixture
def bench(address, folder):
    bench = ServerBench(address, folder)
    yield bench
    bench.close()


def inspected(address, folder, jobs=1):
    return inspect_database(DatabaseOnServer(address), around(folder), jobs=jobs)


def problems(address, folder):
    return {finding.problem for finding in inspected(address, folder).findings}


def test_a_sound_log_has_no_findings_and_tells_what_waits(address, folder):
    report = inspected(address, folder)

    assert (report.findings, report.size) == ((), PLACED)
    assert report.read["waiting"] == WAITING
    assert (report.read["openings"], report.read["erased"]) == (1237, 7)
    assert (report.read["checkpoints"], report.read["cosignatures"]) == (8, 24)


def test_a_quick_look_counts_what_waits(address, folder):
    surroundings = around(folder)
    report = DatabaseOnServer(address).look(lambda each: inspect_quickly(each, surroundings))

    assert (report.findings, report.size, report.read["waiting"]) == ((), PLACED, WAITING)


def test_many_processes_find_what_one_does(address, folder):
    tamper(
        address,
        "UPDATE ledger_opening SET value = 'x' WHERE slot = 15 AND erased_at IS NULL",
        "UPDATE ledger_entry SET number = 90 WHERE idx = 50",
    )
    (folder / "public" / "tile" / "0" / "000").unlink()

    alone = inspected(address, folder)
    assert inspected(address, folder, jobs=3) == alone
    assert len(alone.findings) > 100


def test_other_processes_see_the_state_that_the_first_one_sees(address, folder):
    """What is done to the database meanwhile is for the next inspection."""
    database = DatabaseOnServer(address)

    def inspect(connection):
        return inspect_fully(connection, around(folder))

    def compare(connection):
        shared = database.shared(connection)
        tamper(address, "UPDATE ledger_opening SET value = 'x' WHERE slot = 15")
        with ThreadPoolExecutor(1) as thread:
            return inspect(connection), thread.submit(shared.look, inspect).result()

    first, second = database.look(compare)
    assert (first.findings, second.findings) == ((), ())
    assert len(inspected(address, folder).findings) > 100


@pytest.mark.parametrize("part", range(PARTS))
def test_a_flipped_bit_of_any_column_is_found_where_it_was_flipped(bench, part):
    groups = bench.places()
    columns = {f"{table.name}.{column.name}" for table in TABLES for column in table.c}
    assert columns - groups.keys() == {
        "ledger_checkpoint.signed_at",
        "ledger_checkpoint.published_at",
    }
    chosen = [each for at, each in enumerate(some_of_each(groups, 7, 3)) if at % PARTS == part]
    missed = [
        (place.group, place.key, at, mask)
        for place, at, mask in chosen
        if not bench.is_named(place, at, mask)
    ]
    assert missed == []
    assert bench.found() == []


LAST = "(SELECT max(id) FROM ledger_entry)"
WAITING_TAMPERED = [
    (
        f"UPDATE ledger_entry SET number = number + 1 WHERE id = {LAST}",
        "its number does not follow",
    ),
    (
        f"UPDATE ledger_entry SET leaf = decode(repeat('00', 32), 'hex') WHERE id = {LAST}",
        "its leaf",
    ),
    (f"UPDATE ledger_entry SET entry = 'x' WHERE id = {LAST}", "its entry is not in its canonical"),
    (f"UPDATE ledger_entry SET chain = leaf WHERE id = {LAST}", "it has a chain, and no place"),
    (f"UPDATE ledger_entry SET kind = 'policy' WHERE id = {LAST}", "what is no event waits"),
    (f"UPDATE ledger_entry SET subject = 'nobody' WHERE id = {LAST}", "its subject is not known"),
    (f"DELETE FROM ledger_entry WHERE id = {LAST}", "it does not stand where its events end"),
    (f"UPDATE ledger_opening SET value = 'x' WHERE entry_id = {LAST} AND slot = 0", "slot 0 does"),
    (
        f"DELETE FROM ledger_opening WHERE entry_id = {LAST} AND slot = 1",
        "its kind and its instant",
    ),
    ("UPDATE ledger_entry SET idx = NULL, chain = NULL WHERE idx = 50", "an entry is missing"),
]


def test_what_waits_is_judged_by_its_subject(bench):
    for statement, problem in WAITING_TAMPERED:
        with bench.done(statement):
            found = [finding.problem for finding in bench.found()]
        assert any(each.startswith(problem) for each in found), (statement, found)
    assert bench.found() == []


UNGUARDED = [
    ("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_update", "trigger ledger_entry_update"),
    ("DROP TRIGGER ledger_head_update ON ledger_head", "trigger ledger_head_update"),
    (
        "ALTER TABLE ledger_tile ENABLE ALWAYS TRIGGER ledger_tile_update",
        "trigger ledger_tile_update",
    ),
    ("ALTER FUNCTION ledger_head_update() SECURITY DEFINER", "function ledger_head_update"),
    ("ALTER FUNCTION ledger_refuse() SET work_mem = '1MB'", "function ledger_refuse"),
    (
        """CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RETURN NEW; END'""",
        "function ledger_refuse",
    ),
    (
        """CREATE OR REPLACE TRIGGER ledger_subject_insert BEFORE INSERT ON ledger_subject
        FOR EACH ROW WHEN (NEW.next_number < 0) EXECUTE FUNCTION ledger_refuse('x')""",
        "trigger ledger_subject_insert",
    ),
]
STRANGE = [
    (
        "CREATE TRIGGER more BEFORE INSERT ON ledger_entry EXECUTE FUNCTION ledger_refuse('x')",
        "the trigger more",
    ),
    ("CREATE RULE lost AS ON UPDATE TO ledger_head DO INSTEAD NOTHING", "the rule lost"),
    ("ALTER TABLE ledger_entry ENABLE ROW LEVEL SECURITY", "the row security of ledger_entry"),
]


@pytest.mark.parametrize(("statement", "what"), UNGUARDED)
def test_a_guard_that_was_put_off_or_changed_is_missed(address, folder, statement, what):
    rows(address, statement)
    assert f"the {what} is not there as it was made" in problems(address, folder)
    for made in APPEND_ONLY_POSTGRESQL:
        rows(address, made)
    if "ALTER TABLE" in statement:
        rows(address, f"ALTER TABLE {statement.split()[2]} ENABLE TRIGGER {what.split()[1]}")
    if "SECURITY" in statement:
        rows(address, statement.replace("DEFINER", "INVOKER"))
    if "work_mem" in statement:
        rows(address, "ALTER FUNCTION ledger_refuse() RESET work_mem")
    assert problems(address, folder) == set()


@pytest.mark.parametrize(("statement", "what"), STRANGE)
def test_what_nobody_made_is_named(address, folder, statement, what):
    rows(address, statement)
    assert problems(address, folder) == {f"{what} is none of ours"}


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ("ledger_tile ALTER n TYPE text", "ledger_tile.n"),
        ("ledger_state DROP COLUMN head_leaf", "ledger_state.head_leaf"),
        ("ledger_checkpoint RENAME note TO notes", "ledger_checkpoint.note"),
    ],
)
def test_columns_that_cannot_be_read_are_named_and_nothing_else(address, folder, change, column):
    tamper(address)
    for view in ("ledger_tile_update", "ledger_state_update", "ledger_checkpoint_update"):
        rows(address, f"DROP TRIGGER {view} ON {view.removesuffix('_update')}")
    rows(address, f"ALTER TABLE {change}")
    (found,) = inspected(address, folder).findings

    assert (found.place, found.problem.split(" is ")[0]) == ("schema", column)


def test_a_file_is_shared_as_it_is(tmp_path, databases):
    del databases
    file = SqliteFile(tmp_path / "log.db")
    assert file.shared(None) == file
