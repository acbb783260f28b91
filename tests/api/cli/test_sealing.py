"""`datatitle ledger checkpoint` and `guard`: sign now, and look after what guards the signing."""

import asyncio

import pytest

from api.opening import open_registry
from api.sealing import load_signers
from ledger.formats.policy import NONE, Policy, TrustedLog
from ledger.signing.file_guard import FileGuard
from tests.api.cli.registers import settings_of

ORIGIN = "datatitle.local/log"
ADOPTED = ("ledger", "guard", "--adopt", "--confirm", ORIGIN)


@pytest.fixture
def guard(sample):
    return FileGuard(sample / "guard" / "log", ORIGIN)


def add_event(data):
    async def add():
        registry = await open_registry(settings_of(data))
        async with registry.deciding() as tx:
            await tx.log.append(
                tx.connection, subject="a", kind="tried", at=tx.now, public={}, private={}
            )
        await registry.close()

    asyncio.run(add())


def test_the_newest_checkpoint_is_signed_published_and_printed(datatitle, sample, guard):
    add_event(sample)
    before = guard.read().size

    told = datatitle("ledger", "checkpoint")

    assert (told.exit_code, told.stderr) == (0, "")
    trusted = tuple(TrustedLog(key.verifying_key) for key in load_signers(settings_of(sample)))
    checkpoint = Policy(trusted, (), (), NONE).open(told.stdout).checkpoint
    assert (checkpoint.origin, checkpoint.tree_size) == (ORIGIN, before + 2)
    assert (sample / "ledger" / "checkpoint").read_text() == told.stdout
    assert guard.read().root == checkpoint.root
    assert datatitle("ledger", "checkpoint").stdout == told.stdout


def test_a_restored_backup_is_not_signed_and_both_commands_say_why(
    datatitle, sample, databases, database, guard, tmp_path
):
    backup = databases.copy(database, tmp_path)
    add_event(sample)
    assert datatitle("ledger", "checkpoint").exit_code == 0
    databases.put_back(backup, database)

    told = datatitle("ledger", "checkpoint")

    size = guard.read().size
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith(
        "datatitle: The database is older than what was signed: it holds "
        f"{size - 2} entries, and the guard {guard.path} knows of {size}."
    )
    assert datatitle("ledger", "guard").stderr == told.stderr
    refused = datatitle(*ADOPTED)
    assert refused.exit_code == 1
    assert "the database is not the newest" in refused.stderr
    assert guard.read().size == size


def test_what_the_guard_knows_is_shown(datatitle, guard):
    told = datatitle("ledger", "guard")
    assert told.exit_code == 0
    assert told.stdout == (
        f"{guard.read().text()}The database continues what the guard {guard.path} knows.\n"
    )


def test_a_lost_guard_is_made_again_when_the_operator_answers_for_it(datatitle, sample, guard):
    before = guard.read()
    guard.path.unlink()
    refused = datatitle("ledger", "checkpoint")
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"datatitle: The guard {guard.path} is missing")
    assert refused.stderr.endswith("run `datatitle ledger guard --adopt`.\n")

    told = datatitle(*ADOPTED)

    assert told.exit_code == 0
    assert f"The newest checkpoint here is of {before.size} entries:" in told.stdout
    assert "No witness says that it is the newest: you alone answer for it." in told.stdout
    assert told.stdout.endswith(f"The guard {guard.path} is made.\n")
    assert guard.read() == before
    add_event(sample)
    assert datatitle("ledger", "checkpoint").exit_code == 0


@pytest.mark.parametrize("answer", ["yes", "", "datatitle.local/logs"])
def test_anything_but_the_log_s_name_leaves_the_guard_as_it_was(datatitle, guard, answer):
    guard.path.unlink()
    told = datatitle("ledger", "guard", "--adopt", "--confirm", answer)
    assert told.exit_code == 1
    assert "that is not the log's origin" in told.stderr
    assert guard.read() is None


def test_a_server_at_work_is_not_pushed_aside(datatitle, guard):
    with guard.held():
        guard.path.unlink()
        told = datatitle(*ADOPTED)
    assert (told.exit_code, guard.read()) == (1, None)
    assert "a server is sealing this ledger: stop it first" in told.stderr


@pytest.mark.usefixtures("sample")
def test_witnesses_that_cannot_be_reached_are_named(datatitle, tmp_path):
    policy = tmp_path / "witnesses"
    policy.write_text(
        "witness court witness.example/court+c782bfcf+BG56HN0psLeP0Tr0xVmP7/TvKpcWbjym8uT7/M2AUFvx"
        " http://127.0.0.1:9/\nquorum court\n"
    )
    told = datatitle("ledger", "checkpoint", DATATITLE_WITNESSES=str(policy))
    assert told.exit_code == 1
    assert "lacks witnesses that the policy asks for (court: it could not be reached" in told.stderr


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DATATITLE_WITNESSES", "/nowhere/witnesses", "No such file or directory"),
        ("DATATITLE_SIGNER", "log+key /bin/sign", "DATATITLE_SIGNER"),
    ],
)
def test_settings_that_cannot_be_used_are_named(datatitle, name, value, reason):
    told = datatitle("ledger", "checkpoint", **{name: value})
    assert told.exit_code == 2
    assert told.stderr.startswith(f"datatitle: {name}: ")
    assert reason in told.stderr
