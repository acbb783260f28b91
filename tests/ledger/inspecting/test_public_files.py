"""The folder everybody fetches from: what must be there, what may be, and what must not."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.formats.keys import Algorithm
from ledger.formats.note import parse_note
from ledger.inspecting.databases import reading
from ledger.inspecting.fsck import Surroundings, inspect_file, inspect_fully
from ledger.inspecting.published_notes import PublicFolder
from ledger.inspecting.signers import Trust
from ledger.keeping.log import Log
from ledger.publishing.introduction import introduction_of
from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf
from ledger.signing.key_file import SecretKey
from tests.conftest import on_sqlite
from tests.databases import file_of
from tests.ledger.growing import ORIGIN, START, append
from tests.ledger.inspecting.inspected_log import (
    POLICY,
    around,
    database_in,
    inspected,
    public_in,
)
from tests.ledger.sealing_log import LOG_KEY, ML_DSA_KEY, grow_sealed, sealing_of
from tests.ledger.tampering import rows

TRUST = Trust(ORIGIN, (LOG_KEY.verifying_key, ML_DSA_KEY.verifying_key))


def found_in(folder):
    return [
        (each.index, each.place.removeprefix("public/"), each.problem)
        for each in inspected(folder).findings
    ]


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("tile/0/000", 0),
        ("tile/0/001.p/24", 256),
        ("tile/0/001.p/3", 256),
        ("tile/1/000.p/1", 0),
        ("tile/entries/000", 0),
        ("tile/entries/001.p/24", 256),
    ],
)
def test_a_file_that_is_missing(folder, path, index):
    (public_in(folder) / path).unlink()

    assert found_in(folder) == [(index, path, "it is missing")]


@pytest.mark.parametrize(
    ("path", "content", "index"),
    [
        ("tile/0/000", b"", 0),
        ("tile/0/000", 8191, 255),
        ("tile/0/000", 8193, 255),
        ("tile/entries/001.p/24", 300, 257),
        ("tile/entries/000", b"\x00", 0),
    ],
)
def test_a_file_that_is_cut_or_longer(folder, path, content, index):
    file = public_in(folder) / path
    whole = file.read_bytes() + b"\x00"
    file.write_bytes(content if isinstance(content, bytes) else whole[:content])

    assert found_in(folder) == [(index, path, "it is not what the log has there")]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002",
        "tile/0/001",
        "tile/0/001.p/200",
        "tile/0/1",
        "tile/2/000",
        "tile/entries/000.txt",
        "tile/notes",
    ],
)
def test_a_file_that_is_none_of_the_log(folder, path):
    file = public_in(folder) / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"")

    assert found_in(folder) == [(300, path, "it is no file of this log")]


def test_what_an_interruption_left_unfinished_is_passed_over(folder):
    (public_in(folder) / "tile" / "0" / ".001.0123456789abcdef.draft").write_bytes(b"\x00")
    (public_in(folder) / ".checkpoint.0123456789abcdef.draft").write_bytes(b"\x00")

    assert found_in(folder) == []


def test_files_for_more_than_is_published_are_held_against_the_log_too(folder):
    public = public_in(folder)
    hashes = (public / "tile/0/001.p/24").read_bytes()
    (public / "tile/0/001.p/20").write_bytes(hashes[: 20 * 32])
    assert found_in(folder) == []
    (public / "tile/0/001.p/20").write_bytes(hashes[32 : 21 * 32])

    assert found_in(folder) == [(256, "tile/0/001.p/20", "it is not what the log has there")]


@pytest.mark.parametrize("name", ["log.vkey", "policy"])
def test_what_a_stranger_begins_with(folder, name):
    file = public_in(folder) / name
    file.write_bytes(file.read_bytes() + b"\n")

    assert found_in(folder) == [(279, name, "it is not what this installation publishes")]


def test_what_a_stranger_begins_with_follows_a_change_of_keys_with_the_next_checkpoint(folder):
    """Another key has come into use here, with which nothing was published yet."""
    surroundings = around(folder)
    keys = (*surroundings.trust.log_keys, THIRD_KEY.verifying_key)
    handed_on = replace(
        surroundings,
        trust=replace(surroundings.trust, log_keys=keys),
        public=replace(surroundings.public, introduction=introduction_of(keys, POLICY)),
    )

    assert inspect_file(database_in(folder), handed_on).findings == ()


THIRD_KEY = SecretKey(ORIGIN, Algorithm.ED25519, b"\x04" * 32)


def test_a_checkpoint_that_is_missing(folder):
    (public_in(folder) / "checkpoint").unlink()

    problem = "it is missing, though a checkpoint was published"
    assert found_in(folder) == [(279, "checkpoint", problem)]


def stored_note(folder, size):
    """The checkpoint of a size as it would be published, line by line."""
    [(note,)] = rows(database_in(folder), f"SELECT note FROM ledger_checkpoint WHERE size = {size}")
    lines = rows(database_in(folder), f"SELECT line FROM ledger_cosignature WHERE size = {size}")
    return note, [line for (line,) in lines]


@pytest.mark.parametrize(
    ("size", "found"),
    [
        (280, []),
        (259, []),
        (249, [(279, "checkpoint", "it is of 249 entries, and more are published")]),
    ],
)
def test_the_last_step_of_publishing_may_have_been_cut_short(folder, size, found):
    """Then the checkpoint before is there still, with as many lines as it had then."""
    note, lines = stored_note(folder, size)
    (public_in(folder) / "checkpoint").write_text(note + lines[0] + "\n")

    assert [each for each in found_in(folder) if each[1] == "checkpoint"] == found


STRANGER = SecretKey("stranger.example", Algorithm.ED25519, b"\x0a" * 32)


def test_nobody_signs_the_published_checkpoint_but_those_who_may(folder):
    note, _ = stored_note(folder, 280)
    line = STRANGER.sign(parse_note(note).text, None).line()
    (public_in(folder) / "checkpoint").write_text(note + line)

    assert found_in(folder) == [(279, "checkpoint", "its signed note is not good")]


def test_a_log_that_is_published_nowhere_has_no_files_to_look_at(folder):
    with reading(database_in(folder)) as connection:
        report = inspect_fully(connection, replace(around(folder), public=None))

    assert (report.findings, report.read["files"]) == ((), 0)


@on_sqlite
async def test_a_log_that_is_sealed_and_published_meanwhile(engine, tmp_path, database):
    """Guard and files move on, again and again, after the inspection has begun."""
    public = PublicFolder(tmp_path / "public", {})
    sealing = sealing_of(engine, tmp_path, publisher=LogPublisher(FolderShelf(public.path)))
    await grow_sealed(sealing, sizes=(1, 250))
    log, loop = Log(ORIGIN), asyncio.get_running_loop()

    async def move_on():
        for seconds in (300, 301, 302):
            sealing.transactions.now = START + timedelta(seconds=seconds)
            async with sealing.transactions.deciding() as tx:
                for _ in range(5):
                    await append(log, tx.connection, seconds=seconds)
            await sealing.seal()

    told = []

    def progress(done, _total):
        if not told:
            asyncio.run_coroutine_threadsafe(move_on(), loop).result(timeout=30)
        told.append(done)

    surroundings = Surroundings(TRUST, sealing.guard, public)
    report = await asyncio.to_thread(
        inspect_file, file_of(database), surroundings, progress=progress
    )
    assert (report.size, report.findings) == (252, ())

    report = await asyncio.to_thread(inspect_file, file_of(database), surroundings)
    assert (report.size, report.findings) == (270, ())
