"""A proof is checked offline; what it establishes is said line by line."""

import asyncio
import json
import subprocess
import sys

import pytest

from api.cli.examples import example_number
from api.opening import open_registry, open_signer
from api.settings import read_settings
from services.certificates.views import proof_of


@pytest.fixture
def proof(sample, tmp_path):
    """A proof file of the sample register, and the key it is checked with."""
    settings = read_settings({"DATATITLE_DATA": str(sample)})

    async def made():
        registry = await open_registry(settings)
        number = await example_number(registry)
        text = await proof_of(registry, number)
        await registry.close()
        return number, text

    number, text = asyncio.run(made())
    path = tmp_path / f"{number}.proof"
    path.write_text(text, encoding="utf-8", newline="")
    return path, open_signer(settings).public_key.vkey()


def test_a_proof_is_told_line_by_line(datatitle, proof, tmp_path):
    path, vkey = proof
    key_file = tmp_path / "log.vkey"
    key_file.write_text(vkey + "\n")

    by_text = datatitle("verify", str(path), "--key", vkey)
    by_file = datatitle("verify", str(path), "--key", str(key_file))

    assert by_text.exit_code == by_file.exit_code == 0
    assert by_text.stdout == by_file.stdout
    lines = by_text.stdout.splitlines()
    assert lines[0] == f"PROVEN for {path.stem}"
    assert any(line.endswith("certificate-issued") for line in lines)


def test_as_json_it_is_for_programs(datatitle, proof):
    path, vkey = proof
    told = json.loads(datatitle("verify", str(path), "--key", vkey, "--json").stdout)

    assert told["proven"] is True
    assert told["subject"] == path.stem
    assert [event["number"] for event in told["events"]] == list(range(len(told["events"])))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda text: text.replace("event ", "event 1", 1), "NOT PROVEN"),
        (lambda text: text[:-20], "NOT PROVEN"),
        (lambda _: "hello\n", "NOT PROVEN"),
        (lambda _: "", "NOT PROVEN"),
    ],
)
def test_a_spoilt_proof_proves_nothing(datatitle, proof, spoil, fault):
    path, vkey = proof
    path.write_text(spoil(path.read_text()), newline="")

    told = datatitle("verify", str(path), "--key", vkey)

    assert told.exit_code == 1
    assert told.stdout.startswith(fault)
    assert told.stderr == ""


def test_another_key_proves_nothing(datatitle, proof):
    path, vkey = proof
    name, key_id, key = vkey.split("+", 2)
    other = f"{name}+{key_id}+{key[:-3]}AA="

    told = datatitle("verify", str(path), "--key", other, "--json")

    assert told.exit_code == 1
    assert json.loads(told.stdout)["proven"] is False


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "there is no file"), (b"\xff\xfe\x00", "is no proof file")]
)
def test_what_cannot_be_read_is_said_in_one_line(datatitle, tmp_path, content, fault):
    path = tmp_path / "some.proof"
    if content is not None:
        path.write_bytes(content)

    told = datatitle("verify", str(path), "--key", "x")

    assert told.exit_code == 1
    assert fault in told.stderr
    assert told.stderr.count("\n") == 1


def test_no_database_and_no_network_is_loaded(proof):
    path, vkey = proof
    program = (
        "import sys; from api.cli import app\n"
        f"try: app(['verify', {str(path)!r}, '--key', {vkey!r}])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "loaded = {'sqlalchemy', 'strawberry', 'httpx', 'uvicorn', 'ledger.keeping.store'}\n"
        "assert loaded.isdisjoint(sys.modules), loaded & set(sys.modules)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("PROVEN")
