"""Sealing as an installation sets it up: its keys, its witnesses, and how failures are told."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from api import sealing as api_sealing
from api.sealing import (
    LOG_KEY,
    ML_DSA_KEY,
    NEXT_LOG_KEY,
    RepeatedSealing,
    load_signers,
    log_key,
    open_guard,
    open_sealing,
    open_signers,
    read_witnesses,
)
from api.settings import BadSettings, read_settings
from ledger.formats.keys import Algorithm
from ledger.formats.policy import NONE, Policy
from ledger.signing.faults import NotSealedError
from ledger.signing.guard import GuardBusyError
from ledger.signing.key_file import SecretKey, create_secret
from tests.founding import ORIGIN

WITNESS = SecretKey("witness.example/court", Algorithm.COSIGNATURE, b"\x05" * 32).verifying_key


@pytest.fixture
def settings(tmp_path):
    return read_settings({"DATATITLE_DATA": str(tmp_path / "data"), "DATATITLE_LOG_ORIGIN": ORIGIN})


def test_two_keys_are_made_on_first_start_and_found_again(settings):
    made = open_signers(settings)
    kinds = [(key.verifying_key.name, key.verifying_key.algorithm) for key in made]
    assert kinds == [(ORIGIN, Algorithm.ED25519), (ORIGIN, Algorithm.ML_DSA_44)]
    for name in (LOG_KEY, ML_DSA_KEY):
        assert (settings.data / "keys" / name).stat().st_mode & 0o777 == 0o600
    assert open_signers(settings) == made == load_signers(settings)
    assert log_key(settings) == made[0].verifying_key


def test_while_the_key_is_being_changed_both_sign(settings):
    old, ml_dsa = open_signers(settings)
    new = create_secret(settings.data / "keys" / NEXT_LOG_KEY, ORIGIN, Algorithm.ED25519)
    assert load_signers(settings) == [old, new, ml_dsa]


def test_a_key_that_others_may_read_is_not_used(settings):
    open_signers(settings)
    (settings.data / "keys" / ML_DSA_KEY).chmod(0o644)
    with pytest.raises(PermissionError, match=r"log-mldsa\.key may be read by others"):
        load_signers(settings)


def test_a_command_takes_the_place_of_a_key_file(settings):
    kept = SecretKey(ORIGIN, Algorithm.ED25519, b"\x07" * 32).verifying_key
    commanded = replace(settings, signers=(f"{kept.vkey()} /bin/sign --slot 3",))
    own, ml_dsa = open_signers(commanded)
    assert (own.verifying_key, own.command) == (kept, ("/bin/sign", "--slot", "3"))
    assert ml_dsa.verifying_key.algorithm is Algorithm.ML_DSA_44
    assert [path.name for path in (settings.data / "keys").iterdir()] == [ML_DSA_KEY]


@pytest.mark.parametrize(
    "key",
    [
        SecretKey("other.example/log", Algorithm.ED25519, b"\x07" * 32),
        SecretKey(ORIGIN, Algorithm.COSIGNATURE, b"\x07" * 32),
    ],
)
def test_a_command_signs_as_this_log_and_nobody_else(settings, key):
    line = f"{key.verifying_key.vkey()} /bin/sign"
    with pytest.raises(BadSettings, match=r"DATATITLE_SIGNER: .* is no key of this log"):
        open_signers(replace(settings, signers=(line,)))


def test_without_a_policy_nobody_is_asked(settings):
    assert read_witnesses(settings) == Policy((), (), (), NONE)


def test_the_policy_is_read_from_its_file(settings, tmp_path):
    path = tmp_path / "witnesses"
    path.write_text(f"witness court {WITNESS.vkey()} https://court.example/\nquorum court\n")
    policy = read_witnesses(replace(settings, witnesses=path))
    assert (policy.quorum, policy.witnesses[0].key) == ("court", WITNESS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("quorum nobody\n", "Line 1"),
        (f"witness court {WITNESS.vkey()} ftp://court.example/\nquorum court\n", "ftp://court"),
        ("\xff", "cannot be used"),
    ],
)
def test_a_policy_that_cannot_be_used_is_named(settings, tmp_path, text, reason):
    path = tmp_path / "witnesses"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadSettings) as told:
        read_witnesses(replace(settings, witnesses=path))
    assert str(told.value).startswith("DATATITLE_WITNESSES: ")
    assert reason in str(told.value)


async def test_the_register_is_sealed_with_its_own_keys_guard_and_clock(settings, registry, office):
    sealing = open_sealing(replace(settings, heartbeat=timedelta(minutes=3)), registry)
    note = await sealing.seal()
    assert note.startswith(f"{ORIGIN}\n")
    assert sealing.guard.path == settings.data / "guard" / "log"
    registry.clock.advance(timedelta(minutes=2))
    assert await sealing.seal() is None
    registry.clock.advance(timedelta(minutes=1))
    assert (await sealing.seal()).partition("\n\n")[0] == note.partition("\n\n")[0]
    assert office.party_id is not None


def test_several_machines_may_share_a_guard_in_an_object_store(tmp_path):
    chosen = {"DATATITLE_DATA": str(tmp_path), "DATATITLE_LOG_ORIGIN": ORIGIN}
    guard = open_guard(read_settings(chosen | {"DATATITLE_GUARD": "s3://register/guards/log"}))
    assert (guard.place, guard.origin) == ("s3://register/guards/log", ORIGIN)
    for place, fault in (("s3://register", "a file, or an address"), ("ftp://a/b", "a folder")):
        with pytest.raises(BadSettings, match=rf"DATATITLE_GUARD: must be {fault}"):
            open_guard(read_settings(chosen | {"DATATITLE_GUARD": place}))


class Told:
    """A sealing that raises what it is told to, one thing a round; `None` for a good one."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.rounds = 0

    async def seal(self):
        self.rounds += 1
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome


async def repeat(told, times, monkeypatch):
    """Let time pass at once between the rounds."""
    monkeypatch.setattr(api_sealing, "FIRST_REST", 0.0)
    monkeypatch.setattr(api_sealing, "LONGEST_REST", 0.0)
    repeated = RepeatedSealing(told)
    for _ in range(times):
        await repeated()


async def test_a_cause_is_told_once_and_so_is_that_it_is_gone(caplog, monkeypatch):
    behind, fault = NotSealedError("It is older."), LookupError("42")
    outcomes = [behind, behind, fault, fault, behind, None, None, behind]
    await repeat(Told(*outcomes), len(outcomes), monkeypatch)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "the log is not sealed: It is older."),
        ("ERROR", "fault while the log was sealed"),
        ("ERROR", "the log is not sealed: It is older."),
        ("WARNING", "the log is sealed again"),
        ("ERROR", "the log is not sealed: It is older."),
    ]
    assert [record.exc_info is not None for record in caplog.records] == [
        *(False, True, False),
        *(False, False),
    ]


async def test_another_process_that_is_sealing_is_no_failure(caplog, monkeypatch):
    await repeat(Told(GuardBusyError(), None, GuardBusyError()), 3, monkeypatch)
    assert caplog.records == []


async def test_what_fails_is_tried_again_after_a_longer_rest_each_time(monkeypatch, caplog):
    monkeypatch.setattr(api_sealing, "FIRST_REST", 0.02)
    monkeypatch.setattr(api_sealing, "LONGEST_REST", 0.05)
    told = Told(*[NotSealedError("It is older.")] * 4)
    repeated = RepeatedSealing(told)
    now, tried = asyncio.get_running_loop().time, []
    async with asyncio.timeout(10):
        while told.rounds < 5:
            before = told.rounds
            await repeated()
            if told.rounds > before:
                tried.append(now())
            await asyncio.sleep(0.001)
    rests = [after - before for before, after in pairwise(tried)]
    assert all(rest >= least for rest, least in zip(rests, (0.02, 0.04, 0.05, 0.05), strict=True))
    assert caplog.records[-1].levelno == logging.WARNING
