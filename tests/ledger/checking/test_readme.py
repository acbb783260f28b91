"""The walk-through of the README, run as it stands there by bash, sha256sum and openssl."""

import re
import subprocess
from pathlib import Path

import pytest

from ledger.formats.proof_file import Form
from tests.ledger.paper_log import LOG_KEY, QUANTUM_KEY, WITNESS_KEYS, PaperLog, pledged_log

README = Path(__file__).parents[3] / "ledger" / "README.md"
SIGNED = ["Signature Verified Successfully", "Signature Verified Successfully"]
SEEN = ["The witness saw it on 2026-01-05 at 02:04:01 UTC."]
STATE = ["The state is the last entry."]
KEY = ["The key is that of number and salt."]
TREE = ["The events are in the tree."]
MAP = ["The certificate has 4 events and no more."]
FACTS = [
    'kind "pledge-released"',
    'at "2026-01-05T02:04:00.000000Z"',
    'status "ACTIVE"',
    'holder "party_1"',
    'effective_end "2029-01-04T02:00:00.000000Z"',
    'pledges "0"',
    'burdened_until "2027-01-05T02:00:00.000000Z"',
    'reason "已还清"',
]
ALL = [*SIGNED, *SEEN, *STATE, *KEY, *TREE, *MAP, *FACTS]


@pytest.fixture(scope="module")
def log():
    return pledged_log()


def walk_through(folder, proof):
    """What a stranger reads, with the failures of openssl left out."""
    text = README.read_text(encoding="utf-8")
    chapter = text[text.index("## A stranger's walk-through") :].partition("\n## ")[0]
    script = "\n".join(re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL))
    (folder / "certificate.proof").write_text(proof, encoding="utf-8")
    walked = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={
            "proof": "certificate.proof",
            "vkey": LOG_KEY.verifying_key.vkey(),
            "witness": WITNESS_KEYS[1].verifying_key.vkey(),
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert walked.stderr.replace("Error Verifying Signature", "").strip() == ""
    return [line for line in walked.stdout.splitlines() if line != "Signature Verification Failure"]


@pytest.mark.parametrize("form", [Form.FULL, Form.SHORT])
def test_a_stranger_comes_to_the_same_result(log, tmp_path, form):
    note = log.note([LOG_KEY, QUANTUM_KEY, *WITNESS_KEYS])

    assert walk_through(tmp_path, log.prove(form, note=note).text()) == ALL


def test_of_a_log_of_any_size(tmp_path):
    for size in (1, 2, 13):
        log = PaperLog()
        log.act()
        log.fill(size - 1)
        log.seal()
        told = walk_through(tmp_path, log.prove().text())
        assert told[3:7] == [*STATE, *KEY, *TREE, "The certificate has 1 events and no more."]


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("\n20\n", "\n21\n", [*SIGNED, *STATE]),
        ('"size":19', '"size":18', STATE),
        (" 20260131000000001\n", " 20260131000000002\n", KEY),
        ("event 0 3 ", "event 0 2 ", TREE),
        ("event 1 7 ", "event 0 7 ", [*TREE, *MAP]),
        ("form full 4", "form full 5", MAP),
        ('"已还清"', '"没还清"', FACTS),
        ('"ACTIVE"', '"REVOKED"', []),
    ],
)
def test_a_stranger_sees_which_step_fails(log, tmp_path, old, new, missing):
    """Of the facts the last event's alone are looked at: the first `ACTIVE` is another's."""
    proof = log.prove().text()
    assert proof.count(old) >= 1

    walked = walk_through(tmp_path, proof.replace(old, new, 1))
    assert walked == [line for line in ALL if line not in missing]
