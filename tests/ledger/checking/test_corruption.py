"""No byte and no line of a proof can change: what is believed is what was written."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import MalformedProof, ProofFailed, verify
from ledger.formats.policy import Policy, TrustedLog
from ledger.formats.proof_file import Form
from tests.ledger.paper_log import (
    BOTH,
    NUMBER,
    QUANTUM_KEY,
    SIGNERS,
    PaperLog,
    pledged_log,
)

LOG = pledged_log(filling=1)
PROOFS = {
    "full": LOG.prove().text(),
    "short": LOG.prove(Form.SHORT).text(),
    "absent": LOG.prove(Form.ABSENT, of="20260131000000009").text(),
}


def is_believed(text):
    try:
        verify(text, BOTH.text())
    except (ProofFailed, MalformedProof) as refused:
        return not str(refused)
    return True


@pytest.mark.parametrize("form", PROOFS)
def test_no_byte_can_change(form):
    """A bit of each, the next byte another one; every refusal has its sentence."""
    proof = PROOFS[form].encode()
    assert is_believed(PROOFS[form])
    for at, byte in enumerate(proof):
        spoilt = bytes([byte ^ 1 << at % 8])
        text = (proof[:at] + spoilt + proof[at + 1 :]).decode(errors="surrogateescape")
        assert not is_believed(text), at


def test_a_signature_more_than_needed_can_only_become_a_strangers():
    """The log signs with two keys that the policy names, of which one would be enough."""
    logs = (*BOTH.logs, TrustedLog(QUANTUM_KEY.verifying_key))
    policy = Policy(logs, BOTH.witnesses, BOTH.groups, BOTH.quorum).text()
    text = LOG.prove(Form.SHORT, note=LOG.note([*SIGNERS, QUANTUM_KEY])).text()
    whole, proof = verify(text, policy), text.encode()
    refused = 0
    for at in range(proof.index("— ".encode()), len(proof), 5):
        spoilt = proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]
        try:
            assert verify(spoilt.decode(errors="surrogateescape"), policy) == whole
        except (ProofFailed, MalformedProof):
            refused += 1
    assert refused > 600


@pytest.mark.parametrize("form", PROOFS)
def test_no_byte_can_be_missing_or_doubled_and_nothing_cut_off(form):
    proof = PROOFS[form]
    for at in range(0, len(proof), 3):
        assert not is_believed(proof[:at] + proof[at + 1 :]), at
        assert not is_believed(proof[: at + 1] + proof[at:]), at
        assert not is_believed(proof[:at]), at


@pytest.mark.parametrize("form", PROOFS)
def test_lines_cannot_be_dropped_doubled_or_moved(form):
    lines = PROOFS[form].split("\n")
    for n, line in enumerate(lines):
        is_signature = line.startswith("— ")
        assert not is_believed("\n".join([*lines[:n], *lines[n + 1 :]]))
        # Signatures stand in any order, and given twice they are one.
        doubled = "\n".join([*lines[: n + 1], *lines[n:]])
        assert is_believed(doubled) is is_signature
        swapped = [*lines[:n], *reversed(lines[n : n + 2]), *lines[n + 2 :]]
        both = is_signature and swapped[n].startswith("— ")
        assert is_believed("\n".join(swapped)) is (both or swapped == lines)


def test_parts_of_two_true_proofs_are_not_one_proof():
    """Whatever lines are taken from an older proof, and the others from a newer one."""
    log = PaperLog()
    log.act()
    log.seal()
    older = log.prove().text().split("\n")
    log.act("offer-withdrawn")
    log.seal()
    newer = log.prove().text().split("\n")
    for at in range(1, len(older)):
        for mixed in (older[:at] + newer[at:], newer[:at] + older[at:]):
            text = "\n".join(mixed)
            if text not in {"\n".join(older), "\n".join(newer)}:
                assert not is_believed(text)


KINDS = ["offer-withdrawn", "pledge-registered", "pledge-released", "consent-given"]
acts = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 4)), max_size=12)


def live(steps):
    """A life that can be, with other certificates' events between."""
    log, pledges = PaperLog(), 0
    log.act()
    for kind, others in steps:
        step = {"pledge-registered": 1, "pledge-released": -1}.get(kind, 0)
        if pledges + step >= 0:
            pledges += step
            log.act(kind, pledges=pledges)
        log.fill(others)
    log.seal()
    return log, pledges


@given(acts, st.data())
def test_any_life_that_can_be_is_proven_and_no_part_of_it_for_the_whole(steps, data):
    log, pledges = live(steps)
    count = len(log.events[NUMBER])
    for form in (Form.FULL, Form.SHORT):
        verified = verify(log.prove(form).text(), BOTH.text(), now=log.now, max_age=timedelta(1))
        assert (verified.count, verified.standing.pledges) == (count, pledges)
        assert verified.is_encumbered is (pledges > 0)

    until = data.draw(st.integers(0, count - 1), label="shown")
    if until:
        assert not is_believed(log.prove(until=until).text())
        assert not is_believed(log.prove(Form.SHORT, until=until).text())
    assert not is_believed(log.prove(Form.ABSENT).text())
