"""What is written in Go and JavaScript accepts every entry that is published, and nothing else.

`make conformance` installs both beforehand.
"""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from tests.conformance.published import Published
from tests.conformance.sealed_log import BANK, export_sealed_log

HERE = Path(__file__).parent
OTHERS = HERE.parents[1] / ".conformance"
GO_CHECK = OTHERS / "check-with-go"
# A full tile of the level above needs 65,536 entries; 70,000 is the standard's own example.
MANY = (100, 60_000, 9_000, 896)


@pytest.fixture(scope="session")
def proofs(tmp_path_factory, exported):
    return written(exported, tmp_path_factory)


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    return asyncio.run(export_sealed_log(tmp_path_factory.mktemp("large"), MANY))


@pytest.fixture(scope="session")
def large_proofs(tmp_path_factory, large):
    return written(large, tmp_path_factory)


def written(folder, tmp_path_factory):
    """A file with every proof of ours."""
    path = tmp_path_factory.mktemp("proofs") / "proofs"
    Published(folder).write_proofs(path)
    return path


def check_in_go(folder, proofs):
    if not GO_CHECK.exists():
        pytest.skip("Go could not be installed here")
    return said_by([GO_CHECK, folder, proofs], WITNESS=BANK.verifying_key.vkey())


def check_in_javascript(folder, proofs):
    modules = str(OTHERS / "npm" / "node_modules")
    return said_by(["node", HERE / "npm" / "check.js", folder, proofs], NODE_PATH=modules)


def said_by(command, **environment):
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert (done.returncode == 1) == done.stdout.startswith("REFUSED")
    return done.stdout.strip()


def test_go_accepts_every_file_root_signature_and_proof(exported, proofs):
    said = check_in_go(exported, proofs)
    assert said == "entries 700 checkpoints 8 files 8 proofs 736"


def test_go_accepts_a_log_with_tiles_on_three_levels(large, large_proofs):
    said = check_in_go(large, large_proofs)
    assert said == "entries 70000 checkpoints 4 files 552 proofs 70010"


def test_sigstore_in_javascript_accepts_every_signature_and_proof(exported, proofs):
    said = check_in_javascript(exported, proofs)
    assert said == "entries 700 checkpoints 8 proofs 700"


def test_sigstore_in_javascript_accepts_a_log_with_tiles_on_three_levels(large, large_proofs):
    said = check_in_javascript(large, large_proofs)
    assert said == "entries 70000 checkpoints 4 proofs 70000"


def test_go_refuses_anything_wrong(damaged, proofs):
    assert check_in_go(damaged, proofs).startswith("REFUSED: ")


def test_sigstore_in_javascript_refuses_anything_wrong(damaged, tmp_path):
    """It reads no tiles itself: what is wrong with those is in the proofs made from them."""
    proofs = tmp_path / "proofs"
    Published(damaged).write_proofs(proofs)
    assert check_in_javascript(damaged, proofs).startswith("REFUSED: ")
