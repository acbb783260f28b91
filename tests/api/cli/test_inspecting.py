"""`datatitle ledger fsck`: what it says, to a person and to a program, and how it ends."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from api.inspecting import look_at_start
from api.opening import open_registry
from api.settings import read_settings
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS
from tests.ledger.tampering import rows, tamper


def database(sample):
    return sample / "register.sqlite3"


@pytest.fixture
def size(sample):
    return rows(database(sample), "SELECT COUNT(*) FROM ledger_entry")[0][0]


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


def test_a_rewritten_ledger_is_found_out(datatitle, sample, size):
    tamper(
        database(sample),
        "UPDATE ledger_opening SET value = 'x' WHERE entry_id = 7 AND slot = 15",
        "UPDATE ledger_opening SET value = 'x' WHERE entry_id = 9 AND slot = 15",
    )
    told = datatitle("ledger", "fsck", "--quiet")

    count = len(json.loads(datatitle("ledger", "fsck", "--json").stdout)["findings"])
    first, *found = told.stdout.splitlines()
    assert told.exit_code == 1
    assert first == (
        f"NOT SOUND: datatitle.local/log, {size:,} entries; {count} findings, the first at entry 7."
    )
    problem = "ledger_opening  slot 15 does not open what was committed to"
    assert found[:2] == [f"  entry         7  {problem}", f"  entry         9  {problem}"]
    assert found[-1] == f"  and {count - 20} more: --json prints the first thousand."


def test_the_report_for_a_program(datatitle, sample, size):
    tamper(database(sample), "UPDATE ledger_entry SET number = 90 WHERE idx = 7")
    told = datatitle("ledger", "fsck", "--json", "--jobs", "2")

    report = json.loads(told.stdout)
    assert told.exit_code == 1
    assert (report["log"], report["verdict"], report["level"], report["size"]) == (
        "datatitle.local/log",
        "findings",
        "full",
        size,
    )
    assert report["firstBadIndex"] == 7
    assert report["findings"][0] == {
        "index": 7,
        "place": "ledger_entry",
        "problem": "its number does not follow the one before",
    }
    assert report["read"]["entries"] == size


def test_the_quick_look_sees_the_end_and_not_the_beginning(datatitle, sample):
    told = datatitle("ledger", "fsck", "--quick")
    assert told.exit_code == 0
    assert told.stdout.splitlines()[1].endswith(" the head, the newest checkpoint, the guard")

    with closing(sqlite3.connect(database(sample))) as connection:
        connection.execute("DROP TRIGGER ledger_entry_update")
        connection.execute("UPDATE ledger_entry SET leaf = zeroblob(32) WHERE idx = 7")
        [made] = [each for each in APPEND_ONLY_STATEMENTS if "ledger_entry_update" in each]
        connection.execute(made)
        connection.commit()
    assert datatitle("ledger", "fsck", "--quick").exit_code == 0
    assert datatitle("ledger", "fsck").exit_code == 1


def no_register(sample):
    shutil.rmtree(sample)
    return f"there is no register in {sample}. Start one: "


def no_database(sample):
    database(sample).write_bytes(b"not a database" * 100)
    return f"the database {database(sample)} cannot be read: file is not a database"


def no_tables(sample):
    with closing(sqlite3.connect(database(sample))) as connection:
        connection.execute("DROP TABLE ledger_tile")
    return f"the database {database(sample)} cannot be read: no such table: ledger_tile"


def no_key(sample):
    (sample / "keys" / "log.key").unlink()
    return "[Errno 2] No such file or directory: "


def another_key(sample):
    (sample / "keys" / "log.key").write_text("no key\n")
    return "a key of the ledger cannot be read: "


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


def test_settings_that_cannot_be_used_are_no_finding(datatitle):
    told = datatitle("ledger", "fsck", DATATITLE_PORT="none")

    assert told.exit_code == 2
    assert "DATATITLE_PORT" in told.stderr


NOT_AT_END = "it does not stand where the entries end"


async def test_a_server_says_at_its_start_what_is_wrong_at_the_end(sample, caplog):
    settings = read_settings({"DATATITLE_DATA": str(sample)})
    registry = await open_registry(settings)
    await look_at_start(settings, registry)
    assert caplog.messages == []
    last = rows(database(sample), "SELECT MAX(idx) FROM ledger_entry")[0][0]
    with closing(sqlite3.connect(database(sample))) as connection:
        connection.execute("DROP TRIGGER ledger_head_update")
        connection.execute("UPDATE ledger_head SET edge = x''")
        connection.commit()
    await look_at_start(settings, registry)
    await registry.close()

    trigger = "the trigger ledger_head_update is not there as it was made"
    assert caplog.messages == [
        f"the ledger is damaged at entry {last}, ledger_head: {NOT_AT_END}",
        f"the ledger is damaged at entry {last + 1}, schema: {trigger}",
        "have `datatitle ledger fsck` say what is wrong with the ledger",
    ]


async def test_a_ledger_that_cannot_be_looked_at_stops_no_server(sample, caplog):
    settings = read_settings({"DATATITLE_DATA": str(sample)})
    registry = await open_registry(settings)
    (sample / "keys" / "log.key").write_text("no key\n")
    await look_at_start(settings, registry)
    await registry.close()

    assert caplog.messages == ["fault while the ledger was looked at"]
