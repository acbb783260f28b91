"""Whatever fails or dies under a witness, it cosigns no second tree of a size, and none smaller."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.ledger.witnessing.asking import AskingLog, secret_key
from tests.ledger.witnessing.faulted import SIZES, be_asked, fail, met_at, witness_at

ROOT = Path(__file__).parents[3]
KILLED = -9


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """How many calls to the system the whole work makes."""
    folder = tmp_path_factory.mktemp("counted")
    with met_at(0, fail) as made:
        be_asked(folder, lambda _: None)
    assert made[0] > len(SIZES) * 5
    return made[0]


def judge(folder, cosigned):
    """What was cosigned is remembered; no other tree is cosigned; the honest log goes on."""
    witness, log = witness_at(folder), AskingLog(secret_key())
    fork = AskingLog(secret_key(), fork="x", fork_at=0)
    known = int(witness.add_checkpoint(log.request(1, 1)).body) if cosigned else 0
    assert known >= max(cosigned, default=0)
    for size in cosigned:
        asked = [fork.request(old_size, size) for old_size in (0, known, size)]
        assert {witness.add_checkpoint(each).status for each in asked} <= {400, 409, 422}
        if size < known:
            assert witness.add_checkpoint(log.request(0, size)).status == 409
    again = witness.add_checkpoint(log.request(0, SIZES[-1]))
    old_size = int(again.body) if again.status == 409 else SIZES[-1]
    assert witness.add_checkpoint(log.request(old_size, SIZES[-1])).status == 200


@pytest.mark.parametrize("after", [False, True])
def test_a_call_that_fails_leaves_no_room_for_a_second_tree(tmp_path, calls, after):
    for nth in range(1, calls + 1):
        cosigned, folder = [], tmp_path / str(nth)
        with met_at(nth, fail, after=after), pytest.raises(OSError, match="does not answer"):
            be_asked(folder, cosigned.append)
        judge(folder, cosigned)


def test_a_witness_killed_at_any_call_leaves_no_room_for_a_second_tree(tmp_path, calls):
    def kill_at(nth):
        command = [sys.executable, "-m", "tests.ledger.witnessing.faulted"]
        return subprocess.run(
            [*command, str(tmp_path / str(nth)), str(nth)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    with ThreadPoolExecutor(2) as pool:
        for nth, ended in enumerate(pool.map(kill_at, range(1, calls + 1)), start=1):
            assert (ended.returncode, ended.stderr) == (KILLED, "")
            judge(tmp_path / str(nth), [int(line) for line in ended.stdout.split()])
