"""`datatitle doctor`: what it says of an installation in order, and of everything that is not."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from api.checkup.checks import Level
from api.checkup.database import check_clock
from api.checkup.log import check_seal
from api.checkup.machine import check_room, check_sqlite, check_steadiness, has_reset_bug
from api.checkup.outside import check_mirror, check_witnesses
from api.checkup.visit import Visit, visiting
from ledger.formats.keys import Algorithm
from ledger.formats.policy import Group, Policy, Witness
from ledger.signing.key_file import SecretKey, create_secret
from ledger.signing.witnesses import Answer
from services.clock import ManualClock
from tests.api.cli.registers import sealed, settings_of
from tests.conftest import on_postgresql, on_sqlite
from tests.databases import file_of, is_sqlite
from tests.ledger.tampering import tamper

ORIGIN = "datatitle.local/log"
# The database of the tests promises less than one should, and nobody witnesses the sample.
OTHERS = {"SQLite", "PostgreSQL", "witnesses"}
LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def found(datatitle):
    """What the doctor says, but for the database and what is in order: level and sentence by
    subject.
    """

    def run(**changes):
        told = json.loads(datatitle("doctor", "--json", **changes).stdout)
        return {
            check["subject"]: (check["level"], check["found"])
            for check in told["checks"]
            if check["level"] != "ok" and check["subject"] not in OTHERS
        }

    return run


def test_of_an_installation_in_order_there_is_one_line_each(datatitle, sample, database):
    sealed(sample)
    told = datatitle("doctor")

    *lines, empty, last = told.stdout.splitlines()
    said = [line.split()[:2] for line in lines if not line.startswith(" ")]
    first = ["SQLite", "database", "clock"]
    if not is_sqlite(database):
        first = ["PostgreSQL", "clock", "database"]
    assert list(dict.fromkeys(subject for _, subject in said)) == [
        *("disk", "keys", *first, "ledger", "guard", "seal", "files", "documents"),
        *([] if is_sqlite(database) else ["outbox"]),
        "witnesses",
    ]
    assert {level for level, subject in said if subject not in OTHERS} == {"ok"}
    if is_sqlite(database):
        assert (told.exit_code, empty, last) == (0, "", "All is well.")


def test_before_the_first_start_there_is_little_to_look_at(datatitle, data):
    told = json.loads(datatitle("doctor", "--json").stdout)

    assert [check["subject"] for check in told["checks"]] == ["disk", "database"]
    assert told["checks"][-1] == {
        "level": "note",
        "subject": "database",
        "found": "There is no register yet.",
        "toDo": "Start it once.",
    }
    assert not data.exists()


def expose_key(sample):
    (sample / "keys" / "log.key").chmod(0o644)
    return "keys", f"{sample}/keys/log.key may be read by others: "


def expose_folder(sample):
    (sample / "keys").chmod(0o755)
    return "keys", f"Others may get at {sample}/keys."


def lose_key(sample):
    (sample / "keys" / "log-mldsa.key").unlink()
    return "keys", f"{sample}/keys/log-mldsa.key is missing, so nothing is signed."


def lose_guard(sample):
    (sample / "guard" / "log").unlink()
    return "guard", f"The guard {sample}/guard/log is missing, and the database holds a signed"


def damage_guard(sample):
    (sample / "guard" / "log").write_text("size 7\n")
    return "guard", f"The guard {sample}/guard/log cannot be understood"


def fork_files(sample):
    (sample / "ledger" / "checkpoint").write_text("something else")
    return "files", "What is published as `checkpoint` is none."


FAULTS = [expose_key, expose_folder, lose_key, lose_guard, damage_guard, fork_files]


@pytest.mark.parametrize("spoil", FAULTS)
def test_what_keeps_the_register_from_working_is_a_fault(datatitle, found, sample, spoil):
    sealed(sample)
    subject, said = spoil(sample)

    level, sentence = found()[subject]
    assert (level, sentence[: len(said)]) == ("fault", said)
    told = datatitle("doctor")
    assert told.exit_code == 1
    assert told.stdout.splitlines()[-1] != "All is well."


def test_a_ledger_that_is_damaged_at_its_end(found, database):
    tamper(database, "UPDATE ledger_head SET edge = chain")

    level, sentence = found()["ledger"]
    assert (level, sentence[:9]) == ("fault", "At entry ")


def test_tables_of_another_version(found, database):
    tamper(database, "DELETE FROM alembic_version")

    said = "Its tables are those of step None, and this version's are those of "
    level, sentence = found()["database"]
    assert (level, sentence[: len(said)]) == ("fault", said)
    assert "ledger" not in found()


@on_sqlite
def test_a_file_that_is_no_database(found, database):
    file_of(database).write_bytes(b"no database" * 1000)

    assert found()["database"] == ("fault", "The database cannot be read: file is not a database.")


@on_postgresql
def test_a_server_that_does_not_answer(found, sample):
    away = "postgresql://datatitle@127.0.0.1:9/register"

    said = "This cannot be looked at: No server answers as it should."
    assert found(DATATITLE_DATABASE_URL=away)["database"] == ("fault", said)
    assert sample.exists()


def test_a_log_of_another_name(found, sample):
    said = found(DATATITLE_LOG_ORIGIN="other.example/log")

    expected = f"A key here is that of the log {ORIGIN}, and this log is other.example/log."
    assert said["keys"] == ("fault", expected)
    assert said["guard"][0] == "fault"
    assert sample.exists()


def test_a_log_that_is_being_handed_on(found, sample):
    create_secret(sample / "keys" / "log.next.key", ORIGIN, Algorithm.ED25519)

    assert found()["keys"] == ("note", "The log is being handed on: two keys sign side by side.")


def test_a_published_key_that_is_not_the_one_that_signs(found, sample):
    published = sample / "ledger" / "log.vkey"
    published.write_text("another\n")

    assert found()["keys"] == ("warning", f"{published} is not the key that signs.")


def test_a_public_folder_that_is_behind(found, sample):
    sealed(sample)
    before = (sample / "ledger" / "checkpoint").read_text()
    size = int(before.splitlines()[1])
    (sample / "ledger" / "checkpoint").unlink()
    assert found()["files"] == ("warning", f"Nothing is published in {sample / 'ledger'} yet.")

    said = f"{sample / 'ledger'} shows a checkpoint of {size:,} entries; the newest is of {size:,}."
    text, _, lines = before.rpartition("\n\n")
    (sample / "ledger" / "checkpoint").write_text(f"{text}\n\n{lines.splitlines()[0]}\n")
    assert found()["files"] == ("warning", said)


def test_a_database_older_than_what_it_has_published(found, sample):
    note = (sample / "ledger" / "checkpoint").read_text()
    size = int(note.splitlines()[1])
    larger = note.replace(f"\n{size}\n", "\n9999\n", 1)
    (sample / "ledger" / "checkpoint").write_text(larger)

    said = f"{sample / 'ledger'} shows 9,999 entries, and the database has published {size:,}."
    assert found()["files"] == ("fault", said)


async def visited(sample, now, check):
    async with visiting(settings_of(sample), ManualClock(now)) as visit, visit.connection.begin():
        return [(each.level, each.found) for each in await check(visit)]


async def test_a_clock_that_is_behind_the_ledger(sample, database):
    """On a server an act waits only for who did something to the same certificate."""
    [(level, found)] = await visited(sample, datetime(2020, 1, 1, tzinfo=UTC), check_clock)

    assert level == (Level.FAULT if is_sqlite(database) else Level.WARNING)
    assert found.startswith("It says 2020-01-01 00:00:00 UTC, and the ledger's last entry is of ")


async def test_a_clock_that_is_behind_a_witness(sample, database):
    tamper(
        database,
        "UPDATE ledger_cosignature SET name = 'witness', time = 4070908806",
    )

    assert await visited(sample, LATER, check_clock) == [
        (
            Level.WARNING,
            "It says 2099-01-01 00:00:00 UTC, and a witness cosigned at 2099-01-01 00:00:06 UTC.",
        )
    ]
    assert (await visited(sample, LATER + timedelta(seconds=1), check_clock))[0][0] == Level.OK


async def test_a_checkpoint_that_is_long_published(sample):
    [(level, found)] = await visited(sample, LATER, check_seal)

    assert level == Level.WARNING
    assert " entries are published, as of " in found


class JumpingClock(ManualClock):
    def now(self):
        self.advance(timedelta(seconds=1))
        return super().now()


async def test_a_clock_that_jumps():
    [check] = await check_steadiness(JumpingClock(LATER))

    assert (check.level, check.subject) == (Level.WARNING, "clock")
    assert check.found.startswith("The clock went 1.000 s in 0.0")


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 0), True),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_which_versions_of_sqlite_have_the_bug(version, has_it):
    assert has_reset_bug(version) is has_it


@on_sqlite
async def test_the_bug_is_held_off_while_nobody_carries_the_log_over_out_of_turn(sample):
    async with visiting(settings_of(sample), ManualClock(LATER)) as visit:
        assert [check.level for check in await check_sqlite(visit, (3, 51, 3))] == [Level.OK]
        checks = await check_sqlite(visit, (3, 40, 1))
        assert [check.level for check in checks] == [Level.OK, Level.NOTE]
        await visit.connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 1000")
        checks = await check_sqlite(visit, (3, 40, 1))
        assert [check.level for check in checks] == [Level.OK, Level.WARNING]


@on_sqlite
async def test_commits_that_need_not_be_on_the_disk_are_a_fault(sample):
    settings = settings_of(sample)
    engine = create_async_engine(settings.database_url)
    async with engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
        visit = Visit(settings, connection, ManualClock(LATER), LATER)
        [check] = await check_sqlite(visit, (3, 51, 3))
    await engine.dispose()

    assert (check.level, check.found) == (
        Level.FAULT,
        "SQLite 3.51.3 writes with journal_mode wal and synchronous 1.",
    )


@pytest.mark.parametrize(
    ("free", "level"),
    [(10**7, Level.FAULT), (2 * 10**8, Level.WARNING), (2 * 10**9, Level.OK)],
)
def test_room_on_the_disk(tmp_path, free, level):
    settings = settings_of(tmp_path / "not" / "there" / "yet")
    [check] = check_room(settings, lambda _place: free)

    assert (check.level, check.found[-len(str(tmp_path)) - 1 : -1]) == (level, str(tmp_path))


@pytest.fixture
def witnessed(sample, tmp_path):
    """Settings with two witnesses, of whom one is enough, and one without an address."""
    keys = [SecretKey(f"{n}.example", Algorithm.COSIGNATURE, n.encode() * 32) for n in "abc"]
    addresses = ["https://a.example", "https://b.example", ""]
    witnesses = tuple(
        Witness(key.name[0], key.verifying_key, url)
        for key, url in zip(keys, addresses, strict=True)
    )
    policy = tmp_path / "policy"
    policy.write_text(Policy((), witnesses, (Group("one", 1, ("a", "b")),), "one").text())
    return replace(settings_of(sample), witnesses=policy)


@pytest.mark.parametrize(
    ("statuses", "levels"),
    [
        ({"a": 400, "b": 400}, [Level.OK]),
        ({"a": 400, "b": 404}, [Level.WARNING, Level.OK]),
        ({"a": None, "b": 400}, [Level.WARNING, Level.OK]),
        ({"a": None, "b": 404}, [Level.WARNING, Level.WARNING, Level.FAULT]),
    ],
)
async def test_witnesses_are_asked_whether_they_are_there(witnessed, statuses, levels):
    async def ask(url, body):
        assert (url.partition(".example")[2], body) == ("/add-checkpoint", "")
        status = statuses[url.removeprefix("https://")[0]]
        if status is None:
            raise TimeoutError
        return Answer(status, "text/plain", "")

    assert [check.level for check in await check_witnesses(witnessed, ask)] == levels


def test_a_mirror_shows_what_the_public_folder_shows(sample, tmp_path):
    mirror = tmp_path / "mirror"
    settings = settings_of(sample, DATATITLE_LEDGER_MIRROR=str(mirror))

    assert list(check_mirror(settings_of(sample))) == []
    assert [check.level for check in check_mirror(settings)] == [Level.WARNING]
    shutil.copytree(sample / "ledger", mirror)
    assert [check.level for check in check_mirror(settings)] == [Level.OK]
