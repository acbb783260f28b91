"""The quick look: the end of the log, the newest checkpoint, the guard."""

import pytest

from ledger.inspecting.databases import reading
from ledger.inspecting.fsck import Surroundings
from ledger.inspecting.quick import inspect_quickly
from ledger.inspecting.signers import Trust
from tests.conftest import on_sqlite
from tests.databases import file_of
from tests.ledger.growing import ORIGIN
from tests.ledger.inspecting.inspected_log import SIZE, around, database_in, guard_in
from tests.ledger.sealing_log import LOG_KEY
from tests.ledger.tampering import tamper


def looked_at(database, surroundings):
    with reading(database) as connection:
        return inspect_quickly(connection, surroundings)


def found_in(folder):
    found = looked_at(database_in(folder), around(folder)).findings
    return [(each.index, each.place) for each in found if each.place != "schema"]


def test_a_sound_log_looks_sound(built):
    report = looked_at(database_in(built), around(built))

    assert (report.findings, report.level, report.size) == ((), "quick", SIZE)
    assert report.read == {"entries": SIZE, "waiting": 0, "checkpoints": 1}


@on_sqlite
async def test_an_empty_log_looks_sound(engine, database, folder):
    async with engine.begin():
        pass
    guard_in(folder).unlink()

    assert looked_at(file_of(database), around(folder)).findings == ()


FLIP = "CAST(substr({0}, 1, 20) || x'2a' || substr({0}, 22) AS BLOB)"


@pytest.mark.parametrize(
    ("statement", "index", "place"),
    [
        (f"ledger_entry SET entry = {FLIP.format('entry')} WHERE idx = 50", 50, "ledger_entry"),
        (f"ledger_entry SET leaf = {FLIP.format('leaf')} WHERE idx = 299", 299, "ledger_entry"),
        (f"ledger_entry SET chain = {FLIP.format('chain')} WHERE idx = 299", 299, "ledger_entry"),
        ("ledger_entry SET idx = 500 WHERE idx = 299", 299, "ledger_entry"),
        ("ledger_tile SET hashes = zeroblob(32) WHERE n = 1", 256, "ledger_tile"),
        ("ledger_tile SET hashes = zeroblob(32) WHERE level = 1", 279, "ledger_checkpoint"),
        ("ledger_head SET edge = zeroblob(128)", 299, "ledger_head"),
        ("ledger_head SET size = 299", 299, "ledger_head"),
        ("ledger_checkpoint SET note = '' WHERE size = 280", 279, "ledger_checkpoint"),
        ("ledger_checkpoint SET root = zeroblob(32) WHERE size = 280", 279, "ledger_checkpoint"),
        ("ledger_checkpoint SET size = 500 WHERE size = 280", 280, "guard"),
    ],
)
def test_what_is_wrong_at_the_end_is_seen(folder, statement, index, place):
    tamper(database_in(folder), f"UPDATE {statement}")

    assert (index, place) in found_in(folder)


def test_a_database_older_than_its_guard_is_seen(folder):
    tamper(database_in(folder), "DELETE FROM ledger_checkpoint WHERE size = 280")

    assert found_in(folder) == [(259, "guard")]


def test_a_checkpoint_under_a_key_of_somebody_else_is_seen(built):
    """The newest one was signed after the log had been handed on."""
    trust = Trust(ORIGIN, (LOG_KEY.verifying_key,))
    report = looked_at(database_in(built), Surroundings(trust, around(built).guard))

    assert [(each.index, each.problem) for each in report.findings] == [
        (279, "its signed note is not good")
    ]


def test_triggers_that_are_gone_are_seen(folder):
    tamper(database_in(folder))
    report = looked_at(database_in(folder), around(folder))

    assert {each.place for each in report.findings} == {"schema"}
    assert report.first_bad_index == SIZE
