"""A proof is made by the register and checked offline; what it establishes is said line by line."""

import asyncio
import json
import re
import subprocess
import sys

import pytest

from api.cli.examples import example_number
from api.opening import open_registry
from api.sealing import log_key, open_signers
from api.settings import read_settings
from ledger.formats.keys import Algorithm
from ledger.signing.key_file import SecretKey
from services.certificates.proofs import lookup_salts_of
from tests.conftest import on_sqlite

# What a stranger checks is a file, wherever the register is.
pytestmark = on_sqlite

ANSWER = (
    r"As of 20.{17} UTC the certificate is ACTIVE, its effect ends at 20.{17} UTC, "
    r"party_[0-9a-f]{32} holds it, and (no|1) pledge lies on it\."
)


def with_registry(data, work):
    async def opened():
        registry = await open_registry(read_settings({"DATATITLE_DATA": str(data)}))
        try:
            return await work(registry)
        finally:
            await registry.close()

    return asyncio.run(opened())


@pytest.fixture
def number(sample):
    return with_registry(sample, example_number)


@pytest.fixture
def proof(datatitle, number, tmp_path):
    """The proof file of a certificate of the sample register."""
    path = tmp_path / f"{number}.proof"
    made = datatitle("prove", number, "--output", str(path))
    assert made.stdout == f"Written: {path}, {path.stat().st_size} bytes.\n"
    return path


@pytest.fixture
def vkey(sample):
    return log_key(read_settings({"DATATITLE_DATA": str(sample)})).vkey()


@pytest.fixture
def policy(sample, tmp_path):
    """A policy that names all keys of the log, as the log publishes it itself."""
    signers = open_signers(read_settings({"DATATITLE_DATA": str(sample)}))
    lines = [f"log {each.verifying_key.vkey()}\n" for each in signers]
    path = tmp_path / "policy"
    path.write_text("".join([*lines, "quorum none\n"]))
    return path


def test_a_proof_is_told_line_by_line_and_the_answer_is_the_last(datatitle, proof, policy):
    told = datatitle("verify", str(proof), "--policy", str(policy))

    lines = told.stdout.splitlines()
    assert (told.exit_code, told.stderr) == (0, "")
    assert lines[0] == f"PROVEN for certificate {proof.stem}"
    assert lines[2].startswith("  No witness is asked for: ")
    assert any(line.endswith("  certificate-issued") for line in lines)
    assert re.fullmatch(ANSWER, lines[-1])


def test_a_key_by_itself_is_a_policy_too(datatitle, proof, vkey, tmp_path):
    key_file = tmp_path / "log.vkey"
    key_file.write_text(vkey + "\n")

    by_text = datatitle("verify", str(proof), "--key", vkey, "--json")
    by_file = datatitle("verify", str(proof), "--key", str(key_file), "--json")
    assert by_text.exit_code == by_file.exit_code == 0
    assert by_text.stdout == by_file.stdout


def test_as_json_it_is_for_programs(datatitle, proof, policy):
    told = json.loads(datatitle("verify", str(proof), "--policy", str(policy), "--json").stdout)

    assert (told["proven"], told["form"], told["subject"]) == (True, "full", proof.stem)
    assert (told["effectiveStatus"], told["encumbered"]) == (
        "ACTIVE",
        told["standing"]["pledges"] > 0,
    )
    assert [event["number"] for event in told["events"]] == list(range(told["eventCount"]))
    assert told["events"][-1]["standing"] == told["standing"]


def test_a_short_proof_gives_the_same_answer(datatitle, proof, policy, tmp_path):
    short = tmp_path / "short.proof"
    short.write_text(datatitle("prove", proof.stem, "--short").stdout, newline="")

    full = datatitle("verify", str(proof), "--policy", str(policy))
    told = datatitle("verify", str(short), "--policy", str(policy))
    assert told.exit_code == 0
    assert told.stdout.splitlines()[-1] == full.stdout.splitlines()[-1]
    assert len(short.read_text()) < len(proof.read_text())


def test_number_and_salt_of_a_forged_paper_are_proven_unknown(
    datatitle, sample, number, policy, tmp_path
):
    salts = with_registry(sample, lambda registry: lookup_salts_of(registry, [number]))
    salt = salts[number]
    path = tmp_path / "forged.proof"
    answers = []
    for asked, given in ((number, salt), (number, "0" * 32), ("2" * 17, salt)):
        made = datatitle("prove", asked, "--salt", given, "--output", str(path))
        assert made.exit_code == 0
        told = datatitle("verify", str(path), "--policy", str(policy))
        assert told.exit_code == 0
        answers.append(told.stdout.splitlines()[-1].partition(" UTC ")[2].partition(",")[0])

    unknown = "the log knows no certificate with this number and this salt."
    assert answers == ["the certificate is ACTIVE", unknown, unknown]


def test_a_proof_may_be_too_old(datatitle, proof, policy):
    """The sample register was sealed while the tests began."""
    fresh = datatitle("verify", str(proof), "--policy", str(policy), "--max-age", "7d")
    stale = datatitle("verify", str(proof), "--policy", str(policy), "--max-age", "0s")

    assert (fresh.exit_code, stale.exit_code) == (0, 1)
    assert stale.stdout.startswith("NOT PROVEN: The proof is of 20")
    assert stale.stdout.endswith("no more than 0 seconds is accepted: ask for a newer one.\n")


@pytest.mark.parametrize(
    ("spoil", "code", "fault"),
    [
        (lambda text: text.replace("event 0 ", "event 1 ", 1), 1, "NOT PROVEN: "),
        (lambda text: text.replace('"ACTIVE"', '"REVOKED"', 1), 1, "NOT PROVEN: Event 0 cannot"),
        (lambda text: text[:-20], 2, "NOT PROVEN: "),
        (lambda text: text.replace("\n", "\r\n"), 2, "NOT PROVEN: "),
        (lambda _: "hello\n", 2, "NOT PROVEN: "),
        (lambda _: "", 2, "NOT PROVEN: "),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_spoilt_proof_proves_nothing(datatitle, proof, policy, spoil, code, fault, form):
    proof.write_text(spoil(proof.read_text()), newline="")

    told = datatitle("verify", str(proof), "--policy", str(policy), *form)

    assert (told.exit_code, told.stderr) == (code, "")
    said = json.loads(told.stdout) if form else {"proven": False, "fault": told.stdout}
    assert said["proven"] is False
    assert fault.removeprefix("NOT PROVEN: ") in said["fault"]


def test_another_key_proves_nothing(datatitle, proof, vkey):
    name, key_id, key = vkey.split("+", 2)
    other = f"{name}+{key_id}+{key[:-3]}AA="
    stranger = SecretKey(name, Algorithm.ED25519, bytes(32)).verifying_key.vkey()

    assert datatitle("verify", str(proof), "--key", other).exit_code == 2
    told = datatitle("verify", str(proof), "--key", stranger)
    assert told.exit_code == 1
    assert told.stdout.startswith("NOT PROVEN: The checkpoint is not one to be trusted. ")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["missing.proof", "--key", "x"], "there is no file missing.proof"),
        (["{proof}", "--policy", "missing"], "there is no file missing"),
        (["{binary}", "--key", "x"], "cannot be used: it is not text"),
        (["{proof}", "--policy", "{binary}"], "cannot be used: it is not text"),
        (["{proof}", "--policy", "{proof}"], "what you trust cannot be read. Line 1: "),
        (["{proof}", "--key", "no key"], "what you trust cannot be read. Line 1: "),
        (["{proof}"], "say whom you trust, by either --policy or --key"),
        (["{proof}", "--key", "x", "--policy", "y"], "say whom you trust, by either"),
        (["{proof}", "--key", "x", "--max-age", "10"], "10 is no age: write 90s, 10m, 36h or 7d"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(datatitle, proof, tmp_path, arguments, fault):
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")

    told = datatitle("verify", *(each.format(proof=proof, binary=binary) for each in arguments))

    assert (told.exit_code, told.stdout) == (2, "")
    assert fault in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "fault"),
    [
        (
            ["20990131000000001"],
            1,
            "no published checkpoint covers a certificate 20990131000000001",
        ),
        (["1"], 1, "no published checkpoint covers a certificate 1"),
        (["20990131000000001", "--salt", "0"], 2, "a salt has 32 hex digits"),
        (["20990131000000001", "--salt", "G" * 32], 2, "a salt has 32 hex digits"),
    ],
)
@pytest.mark.usefixtures("sample")
def test_what_cannot_be_proven_is_said_in_one_line(datatitle, arguments, code, fault):
    told = datatitle("prove", *arguments)

    assert (told.exit_code, told.stdout, told.stderr) == (code, "", f"datatitle: {fault}\n")


def test_no_database_and_no_network_is_loaded(proof, policy):
    program = (
        "import sys; from api.cli import app\n"
        f"try: app(['verify', {str(proof)!r}, '--policy', {str(policy)!r}])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "loaded = {'sqlalchemy', 'strawberry', 'httpx', 'uvicorn', 'ledger.keeping.store'}\n"
        "assert loaded.isdisjoint(sys.modules), loaded & set(sys.modules)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("PROVEN")
