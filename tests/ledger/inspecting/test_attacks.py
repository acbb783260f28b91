"""What is done on purpose, with the whole database at hand: each is found, and by what."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import timedelta
from itertools import pairwise

import pytest

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.hashing import Hash
from ledger.inspecting.fsck import Surroundings, inspect_file, inspect_fully
from ledger.inspecting.published_notes import PublicFolder
from ledger.inspecting.signers import Trust
from ledger.keeping import store
from ledger.keeping.log import Log
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS
from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf
from ledger.signing.guard import LastSigned, Step
from tests.conftest import on_sqlite
from tests.databases import file_of
from tests.ledger.growing import START, append, signed
from tests.ledger.inspecting.changing import TABLES
from tests.ledger.inspecting.inspected_log import (
    NEXT_KEY,
    ORIGIN,
    around,
    build,
    database_in,
    guard_in,
    inspected,
    public_in,
)
from tests.ledger.inspecting.rewriting import drop_event
from tests.ledger.sealing_log import LOG_KEY, ML_DSA_KEY, grow_sealed, sealing_of
from tests.ledger.tampering import rows, tamper

NEWEST, BEFORE = 280, 259
TRUST = Trust(ORIGIN, (LOG_KEY.verifying_key, ML_DSA_KEY.verifying_key))


def found_in(folder):
    """What was found, but for the triggers that had to go."""
    return [each for each in inspected(folder).findings if each.place != "schema"]


def test_a_dropped_event_with_everything_rebuilt_after_it(folder):
    """What was signed tells, and what others have: the checkpoint before is the last good one."""
    drop_event(database_in(folder), 150)
    found = [each for each in found_in(folder) if not each.place.startswith("public/tile")]

    assert (found[0].index, found[0].place) == (126, "ledger_checkpoint")
    assert found[0].problem == "the entries do not lead to the root at 207"
    assert {each.place for each in found} == {"ledger_checkpoint", "guard", "public/checkpoint"}


async def test_a_log_rewritten_throughout(folder, engine, database, tmp_path):
    """Another log with the same events is put under the signatures of this one."""
    await build(engine, tmp_path)
    for table in ("ledger_checkpoint", "ledger_cosignature"):
        signed_rows = rows(database_in(folder), f"SELECT * FROM {table}")
        tamper(database)
        async with engine.begin() as connection:
            await put_back(connection, table, signed_rows)
    async with engine.begin() as connection:
        report = await connection.run_sync(inspect_fully, around(folder))

    assert report.first_bad_index == 0
    tables = {each.place for each in report.findings if each.place.startswith("ledger_")}
    assert tables == {"ledger_checkpoint"}
    assert "the entries do not lead to the root at 2" in {each.problem for each in report.findings}


def test_the_newest_checkpoint_removed(bench):
    removed = [
        f"DELETE FROM ledger_{table} WHERE size = {NEWEST}"
        for table in ("cosignature", "checkpoint")
    ]
    with bench.done(*removed):
        found = bench.found()

    problem = f"it knows of a checkpoint of {NEWEST} entries, which is not there"
    assert [(each.index, each.problem) for each in found if each.place == "guard"] == [
        (BEFORE, problem)
    ]


@pytest.mark.parametrize("size", [43, NEWEST])
def test_a_forked_checkpoint_signed_with_the_right_key(bench, size):
    """Whoever has the key signs another tree of the same size."""
    root = Hash(b"\x09" * 32)
    key = NEXT_KEY if size == NEWEST else LOG_KEY
    note = signed(Checkpoint(ORIGIN, size, root).text(), key)
    fork = f"UPDATE ledger_checkpoint SET note = ?, root = ? WHERE size = {size}"
    with bench.done((fork, note, root)):
        first = bench.found()[0]

    assert first.place == "ledger_checkpoint"
    assert first.problem == f"the entries do not lead to the root at {size}"
    assert first.index == (BEFORE if size == NEWEST else 2)


def test_a_forked_checkpoint_published(folder):
    note = signed(Checkpoint(ORIGIN, NEWEST, Hash(b"\x09" * 32)).text(), NEXT_KEY)
    (public_in(folder) / "checkpoint").write_text(note)

    found = [(each.place, each.problem) for each in found_in(folder)]
    assert found == [("public/checkpoint", "it is not of the log in the database")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "it is missing, though the log was signed"),
        ("size 259\n", "cannot be understood"),
        (
            LastSigned(ORIGIN, BEFORE, Hash(bytes(32)), Step.SIGNED).text(),
            "it knows of 259 entries, and 280 were signed",
        ),
    ],
)
def test_a_guard_put_back_from_a_copy_or_lost(folder, content, problem):
    guard = guard_in(folder)
    guard.unlink()
    if content is not None:
        guard.write_text(content)
        guard.chmod(0o600)

    [found, *_] = [each for each in found_in(folder) if each.place == "guard"]
    assert problem in found.problem


@on_sqlite
async def test_a_database_put_back_from_a_backup(engine, tmp_path, database):
    """It is sound in itself; the guard and the public files have seen more."""
    public = PublicFolder(tmp_path / "public", {})
    sealing = sealing_of(engine, tmp_path, publisher=LogPublisher(FolderShelf(public.path)))
    surroundings = Surroundings(TRUST, sealing.guard, public)
    await grow_sealed(sealing, sizes=(3,))
    backup(database, tmp_path / "backup")
    sealing.transactions.now += timedelta(seconds=1)
    async with sealing.transactions.deciding() as tx:
        await append(Log(ORIGIN), tx.connection, seconds=100)
    sealing.transactions.now += timedelta(seconds=100)
    await sealing.seal()
    assert inspect_file(file_of(database), surroundings).findings == ()

    found = inspect_file(tmp_path / "backup", surroundings).findings
    assert [(each.index, each.place, each.problem) for each in found] == [
        (3, "public/checkpoint", "it is not of the log in the database"),
        (4, "guard", "it knows of 6 entries, and there are 4"),
        (4, "public/tile/0/000.p/6", NO_FILE),
        (4, "public/tile/entries/000.p/6", NO_FILE),
    ]


NO_FILE = "it is no file of this log"


def backup(database, target):
    with (
        closing(sqlite3.connect(file_of(database))) as one,
        closing(sqlite3.connect(target)) as other,
    ):
        one.backup(other)


async def test_an_old_row_or_page_of_the_map_put_back(engine, tmp_path, database):
    """Both were right once, under a root that was signed."""
    sealing = sealing_of(engine, tmp_path)
    for number, subject in enumerate([*map(str, range(40)), "7"]):
        sealing.transactions.now = START + timedelta(seconds=number)
        async with sealing.transactions.deciding() as tx:
            await append(Log(ORIGIN), tx.connection, subject, seconds=number)
        if number == 39:
            await sealing.seal()
            before = {name: rows(database, f"SELECT * FROM {name}") for name in MAP}
    await sealing.seal()
    surroundings = Surroundings(TRUST, sealing.guard)
    tamper(database)

    for table, kept in before.items():
        async with engine.connect() as connection:
            assert await places_found(connection, surroundings) == set()
            await put_back(connection, table, kept)
            assert await places_found(connection, surroundings) == {table}


MAP = ("ledger_state", "ledger_state_page")


async def put_back(connection, name, kept):
    """These rows in the place of a table's, whatever refers to them; SQLite's has no triggers."""
    unbound = {
        "postgresql": "SET LOCAL session_replication_role = replica",
        "sqlite": "PRAGMA defer_foreign_keys = ON",
    }
    await connection.exec_driver_sql(unbound[connection.dialect.name])
    table = store.metadata.tables[name]
    await connection.execute(table.delete())
    await connection.execute(table.insert().values([tuple(row) for row in kept]))


async def places_found(connection, surroundings):
    report = await connection.run_sync(inspect_fully, surroundings)
    return {each.place for each in report.findings} - {"schema"}


def test_triggers_that_are_gone_or_changed_or_added(folder):
    def found():
        return {each.problem for each in inspected(folder).findings if each.place == "schema"}

    names = rows(database_in(folder), "SELECT name FROM sqlite_master WHERE type = 'trigger'")
    assert found() == set()
    with closing(sqlite3.connect(database_in(folder))) as connection:
        connection.execute(
            "CREATE TRIGGER ledger_more AFTER INSERT ON ledger_entry BEGIN SELECT 1; END"
        )
        assert found() == {"the trigger ledger_more is none of ours"}
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DROP TRIGGER ledger_more")
        assert found() == {f"the trigger {name} is not there as it was made" for (name,) in names}
        connection.execute(APPEND_ONLY_STATEMENTS[0].replace(" WHEN ", " WHEN 0 AND "))
        changed = APPEND_ONLY_STATEMENTS[0].split()[5]
        assert f"the trigger {changed} is none of ours" in found()


def test_a_row_that_is_gone(bench):
    """Found, but where nothing tells that there was one: a line that a cosigner added, and the
    innermost of an event's public or private facts, behind which there is nothing but padding.
    """
    unnoticed = defaultdict(set)
    for table in TABLES:
        key = [column.name for column in table.primary_key]
        query = f"SELECT {', '.join(key)} FROM {table.name} ORDER BY {', '.join(key)}"
        where = " AND ".join(f"{name} = ?" for name in key)
        for row in bench.database.execute(query).fetchall()[:: STEPS.get(table.name, 1)]:
            with bench.done((f"DELETE FROM {table.name} WHERE {where}", *row)):
                if not bench.found():
                    unnoticed[table.name].add(row)
    facts = bench.database.execute(
        "SELECT entry_id, slot, is_public FROM ledger_opening"
    ).fetchall()
    innermost = {
        (
            entry,
            (max if is_public else min)(
                slot for e, slot, p in facts if (e, p) == (entry, is_public)
            ),
        )
        for entry, _, is_public in facts
    }

    assert unnoticed.keys() == {"ledger_cosignature", "ledger_opening"}
    assert unnoticed["ledger_opening"] <= innermost


STEPS = {"ledger_entry": 10, "ledger_opening": 20}


def test_two_rows_that_changed_places(bench):
    """Each row takes the key of its neighbour, and the neighbour the row's."""
    for table in TABLES:
        columns = table.c.keys()
        some = bench.database.execute(f"SELECT {', '.join(columns)} FROM {table.name}").fetchall()
        key = [column.name for column in table.primary_key]
        for one, other in list(pairwise(some))[:: max(len(some) // 8, 1)]:
            swapped = [
                tuple(
                    theirs if name in key else ours
                    for name, ours, theirs in zip(columns, each, neighbour, strict=True)
                )
                for each, neighbour in ((one, other), (other, one))
            ]
            where = " AND ".join(f"{name} = ?" for name in key)
            gone = [
                (f"DELETE FROM {table.name} WHERE {where}", *(row[columns.index(n)] for n in key))
                for row in (one, other)
            ]
            marks = ", ".join("?" * len(columns))
            back = [(f"INSERT INTO {table.name} VALUES ({marks})", *row) for row in swapped]
            with bench.done(*gone, *back):
                assert bench.found() != [], (table.name, one)
