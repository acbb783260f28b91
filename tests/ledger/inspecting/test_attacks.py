"""What is done on purpose, with the whole database at hand: each is found, and by what."""

import shutil

import pytest

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.hashing import Hash
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS
from tests.ledger.growing import signed
from tests.ledger.inspecting.changing import TABLES
from tests.ledger.inspecting.inspected_log import (
    NEXT_KEY,
    ORIGIN,
    build,
    database_in,
    guard_in,
    inspected,
    public_in,
)
from tests.ledger.inspecting.rewriting import drop_event
from tests.ledger.tampering import everything, tamper

NEWEST, BEFORE = 280, 259


def found_in(folder):
    """What was found, but for the triggers that had to go, as place and index."""
    found = [each for each in inspected(folder).findings if each.place != "schema"]
    return [(each.place.removeprefix("ledger_"), each.index) for each in found]


def test_a_dropped_event_with_everything_rebuilt_after_it(folder):
    """What was signed tells, and what others have: the checkpoint before is the last good one."""
    drop_event(database_in(folder), 150)
    shutil.rmtree(public_in(folder))
    report = inspected(folder)

    first = report.findings[0]
    assert (first.index, first.place) == (126, "ledger_checkpoint")
    assert first.problem == "the entries do not lead to the root at 207"
    places = {each.place for each in report.findings} - {"schema"}
    assert places == {"ledger_checkpoint", "guard", "public/checkpoint"}


async def test_a_log_rewritten_throughout(folder, tmp_path, engine, database):
    """Somebody grows another log with the same events, and puts the old signatures over it."""
    other = tmp_path / "other"
    shutil.copytree(folder, other, ignore=shutil.ignore_patterns("*.db*"))
    await build(engine, tmp_path / "grown")
    shutil.copy(database, database_in(other))
    for table in ("ledger_checkpoint", "ledger_cosignature"):
        copy_table(database_in(folder), database_in(other), table)

    assert found_in(other)[0] == ("checkpoint", 0)
    assert {place for place, _ in found_in(other) if "/" not in place} == {"checkpoint", "guard"}


def copy_table(source, target, table):
    tamper(
        target,
        f"DELETE FROM {table}",
        f"ATTACH '{source}' AS source",
        f"INSERT INTO {table} SELECT * FROM source.{table}",
    )
