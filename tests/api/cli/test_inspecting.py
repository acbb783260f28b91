"""`datatitle ledger fsck`: what it says, to a person and to a program, and how it ends."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from api.inspecting import look_at_start
from api.opening import open_registry
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS
from tests.api.cli.registers import settings_of
from tests.conftest import on_postgresql, on_sqlite
from tests.databases import file_of, is_sqlite
from tests.ledger.tampering import rows, tamper


@pytest.fixture
def size(database):
    return rows(database, "SELECT COUNT(*) FROM ledger_entry")[0][0]


@pytest.fixture
def first_events(database):
    """The indexes of the first two."""
    query = "SELECT idx FROM ledger_entry WHERE kind = 'event' ORDER BY idx LIMIT 2"
    return [index for (index,) in rows(database, query)]


def rewrite(database, statement):
    """What the owner of a database can do without leaving a trace in its triggers."""
    tamper(database, statement)
    if is_sqlite(database):
        with closing(sqlite3.connect(file_of(database))) as connection:
            for made in APPEND_ONLY_STATEMENTS:
                connection.execute(made)
            connection.commit()


def test_a_sound_ledger_is_found_sound(datatitle, size):
    told = datatitle("ledger", "fsck")

    first, *lines = told.stdout.splitlines()
    assert told.exit_code == 0
    assert first.startswith(f"SOUND: datatitle.local/log, {size:,} entries; checked in ")
    assert first.endswith(" s (full), and all agrees.")
    assert [line.split()[0] for line in lines] == [
        "entries",
        "subjects",
        "states",
        "checkpoints",
        "openings",
        "files",
    ]


def test_published_files_are_looked_at_too(datatitle, sample):
    files = sample / "ledger"
    count = sum(file.is_file() for file in (files / "tile").rglob("*"))
    told = datatitle("ledger", "fsck")
    assert told.stdout.splitlines()[-1] == f"  files        {count} below {files}"

    (files / "tile" / "0" / "001").write_bytes(b"")
    told = datatitle("ledger", "fsck")
    assert told.exit_code == 1
    assert told.stdout.splitlines()[1:] == [
        "  entry       256  public/tile/0/001  it is not what the log has there"
    ]


def test_a_ledger_that_is_published_nowhere_yet_may_be_sound(datatitle, sample):
    shutil.rmtree(sample / "ledger")
    told = datatitle("ledger", "fsck")

    assert told.exit_code == 0
    last = told.stdout.splitlines()[-1]
    assert last == f"  files        none is published yet below {sample / 'ledger'}"


def test_a_rewritten_ledger_is_found_out(datatitle, database, size, first_events):
    rewrite(database, "UPDATE ledger_opening SET value = 'x' WHERE slot = 0")
    told = datatitle("ledger", "fsck", "--quiet")

    count = len(json.loads(datatitle("ledger", "fsck", "--json").stdout)["findings"])
    first, *found = told.stdout.splitlines()
    assert told.exit_code == 1
    one, other = first_events
    assert first == (
        f"NOT SOUND: datatitle.local/log, {size:,} entries; {count} findings, "
        f"the first at entry {one}."
    )
    problem = "ledger_opening  slot 0 does not open what was committed to"
    assert found[:2] == [f"  entry {one:>9}  {problem}", f"  entry {other:>9}  {problem}"]
    assert found[-1] == f"  and {count - 20} more: --json prints the first thousand."


def test_the_report_for_a_program(datatitle, database, size, first_events):
    index = first_events[0]
    rewrite(database, f"UPDATE ledger_entry SET number = 90 WHERE idx = {index}")
    told = datatitle("ledger", "fsck", "--json", "--jobs", "2")

    report = json.loads(told.stdout)
    assert told.exit_code == 1
    assert (report["log"], report["verdict"], report["level"], report["size"]) == (
        "datatitle.local/log",
        "findings",
        "full",
        size,
    )
    assert report["firstBadIndex"] == index
    assert report["findings"][0] == {
        "index": index,
        "place": "ledger_entry",
        "problem": "its number does not follow the one before",
    }
    assert report["read"]["entries"] == size


def test_the_quick_look_sees_the_end_and_not_the_beginning(datatitle, database):
    told = datatitle("ledger", "fsck", "--quick")
    assert told.exit_code == 0
    assert told.stdout.splitlines()[1].endswith(" the head, the newest checkpoint, the guard")

    rewrite(database, "UPDATE ledger_entry SET leaf = chain WHERE idx = 7")
    assert datatitle("ledger", "fsck", "--quick").exit_code == 0
    assert datatitle("ledger", "fsck").exit_code == 1


DATABASE = "register.sqlite3"


def no_register(sample):
    shutil.rmtree(sample)
    return f"there is no register in {sample}. Start one: "


def no_database(sample):
    (sample / DATABASE).write_bytes(b"not a database" * 100)
    return f"the database {sample / DATABASE} cannot be read: file is not a database"


def no_tables(sample):
    with closing(sqlite3.connect(sample / DATABASE)) as connection:
        connection.execute("DROP TABLE ledger_tile")
    return f"the database {sample / DATABASE} cannot be read: no such table: ledger_tile"


def no_key(sample):
    (sample / "keys" / "log.key").unlink()
    return "[Errno 2] No such file or directory: "


def another_key(sample):
    (sample / "keys" / "log.key").write_text("no key\n")
    return "a key of the ledger cannot be read: "


@on_sqlite
@pytest.mark.parametrize("spoil", [no_register, no_database, no_tables, no_key, another_key])
def test_a_ledger_that_cannot_be_checked(datatitle, sample, spoil):
    reason = spoil(sample)

    told = datatitle("ledger", "fsck")
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.strip().startswith(f"datatitle: {reason}")
    report = json.loads(datatitle("ledger", "fsck", "--json").stdout)
    assert report.keys() == {"verdict", "reason"}
    assert report["verdict"] == "unchecked"
    assert report["reason"].startswith(reason)


@on_postgresql
def test_a_server_that_is_away_leaves_the_ledger_unchecked(datatitle, sample):
    away = "postgresql://datatitle@127.0.0.1:9/register"
    told = datatitle("ledger", "fsck", DATATITLE_DATA=str(sample), DATATITLE_DATABASE_URL=away)

    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.strip() == "datatitle: No server answers as it should."


@on_postgresql
def test_a_database_that_is_not_there_leaves_the_ledger_unchecked(datatitle, database):
    gone = database.replace("?", "_gone?")
    told = datatitle("ledger", "fsck", DATATITLE_DATABASE_URL=gone)

    assert (told.exit_code, told.stdout) == (2, "")
    assert "does not exist" in told.stderr


def test_settings_that_cannot_be_used_are_no_finding(datatitle):
    told = datatitle("ledger", "fsck", DATATITLE_PORT="none")

    assert told.exit_code == 2
    assert "DATATITLE_PORT" in told.stderr


NOT_AT_END = "it does not stand where the entries end"


async def test_a_server_says_at_its_start_what_is_wrong_at_the_end(sample, database, caplog):
    settings = settings_of(sample)
    registry = await open_registry(settings)
    await look_at_start(settings, registry)
    assert caplog.messages == []
    last = rows(database, "SELECT MAX(idx) FROM ledger_entry")[0][0]
    rewrite(database, "UPDATE ledger_head SET edge = chain")
    await look_at_start(settings, registry)
    await registry.close()

    assert caplog.messages == [
        f"the ledger is damaged at entry {last}, ledger_head: {NOT_AT_END}",
        "have `datatitle ledger fsck` say what is wrong with the ledger",
    ]


async def test_a_ledger_that_cannot_be_looked_at_stops_no_server(sample, caplog):
    settings = settings_of(sample)
    registry = await open_registry(settings)
    (sample / "keys" / "log.key").write_text("no key\n")
    await look_at_start(settings, registry)
    await registry.close()

    assert caplog.messages == ["fault while the ledger was looked at"]
