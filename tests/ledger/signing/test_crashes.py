"""Whatever fails or dies while a log is sealed, no size ever gets two trees, and it goes on."""

import asyncio
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.entry import parse_entry
from ledger.formats.note import parse_note
from ledger.keeping.reading import published_note, read_head
from ledger.keeping.state_map import read_root
from tests.conftest import on_sqlite
from tests.databases import SQLITE, file_of
from tests.ledger.conftest import open_engine
from tests.ledger.growing import ORIGIN, START
from tests.ledger.reference import tree_hash
from tests.ledger.sealing_log import EngineTransactions
from tests.ledger.signing.faulted import (
    BATCHES,
    DATABASE,
    add_events,
    fail,
    run,
    sealing_in,
    witness_in,
)
from tests.ledger.tampering import entries, rows

ROOT = Path(__file__).parents[3]
KILLED = 9
SHARES = 4
# One step in four at every `make test`, and all of them with EVERY_STEP=1.
PLAYED = range(SHARES if os.environ.get("EVERY_STEP") else 1)


pytestmark = on_sqlite


@pytest.fixture(scope="module")
def places(tmp_path_factory, templates):
    """How many places there are at which something may go wrong."""
    folder = tmp_path_factory.mktemp("counted")
    shutil.copy(file_of(templates["empty"]), folder / DATABASE)
    notes = []
    made = run(folder, 0, fail, notes.append)
    assert len(notes) == len(BATCHES)
    assert None not in notes
    assert made > 100
    return made


def folder_for(tmp_path, templates, nth):
    folder = tmp_path / str(nth)
    folder.mkdir()
    shutil.copy(file_of(templates["empty"]), folder / DATABASE)
    return folder


async def judge(folder, told=()):
    """No size has two bodies, wherever they were shown; and the log goes on as if nothing was."""
    shown = [note for note in told if note is not None]
    published = folder / "public" / "checkpoint"
    if published.exists():
        shown.append(published.read_text())
    with witness_in(folder).memory.of(ORIGIN) as memory:
        seen = memory.recall()
    engine = open_engine(f"{SQLITE}{folder / DATABASE}")
    now = START + timedelta(seconds=700 * len(BATCHES))
    sealing = sealing_in(folder, EngineTransactions(engine, now))
    try:
        await add_events(sealing.transactions, 2, 700 * len(BATCHES))
        while (note := await sealing.seal()) is not None:
            shown.append(note)
        async with sealing.transactions.reading() as tx:
            size, note = await published_note(tx.connection)
            assert (await read_head(tx.connection)).size == size
            root = await read_root(tx.connection)
    finally:
        await engine.dispose()
    checkpoints = [parse_checkpoint(parse_note(each).text) for each in shown]
    checkpoints += [seen] if seen.tree_size else []
    log = entries(folder / DATABASE)
    for checkpoint in checkpoints:
        assert checkpoint.root == tree_hash(log[: checkpoint.tree_size])
    for size, root_kept in rows(folder / DATABASE, "SELECT size, root FROM ledger_checkpoint"):
        assert root_kept == tree_hash(log[:size])
    assert parse_entry(log[-1]).map_root == root
    assert sealing.guard.read().size == len(log)
    assert published.read_text() == note


@pytest.mark.parametrize("share", PLAYED)
async def test_a_step_that_fails_never_leads_to_a_second_tree(tmp_path, templates, places, share):
    for nth in range(1 + share, places + 1, SHARES):
        folder, told = folder_for(tmp_path, templates, nth), []
        await asyncio.to_thread(run, folder, nth, fail, told.append)
        await judge(folder, told)


@pytest.mark.parametrize("share", PLAYED)
async def test_a_process_killed_at_any_step_leaves_no_room_for_a_second_tree(
    tmp_path, templates, places, share
):
    numbers = range(1 + share, places + 1, SHARES)
    folders = [folder_for(tmp_path, templates, nth) for nth in numbers]
    command = [sys.executable, "-m", "tests.ledger.signing.faulted", *map(str, folders)]
    ran = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == (f"{KILLED}\n" * len(folders), "")
    for folder in folders:
        await judge(folder)
