"""Whatever fails or dies while a log is published, what is published stays right, and goes on."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from ledger.publishing.shelf import FolderShelf
from tests.ledger.publishing.expected import files_in
from tests.ledger.publishing.interrupted import FILES, SIZES, publish_all
from tests.ledger.witnessing.faulted import fail, met_at

ROOT = Path(__file__).parents[3]
KILLED = -9
KILLS = 8


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """How many calls to the system the whole publication makes."""
    folder = tmp_path_factory.mktemp("counted")
    with met_at(0, fail) as made:
        publish_all(folder)
    assert made[0] > len(SIZES) * 10
    return made[0]


def judge(folder):
    """Every file is what it must be, and all that the published checkpoint needs is there."""
    right = {path: content for files in FILES.values() for path, content in files.items()}
    there = {path: content for path, content in files_in(folder).items() if ".draft" not in path}
    assert there.items() <= right.items()
    note = FolderShelf(folder).read("checkpoint")
    if note is not None:
        size = int(note.decode().split("\n")[1])
        assert FILES[size].items() <= there.items()


def judge_after_another(folder):
    publish_all(folder)
    judge(folder)
    # Those of the checkpoint before the last are not in the way of a full tile yet.
    expected = {**FILES[SIZES[-1]], **FILES[SIZES[-2]]}
    assert files_in(folder) == expected
    assert list(folder.rglob("*.draft")) == []


@pytest.mark.parametrize("after", [False, True])
def test_a_call_that_fails_leaves_what_is_right_and_the_next_goes_on(tmp_path, calls, after):
    for nth in range(1, calls + 1):
        folder = tmp_path / str(nth)
        with met_at(nth, fail, after=after), suppress(OSError):
            publish_all(folder)
        judge(folder)
        judge_after_another(folder)


def test_a_kill_at_any_call_leaves_what_is_right_and_the_next_goes_on(tmp_path, calls):
    def kill_at(nth):
        command = [sys.executable, "-m", "tests.ledger.publishing.interrupted"]
        return subprocess.run([*command, str(tmp_path / str(nth)), str(nth)], cwd=ROOT, check=False)

    moments = range(1, calls + 1, calls // KILLS)
    with ThreadPoolExecutor(2) as pool:
        for nth, ended in zip(moments, pool.map(kill_at, moments), strict=True):
            assert ended.returncode == KILLED
            judge(tmp_path / str(nth))
            judge_after_another(tmp_path / str(nth))
