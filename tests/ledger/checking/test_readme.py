"""The walk-through of the README, run as it stands there by bash, sha256sum and openssl."""

import re
import subprocess
from pathlib import Path

import pytest

README = Path(__file__).parents[3] / "ledger" / "README.md"
STEPS = [
    "Signature Verified Successfully",
    "The event is in the tree.",
    "The event is of this subject.",
    "kind: certificate-issued",
]


def walk_through(folder, proof, vkey):
    (folder / "certificate.proof").write_text(proof, encoding="utf-8")
    script = "\n".join(
        re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    )
    walked = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={"proof": "certificate.proof", "vkey": vkey, "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in walked.stdout.splitlines() if line in STEPS]


@pytest.mark.parametrize("subject", ["cert_0", "cert_1", "cert_2"])
async def test_a_stranger_comes_to_the_same_result(grown, log, vkey, tmp_path, subject):
    async with grown.begin() as connection:
        proof = await log.prove_subject(connection, subject)

    assert walk_through(tmp_path, proof, vkey) == STEPS


async def test_a_stranger_sees_which_step_fails(grown, log, vkey, tmp_path):
    async with grown.begin() as connection:
        proof = await log.prove_subject(connection, "cert_0")

    assert walk_through(tmp_path, proof.replace("\n10\n", "\n11\n"), vkey) == STEPS[1:]
    assert walk_through(tmp_path, proof.replace("event 0 ", "event 1 "), vkey) == [
        STEPS[0],
        *STEPS[2:],
    ]
    renamed = proof.replace(" cert_0\n", " cert_1\n")
    assert walk_through(tmp_path, renamed, vkey) == [*STEPS[:2], STEPS[3]]
    resalted = proof.replace("open 0 kind ", "open 0 kind AA")
    assert walk_through(tmp_path, resalted, vkey) == STEPS[:3]
