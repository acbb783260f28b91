"""Several processes that seal one log never sign two trees of one size."""

import subprocess
import sys
from base64 import b64encode
from pathlib import Path

from tests.ledger.conftest import open_engine
from tests.ledger.reference import tree_hash
from tests.ledger.sealing_log import sealing_of
from tests.ledger.tampering import entries, rows

ROOT = Path(__file__).parents[3]
RIVALS, ROUNDS = 3, 25


def rival(database, folder):
    arguments = [database, str(folder), str(ROUNDS)]
    command = [sys.executable, "-m", "tests.ledger.signing.rival", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_processes_that_seal_one_log_take_turns(database, tmp_path):
    told = []
    for each in [rival(database, tmp_path) for _ in range(RIVALS)]:
        lines, faults = each.communicate(timeout=120)
        assert (each.returncode, faults) == (0, "")
        told.append([line.split() for line in lines.splitlines()])
    log = entries(database)
    published = [
        (int(size), root) for lines in told for size, *root in lines if root for root in root
    ]
    assert len([entry for entry in log if b'"t":"event"' in entry]) == RIVALS * ROUNDS
    assert published
    for size, root in published:
        assert root == b64encode(tree_hash(log[:size])).decode()
    kept = rows(database, "SELECT size, root, published_at FROM ledger_checkpoint")
    assert {size for size, _ in published} == {size for size, *_ in kept}
    for size, root, published_at in kept:
        assert root == tree_hash(log[:size])
        assert published_at is not None


async def test_what_they_leave_is_sealed_to_its_end(database, tmp_path):
    rivals = [rival(database, tmp_path) for _ in range(2)]
    for each in rivals:
        each.communicate(timeout=120)
    engine = open_engine(database)
    sealing = sealing_of(engine, tmp_path)
    while await sealing.seal() is not None:
        pass
    await engine.dispose()
    log = entries(database)
    assert sealing.guard.read().size == len(log)
    assert sealing.guard.read().root == tree_hash(log)
