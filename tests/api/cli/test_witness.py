"""A witness as an operator starts it, over real HTTP."""

import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest

from ledger.formats.note import open_note
from ledger.formats.policy import parse_policy
from ledger.signing.key_file import load_secret
from tests.ledger.witnessing.asking import AskingLog, secret_key

RUN = [sys.executable, "-c", "from api.cli import main; main()", "ledger", "witness"]
SECONDS = 30
LOG = AskingLog(secret_key())


@pytest.fixture
def arguments(tmp_path):
    """For a witness of one log, whose key and memory lie in a folder of its own."""
    (tmp_path / "logs").write_text(f"# The one we know.\n{LOG.key.verifying_key.vkey()}\n")
    options = {"logs": tmp_path / "logs", "key": tmp_path / "w.key", "state": tmp_path / "state"}
    return [part for name, path in options.items() for part in (f"--{name}", str(path))]


@contextmanager
def started(environment, arguments):
    """What a witness prints when it starts; it is told to stop at the end."""
    server = subprocess.Popen(
        [*RUN, *arguments, "--name", "witness.example/w1", "--port", "0"],
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        lines = []
        for line in server.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Stop with"):
                break
        yield lines
    finally:
        server.send_signal(signal.SIGINT)
        rest, _ = server.communicate(timeout=SECONDS)
        assert (server.returncode, rest) == (0, "\nStopped. Everything is remembered.\n")


def policy_in(lines):
    """The policy to which the printed line belongs."""
    (line,) = [line.strip() for line in lines if line.startswith("  witness ")]
    log = f"log {LOG.key.verifying_key.vkey()}"
    return parse_policy(f"{log}\n{line}\nquorum {line.split()[1]}\n")


def post(policy, body):
    (witness,) = policy.witnesses
    return httpx.post(f"{witness.url}/add-checkpoint", content=body, trust_env=False)


def test_it_says_what_belongs_in_a_policy_and_cosigns_for_it(environment, arguments):
    with started(environment, arguments) as lines:
        policy = policy_in(lines)
        answer = post(policy, LOG.request(0, 5))
        assert answer.status_code == 200
        assert policy.open(LOG.note(5) + answer.text).by == ("witness.example/w1",)
        assert post(policy, AskingLog(secret_key("other.example/log")).request(0, 5)).is_error


def test_it_keeps_its_key_and_forgets_nothing_when_it_starts_again(environment, arguments):
    with started(environment, arguments) as lines:
        key = policy_in(lines).witnesses[0].key
        assert post(policy_in(lines), LOG.request(0, 5)).status_code == 200
    with started(environment, arguments) as lines:
        policy = policy_in(lines)
        assert policy.witnesses[0].key == key
        answer = post(policy, LOG.request(0, 8))
        assert (answer.status_code, answer.text) == (409, "5\n")
        note = LOG.note(8) + post(policy, LOG.request(5, 8)).text
        assert open_note(note, [key]).signed[0].key == key


@pytest.mark.usefixtures("data")
def test_a_file_that_names_no_logs_is_said_in_one_line(datatitle, arguments, tmp_path):
    (tmp_path / "logs").write_text("log nothing\n")
    told = datatitle("ledger", "witness", *arguments, "--port", "0")
    assert told.exit_code == 2
    assert told.stderr.startswith("datatitle: the witness cannot start: ")


def test_a_key_of_another_kind_is_refused(datatitle, arguments, tmp_path):
    path = tmp_path / "w.key"
    path.write_text(secret_key().secret() + "\n")
    path.chmod(0o600)
    assert load_secret(path) == secret_key()
    told = datatitle("ledger", "witness", *arguments, "--port", "0")
    assert told.exit_code == 2
    assert "not one that cosigns" in told.stderr


def test_a_key_that_others_may_read_is_refused(datatitle, arguments, tmp_path):
    path = tmp_path / "w.key"
    path.write_text(secret_key().secret() + "\n")
    path.chmod(0o644)
    with pytest.raises(PermissionError):
        datatitle("ledger", "witness", *arguments, "--port", "0")
