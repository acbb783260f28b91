"""Entries that are no events: what they may say, and where they may stand."""

from datetime import timedelta

import pytest

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.entry import Freeze, KeyChange, Origin, PolicyInForce
from ledger.formats.hashing import Hash
from ledger.formats.keys import Algorithm
from ledger.signing.key_file import SecretKey
from ledger.signing.rotation import sign_key_change
from tests.ledger.growing import ORIGIN, signed
from tests.ledger.inspecting.by_hand import HandLog
from tests.ledger.sealing_log import LOG_KEY
from tests.ledger.tampering import tamper

NEXT_KEY = SecretKey(ORIGIN, Algorithm.ED25519, b"\x03" * 32)
THIRD_KEY = SecretKey(ORIGIN, Algorithm.ED25519, b"\x04" * 32)
FORMER = SecretKey("datatitle.example/former", Algorithm.ED25519, b"\x05" * 32)
ENTRY, CHECKPOINT = "ledger_entry", "ledger_checkpoint"


@pytest.fixture
async def log(engine, tmp_path):
    """Two events, closed and signed: four entries with the policy before them."""
    log = HandLog(engine, tmp_path)
    await log.mark(PolicyInForce("SH-2024/1", Hash(b"\x07" * 32)))
    await log.events("a", "b")
    await log.state()
    await log.sign()
    return log


async def test_a_log_of_all_kinds_is_sound(log):
    await log.events("a")
    await log.mark(sign_key_change(ORIGIN, LOG_KEY, NEXT_KEY))
    await log.state()
    await log.sign(LOG_KEY, NEXT_KEY)
    await log.mark(Freeze("datatitle.example/next"))
    await log.state()
    await log.sign(NEXT_KEY)

    assert await log.findings(NEXT_KEY) == []


async def test_a_state_whose_map_is_not_that_of_its_subjects(log):
    await log.events("a")
    await log.state(map_root=Hash(b"\x08" * 32))
    await log.sign()

    problem = "its map root is not that of the subjects before it"
    assert await log.findings() == [(5, ENTRY, problem)]


async def test_a_state_that_is_older_than_the_one_before(log):
    await log.events("a")
    await log.state(time=int(log.now.timestamp()) - 60)
    await log.sign()

    assert (5, ENTRY, "it is older than the state before") in await log.findings()


async def test_a_checkpoint_that_no_state_closes(log):
    await log.events("a")
    await log.sign()

    problem = "its last entry is not the state of those before"
    assert await log.findings() == [(4, CHECKPOINT, problem)]


async def test_a_checkpoint_of_another_log(log):
    await log.events("a")
    await log.state()
    await log.sign(origin="datatitle.example/other")

    assert await log.findings() == [(5, CHECKPOINT, "it is not of this log at this size")]


async def change_key(log, old, new, **changed):
    change = sign_key_change(ORIGIN, old, new)
    fields = {name: getattr(change, name) for name in change.__slots__} | changed
    await log.mark(KeyChange(**fields))
    await log.state()


async def test_the_old_key_signs_no_more_once_the_log_was_handed_on(log):
    await change_key(log, LOG_KEY, NEXT_KEY)
    await log.sign(LOG_KEY)

    assert await log.findings(NEXT_KEY) == [(5, CHECKPOINT, "its signed note is not good")]


async def test_the_new_key_does_not_sign_alone_before_the_log_was_handed_on(log):
    await log.events("a")
    await log.state()
    await log.sign(NEXT_KEY)
    await change_key(log, LOG_KEY, NEXT_KEY)
    await log.sign(LOG_KEY, NEXT_KEY)

    assert await log.findings(NEXT_KEY) == [(5, CHECKPOINT, "its signed note is not good")]


async def test_a_key_of_long_ago_signs_no_more(log):
    await change_key(log, LOG_KEY, NEXT_KEY)
    await log.sign(LOG_KEY, NEXT_KEY)
    await change_key(log, NEXT_KEY, THIRD_KEY)
    await log.sign(NEXT_KEY, THIRD_KEY)
    assert await log.findings(THIRD_KEY) == []
    await log.events("a")
    await log.state()
    await log.sign(LOG_KEY, THIRD_KEY)

    assert await log.findings(THIRD_KEY) == [(9, CHECKPOINT, "its signed note is not good")]


async def test_a_key_beside_the_one_in_use_that_the_log_does_not_know(log):
    await log.events("a")
    await log.state()
    await log.sign(LOG_KEY, NEXT_KEY)

    assert await log.findings() == [(5, CHECKPOINT, "its signed note is not good")]
    assert await log.findings(LOG_KEY, NEXT_KEY) == []


@pytest.mark.parametrize("missing", ["old_signature", "new_signature"])
async def test_both_keys_sign_a_change_of_keys(log, missing):
    await change_key(log, LOG_KEY, NEXT_KEY, **{missing: bytes(64)})
    await log.sign()

    problem = "the old key and the new one did not both sign it"
    assert await log.findings() == [(4, ENTRY, problem)]


async def test_a_log_is_handed_on_by_the_key_in_use(log):
    await change_key(log, LOG_KEY, NEXT_KEY)
    await log.sign(LOG_KEY, NEXT_KEY)
    await change_key(log, LOG_KEY, THIRD_KEY)
    await log.sign(NEXT_KEY, THIRD_KEY)

    problem = "it hands on from a key that was not in use"
    assert await log.findings(THIRD_KEY) == [(6, ENTRY, problem)]


async def test_a_log_that_was_handed_on_to_a_key_nobody_has(log):
    await change_key(log, LOG_KEY, NEXT_KEY)
    await log.sign(LOG_KEY, NEXT_KEY)

    problem = "it hands on to a key that this installation does not sign with"
    assert await log.findings(LOG_KEY) == [(4, ENTRY, problem)]


def origin(name, key):
    note = signed(Checkpoint(name, 1, Hash(b"\x01" * 32)).text(), key)
    return Origin(note.encode())


async def test_a_log_may_begin_with_the_last_checkpoint_of_another(engine, tmp_path):
    log = HandLog(engine, tmp_path)
    await log.mark(origin(FORMER.name, FORMER))

    assert await log.findings() == []


async def test_a_log_that_took_over_events_may_say_when(engine, tmp_path, database):
    """Its head tells the instant it began, until a state closes it."""
    log = HandLog(engine, tmp_path)
    await log.mark(origin(FORMER.name, FORMER))
    await log.events("a")
    tamper(database, "UPDATE ledger_head SET last_at = last_at + 60000000")
    assert await log.findings() == []
    log.now += timedelta(seconds=60)
    await log.state()
    await log.events("a")
    tamper(database, "UPDATE ledger_head SET last_at = last_at + 60000000")

    problem = "its instant is not the latest of the entries"
    assert await log.findings() == [(3, "ledger_head", problem)]


NOT_FIRST = "only the first entry names the log before, which is another"
NO_CHECKPOINT = "it does not hold the signed checkpoint of another log"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (origin(ORIGIN, LOG_KEY), NOT_FIRST),
        (Origin(b"no note"), NO_CHECKPOINT),
        (Origin(b"\xff"), NO_CHECKPOINT),
    ],
)
async def test_a_log_does_not_begin_with_anything_else(engine, tmp_path, entry, problem):
    log = HandLog(engine, tmp_path)
    await log.mark(entry)

    assert await log.findings() == [(0, ENTRY, problem)]


async def test_no_later_entry_names_a_log_before(log):
    await log.mark(origin(FORMER.name, FORMER))

    assert await log.findings() == [(4, ENTRY, NOT_FIRST)]


async def test_nothing_but_a_state_follows_the_end(log, database):
    await log.mark(Freeze("datatitle.example/next"))
    assert await log.findings() == []
    tamper(database)
    await log.mark(PolicyInForce("SH-2024/2", Hash(b"\x07" * 32)))

    assert await log.findings() == [(5, ENTRY, "the log had ended before it")]


async def test_nothing_follows_the_state_after_the_end(log, database):
    await log.mark(Freeze("datatitle.example/next"))
    await log.state()
    tamper(database)
    await log.mark(PolicyInForce("SH-2024/2", Hash(b"\x07" * 32)))

    assert await log.findings() == [(6, ENTRY, "the log had ended before it")]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("SET kind = 'freeze' WHERE idx = 0", "its row does not say what its entry is"),
        ("SET number = 4 WHERE idx = 0", "its row does not say what its entry is"),
        ("SET subject = 'a' WHERE idx = 0", "its row does not say what its entry is"),
        ("SET kind = 'event' WHERE idx = 0", "its subject is not known"),
        ("SET kind = 'policy' WHERE idx = 1", "its entry is not in its canonical form"),
    ],
)
async def test_a_row_says_what_its_entry_is(log, database, statement, problem):
    tamper(database, f"UPDATE ledger_entry {statement}")

    assert problem in {found for _, place, found in await log.findings() if place == ENTRY}
