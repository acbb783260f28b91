"""What a proof establishes, and the sentence with which each other file is refused."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger import MalformedProof, ProofFailed, StaleProof, verify
from ledger.checking.life import Status
from ledger.formats.keys import Algorithm
from ledger.formats.policy import MalformedPolicy, Policy, TrustedLog
from ledger.formats.proof_file import Form
from ledger.signing.key_file import SecretKey
from tests.ledger.paper_log import (
    ALONE,
    BOTH,
    END,
    LOG_KEY,
    NUMBER,
    ORIGIN,
    QUANTUM_KEY,
    SIGNERS,
    START,
    WITNESS_KEYS,
    PaperLog,
    pledged_log,
    signed,
)

LOG = pledged_log()
FULL, SHORT = LOG.prove(), LOG.prove(Form.SHORT)
ABSENT = LOG.prove(Form.ABSENT, of="20260131000000009")
MINUTE = timedelta(minutes=1)


def refusal(file, policy=BOTH, **options):
    with pytest.raises(ProofFailed) as refused:
        verify(file.text(), policy.text(), **options)
    return str(refused.value)


def under(file, note):
    return replace(file, tlog_proof=replace(file.tlog_proof, checkpoint=note))


def test_a_full_proof_tells_the_whole_life():
    verified = verify(FULL.text(), BOTH.text(), now=LOG.now + MINUTE, max_age=10 * MINUTE)

    assert (verified.subject, verified.origin, verified.tree_size) == (NUMBER, ORIGIN, 20)
    assert (verified.form, verified.count) == (Form.FULL, 4)
    assert (verified.as_of, verified.state_at) == (LOG.now, LOG.now)
    assert verified.told_by == verified.witnesses == ("bank", "court")
    assert [(each.number, each.index, each.kind, each.at) for each in verified.events] == [
        (0, 3, "certificate-issued", START + MINUTE),
        (1, 7, "pledge-registered", START + 2 * MINUTE),
        (2, 11, "license-granted", START + 3 * MINUTE),
        (3, 15, "pledge-released", START + 4 * MINUTE),
    ]
    assert [each.standing.pledges for each in verified.events] == [0, 1, 1, 0]
    assert verified.events[1].facts == {"pledge": "pledge_1", "sequence": "1"}
    assert verified.standing.status is verified.effective_status is Status.ACTIVE
    assert (verified.standing.holder, verified.standing.effective_end) == ("party_1", END)
    assert verified.is_encumbered


def test_a_short_proof_tells_how_it_stands():
    full, short = verify(FULL.text(), BOTH.text()), verify(SHORT.text(), BOTH.text())

    assert (short.form, short.count) == (Form.SHORT, 4)
    assert short.events == full.events[-1:]
    assert short.standing == full.standing


def test_a_proof_of_absence_tells_that_there_is_nothing():
    verified = verify(ABSENT.text(), BOTH.text())

    assert (verified.form, verified.count, verified.events) == (Form.ABSENT, 0, ())
    assert (verified.standing, verified.effective_status) == (None, None)
    assert not verified.is_encumbered


def test_what_is_verified_cannot_be_changed_afterwards():
    verified = verify(FULL.text(), BOTH.text())

    with pytest.raises(TypeError):
        verified.events[1].facts["pledge"] = "other"
    with pytest.raises(AttributeError):
        verified.count = 5


def test_a_log_of_one_event_is_proven():
    log = PaperLog()
    log.act()
    log.seal()

    verified = verify(log.prove().text(), BOTH.text())
    assert (verified.count, verified.tree_size, verified.is_encumbered) == (1, 2, False)


def test_nothing_was_ever_issued_by_an_empty_log():
    log = PaperLog()
    log.seal()

    assert verify(log.prove(Form.ABSENT).text(), BOTH.text()).count == 0


@pytest.mark.parametrize(
    ("after", "status", "is_encumbered"),
    [
        (timedelta(days=364), Status.ACTIVE, True),
        (timedelta(days=365), Status.ACTIVE, False),
        (END - START - timedelta(seconds=1), Status.ACTIVE, False),
        (END - START, Status.EXPIRED, False),
    ],
)
def test_how_it_stands_depends_on_when_the_witnesses_saw_it(after, status, is_encumbered):
    """The exclusive license ends after a year, the certificate after three."""
    verified = verify(under(FULL, LOG.note(at=START + after)).text(), BOTH.text())

    assert verified.as_of == START + after
    assert verified.effective_status is status
    assert verified.standing.status is Status.ACTIVE
    assert verified.is_encumbered is is_encumbered
    assert (verified.standing.burdened_until is not None) is is_encumbered


def test_without_witnesses_it_is_the_log_that_tells_the_time():
    note = LOG.note([LOG_KEY])
    verified = verify(under(FULL, note).text(), ALONE.text(), now=LOG.now, max_age=MINUTE)

    assert (verified.as_of, verified.told_by, verified.witnesses) == (LOG.now, (ORIGIN,), ())


def test_the_log_may_tell_a_later_time_with_its_quantum_key():
    policy = Policy((*ALONE.logs, TrustedLog(QUANTUM_KEY.verifying_key)), (), (), "none")
    note = LOG.note([LOG_KEY, QUANTUM_KEY], at=LOG.now + MINUTE)
    verified = verify(under(FULL, note).text(), policy.text())

    assert (verified.as_of, verified.state_at) == (LOG.now + MINUTE, LOG.now)
    assert verified.told_by == (ORIGIN,)


def test_signatures_of_keys_the_policy_does_not_name_mean_nothing():
    note = LOG.note([*SIGNERS, QUANTUM_KEY])

    assert verify(under(FULL, note).text(), BOTH.text()) == verify(FULL.text(), BOTH.text())


def test_only_the_logs_of_the_policy_are_believed():
    impostor = SecretKey(ORIGIN, Algorithm.ED25519, bytes([9]) * 32)
    stranger = SecretKey("other.example/log", Algorithm.ED25519, bytes([1]) * 32)
    fault = "The checkpoint is not one to be trusted. "
    note = LOG.note([impostor, *WITNESS_KEYS])
    elsewhere = signed(LOG.checkpoint("other.example/log"), [stranger, LOG_KEY, *WITNESS_KEYS])

    assert refusal(under(FULL, note)).startswith(fault)
    assert refusal(under(FULL, LOG.note(WITNESS_KEYS))).startswith(fault)
    assert refusal(under(FULL, elsewhere)).startswith(fault)


def test_a_bad_signature_of_a_known_key_spoils_the_checkpoint():
    good = LOG.note()
    line = LOG.note([SecretKey(ORIGIN, Algorithm.ED25519, bytes([1]) * 32)], at=START)
    forged = good.replace(
        line.splitlines()[-1], signed(LOG.checkpoint("x"), [LOG_KEY]).splitlines()[-1]
    )

    assert forged != good
    assert refusal(under(FULL, forged)).startswith("The checkpoint is not one to be trusted. ")


@pytest.mark.parametrize("cosigners", [[], WITNESS_KEYS[:1], WITNESS_KEYS[1:]])
def test_all_witnesses_of_the_quorum_are_needed(cosigners):
    told = refusal(under(FULL, LOG.note([LOG_KEY, *cosigners])))

    assert told.startswith("Witnesses are missing. ")


def test_a_fork_is_seen_when_its_checkpoint_is_put_under_the_file():
    """The other tree has as many entries, and is signed and witnessed as well."""
    fork = pledged_log(seed="fork")

    assert refusal(under(FULL, fork.note())) == (
        "The checkpoint is of another tree than the file tells of: it was exchanged, "
        "or the log shows one tree to some and another to others."
    )


def test_an_older_or_newer_checkpoint_does_not_fit():
    log = PaperLog()
    log.act()
    log.seal()
    before = log.prove()
    log.act("offer-withdrawn")
    log.seal()

    fault = "The state in the file is not the last entry under its checkpoint."
    assert refusal(under(before, log.note())) == fault
    assert refusal(under(log.prove(), before.tlog_proof.checkpoint)) == fault
    assert refusal(replace(before, state=log.prove().state)) == fault


def test_a_proof_grows_stale():
    later = LOG.now + 12 * MINUTE
    with pytest.raises(StaleProof) as stale:
        verify(FULL.text(), BOTH.text(), now=later, max_age=10 * MINUTE)

    assert str(stale.value) == (
        "The proof is of 2026-01-05 02:04:01 UTC. That is 12 minutes ago, "
        "and no more than 10 minutes is accepted: ask for a newer one."
    )
    assert verify(FULL.text(), BOTH.text(), now=later, max_age=12 * MINUTE).count == 4
    assert verify(FULL.text(), BOTH.text(), now=later).count == 4


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (timedelta(seconds=61), "61 seconds"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_ages_are_told_in_whole_units(age, told):
    assert f"That is {told} ago" in refusal(FULL, now=LOG.now + age, max_age=timedelta(seconds=1))


def test_a_proof_of_the_future_is_refused():
    now = LOG.now - 6 * MINUTE

    assert refusal(FULL, now=now) == (
        "The proof is of 2026-01-05 02:04:01 UTC, which by this computer's clock has "
        "not come yet: one of the clocks is wrong."
    )
    assert verify(FULL.text(), BOTH.text(), now=LOG.now - 5 * MINUTE).count == 4


def test_a_log_that_is_ahead_of_its_witnesses_is_refused():
    assert refusal(under(FULL, LOG.note(at=LOG.now - 6 * MINUTE))) == (
        "The log dates its state 6 minutes later than its witnesses saw it: "
        "one of the clocks is wrong."
    )


def test_a_time_that_no_calendar_has_is_refused():
    log = PaperLog()
    log.act()
    log.seal(time=2**53 - 1)

    assert refusal(log.prove(note=log.note([LOG_KEY])), ALONE) == (
        "The proof is of a time that no calendar has."
    )


def test_an_age_cannot_be_told_without_a_clock():
    with pytest.raises(AssertionError, match="An age is told by `now`"):
        verify(FULL.text(), BOTH.text(), max_age=MINUTE)


@pytest.mark.parametrize("note", ["", "\n", "no checkpoint\n", LOG.checkpoint()])
def test_what_has_no_checkpoint_is_no_proof(note):
    with pytest.raises(MalformedProof):
        verify(under(FULL, note).text(), BOTH.text())


@pytest.mark.parametrize("state", [b"{}", b"state", LOG.entries[-1][:-1]])
def test_what_has_no_state_is_no_proof(state):
    with pytest.raises(MalformedProof):
        verify(replace(FULL, state=state).text(), BOTH.text())


@pytest.mark.parametrize("policy", ["", "quorum none", "log x\nquorum none\n", BOTH.text()[:-20]])
def test_a_policy_that_is_none_is_called_so(policy):
    error = ProofFailed if policy == "quorum none" else MalformedPolicy
    with pytest.raises(error):
        verify(FULL.text(), policy)


def test_it_needs_nothing_but_the_standard_library_and_cryptography():
    program = (
        "import sys; before = set(sys.modules); import ledger\n"
        "foreign = {name.partition('.')[0] for name in sys.modules.keys() - before"
        " if 'site-packages' in (getattr(sys.modules[name], '__file__', None) or '')}\n"
        "print(*sorted(foreign))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert set(told.stdout.split()) <= {"cryptography", "_cffi_backend"}
