"""What a log has signed and its witnesses have cosigned, and which cannot be true all the same."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger import ProofFailed, verify
from ledger.checking.life import Status
from ledger.formats.fields import Field, commitment_of, salt_fields
from ledger.formats.hashing import NO_HASH, leaf_hash
from ledger.formats.proof_file import Form
from ledger.formats.slots import close_slots
from ledger.formats.spelling import format_instant
from tests.ledger.paper_log import BOTH, END, START, PaperLog

YEAR = timedelta(days=365)
ISSUED = ("certificate-issued", {})
PLEDGED = ("pledge-registered", {"pledges": 1})


def history(*acts):
    log = PaperLog()
    for kind, facts in acts:
        log.act(kind, **facts)
    log.seal()
    return log


def refusal(file):
    with pytest.raises(ProofFailed) as refused:
        verify(file.text(), BOTH.text())
    return str(refused.value)


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ({"number": 2}, "The events are not in the log as the file tells them"),
        ({"number": 0}, "The events are not in the log as the file tells them"),
        ({"previous": NO_HASH}, "The events are not in the log as the file tells them"),
        ({"previous": b"p" * 32}, "The events are not in the log as the file tells them"),
        ({"key": b"k" * 32}, "The events are not in the log as the file tells them"),
        ({"commitment": b"c" * 32}, "Event 1 cannot be so: a fact that the file tells of it"),
    ],
    ids=str,
)
def test_an_entry_that_does_not_follow_the_one_before_is_not_believed(says, reason):
    log = PaperLog()
    log.act()
    log.act("offer-withdrawn", says=says)
    log.seal()

    file = log.prove()
    if "commitment" in says:
        told = replace(file.events[1], commitment=says["commitment"])
        file = replace(file, events=(file.events[0], told))
    assert refusal(file).startswith(reason)


def test_an_event_cannot_stand_before_the_one_it_names():
    log = history(ISSUED, ("offer-withdrawn", {}))
    first, second = log.entries[:2]
    log.entries[:2] = second, first
    file = log.prove()
    turned = tuple(
        replace(event, index=index) for event, index in zip(file.events, (1, 0), strict=True)
    )

    assert refusal(replace(file, events=turned)) == (
        "Event 1 stands in the log before event 0: the events are not in their order."
    )


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ({"size": 1}, "The state in the file is not the last entry under its checkpoint."),
        ({"size": 3}, "The state in the file is not the last entry under its checkpoint."),
        ({"map_root": b"m" * 32}, "The log's map of all certificates says otherwise: "),
        ({"time": 1}, "Event 0 is dated after the state it is part of."),
    ],
    ids=str,
)
def test_a_state_that_is_not_true_is_not_believed(says, reason):
    log = PaperLog()
    log.act()
    log.act("offer-withdrawn")
    log.seal(**says)

    assert refusal(log.prove()).startswith(reason)


def test_an_event_cannot_be_the_state_itself():
    log = history(ISSUED)
    file = log.prove()
    beyond = replace(file.events[0], index=1)

    assert refusal(replace(file, events=(beyond,))).startswith("The events are not in the log")


def test_an_event_is_not_dated_before_the_one_before_it():
    log = PaperLog()
    log.act(at=START + timedelta(minutes=2))
    log.act("offer-withdrawn", at=START + timedelta(minutes=1))
    log.now += timedelta(hours=1)
    log.seal()

    assert refusal(log.prove()) == ("Event 1 cannot be so: it is dated before the event before it.")
    assert verify(log.prove(Form.SHORT).text(), BOTH.text()).count == 2


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "EXPIRED"},
        {"status": "active"},
        {"effective_end": "2029-01-04"},
        {"effective_end": "2029-01-04T02:00:00Z"},
        {"pledges": "-1"},
        {"pledges": "01"},
        {"pledges": ""},
        {"burdened_until": ""},
        {"burdened_until": "never"},
    ],
    ids=str,
)
@pytest.mark.parametrize("form", [Form.FULL, Form.SHORT])
def test_facts_that_are_not_those_of_a_certificate_are_not_believed(form, facts):
    assert refusal(history(ISSUED, ("offer-withdrawn", facts)).prove(form)) in {
        "Event 1 cannot be so: its facts are not spelt as those of a certificate.",
        "Event 1 cannot be so: its end tells when a certificate expires, and never its status.",
    }


@pytest.mark.parametrize("at", ["2026-01-05", "2026-01-05T02:00:00Z", ""])
def test_an_event_says_when_it_was(at):
    log = PaperLog()
    fields = salt_fields({"kind": "certificate-issued", "at": at}, {})
    log.act(says={"commitment": commitment_of(fields.digests)})
    log.seal()
    file = log.prove()
    event = file.events[0]
    digests = [*fields.digests[:2], *(field.digest() for field in event.opened[2:])]
    digests += fields.digests[len(digests) :]
    log = PaperLog()
    log.act(says={"commitment": commitment_of(digests)})
    log.seal()
    told = replace(
        event,
        commitment=commitment_of(digests),
        opened=(*fields.public, *event.opened[2:]),
        rest=close_slots(digests, range(7)),
    )

    assert refusal(replace(log.prove(), events=(told,))) == (
        "Event 0 cannot be so: it does not say when it was."
    )


def test_an_event_cannot_say_two_things_at_once():
    """Status stands in slot 2 as ACTIVE, and in slot 9 as REVOKED; each is shown to somebody."""
    log = PaperLog()
    log.act(own={"a": "", "b": "", "status2": "REVOKED"})
    honest = log.events["20260131000000001"][0][2]
    second = Field(9, "status", bytes(16), "REVOKED")
    digests = [*honest.digests[:9], second.digest(), *honest.digests[10:]]
    log = PaperLog()
    log.act(says={"commitment": commitment_of(digests)})
    log.seal()

    def shown(*fields):
        event = replace(
            log.prove().events[0],
            commitment=commitment_of(digests),
            opened=fields,
            rest=close_slots(digests, [field.slot for field in fields]),
        )
        return replace(log.prove(), events=(event,))

    first = honest.public
    assert verify(shown(*first[:7]).text(), BOTH.text()).effective_status is Status.ACTIVE
    others = (*first[:2], *first[3:7], second)
    assert refusal(shown(*others)).startswith("Event 0 cannot be so: not all of its facts ")


LICENSED = {"license_kind": "EXCLUSIVE", "period": f"x/{format_instant(START + YEAR)}"}
FROZEN = {"until": format_instant(START + YEAR)}


@pytest.mark.parametrize(
    ("acts", "reason"),
    [
        ([("offer-withdrawn", {})], "Event 0 cannot be so: offer-withdrawn needs an active"),
        ([ISSUED, ISSUED], "Event 1 cannot be so: certificate-issued needs that there is no"),
        ([ISSUED, ("deed-forged", {})], "Event 1 cannot be so: deed-forged is no act this"),
        ([("certificate-issued", {"pledges": 1})], "Event 0 cannot be so: the certificate cannot"),
        ([("certificate-issued", {"status": "REVOKED"})], "Event 0 cannot be so: the certificate"),
        (
            [("certificate-issued", {"effective_end": START})],
            "Event 0 cannot be so: the certificate had ended when it was issued.",
        ),
        ([ISSUED, ("pledge-registered", {})], "Event 1 cannot be so: the certificate cannot stand"),
        ([ISSUED, ("offer-withdrawn", {"pledges": 1})], "Event 1 cannot be so: the certificate"),
        ([ISSUED, ("pledge-released", {})], "Event 1 cannot be so: a pledge ends where there is"),
        (
            [ISSUED, ("certificate-expired", {})],
            "Event 1 cannot be so: certificate-expired needs a certificate that has run out,",
        ),
        ([ISSUED, PLEDGED, ("offer-withdrawn", {})], "Event 2 cannot be so: the certificate"),
        ([ISSUED, ("offer-withdrawn", {"holder": "party_2"})], "Event 1 cannot be so: the cert"),
        (
            [ISSUED, ("offer-withdrawn", {"effective_end": END + YEAR})],
            "Event 1 cannot be so: the certificate cannot stand so after offer-withdrawn.",
        ),
        (
            [ISSUED, ("certificate-revoked", {"status": "REVOKED"})],
            "Event 1 cannot be so: the certificate cannot stand so after certificate-revoked.",
        ),
        ([ISSUED, ("certificate-cancelled", {})], "Event 1 cannot be so: the certificate cannot"),
        ([ISSUED, ("offer-withdrawn", {"status": "REVOKED"})], "Event 1 cannot be so: the cert"),
        ([ISSUED, ("freeze-placed", {"own": FROZEN})], "Event 1 cannot be so: the certificate"),
        (
            [ISSUED, ("freeze-placed", {"own": FROZEN, "burdened_until": START + YEAR / 2})],
            "Event 1 cannot be so: the certificate cannot stand so after freeze-placed.",
        ),
        (
            [ISSUED, ("freeze-placed", {"burdened_until": START + YEAR})],
            "Event 1 cannot be so: it does not show until when it burdens the certificate.",
        ),
        ([ISSUED, ("license-granted", {"own": LICENSED})], "Event 1 cannot be so: the certificate"),
        (
            [ISSUED, ("freeze-lifted", {"burdened_until": START + YEAR})],
            "Event 1 cannot be so: the certificate cannot stand so after freeze-lifted.",
        ),
    ],
    ids=str,
)
def test_a_life_that_cannot_be_is_not_believed(acts, reason):
    assert refusal(history(*acts).prove()).startswith(reason)


@pytest.mark.parametrize(
    ("act", "believed"),
    [
        (("certificate-issued", {}), False),
        (("deed-forged", {}), False),
        (("pledge-registered", {"pledges": 0}), False),
        (("pledge-registered", {"pledges": 3}), True),
        (("pledge-registered", {"pledges": 1, "status": "REVOKED"}), False),
        (("pledge-registered", {"pledges": 1, "effective_end": START}), False),
        (("pledge-released", {"pledges": 0, "status": "REVOKED"}), True),
        (("certificate-revoked", {}), False),
        (("certificate-revoked", {"status": "REVOKED"}), False),
        (("certificate-revoked", {"status": "REVOKED", "effective_end": START}), True),
        (("certificate-cancelled", {"status": "REVOKED", "effective_end": START}), False),
        (("certificate-expired", {}), False),
        (("certificate-expired", {"effective_end": START}), True),
        (("certificate-expired", {"effective_end": START, "status": "REVOKED"}), False),
    ],
    ids=str,
)
def test_of_a_short_proof_the_last_event_alone_is_judged(act, believed):
    file = history(ISSUED, act).prove(Form.SHORT)
    if believed:
        assert verify(file.text(), BOTH.text()).count == 2
    else:
        assert refusal(file).startswith("Event 1 cannot be so: ")


def test_a_short_proof_of_one_event_is_judged_like_a_full_one():
    assert verify(history(ISSUED).prove(Form.SHORT).text(), BOTH.text()).count == 1
    assert refusal(history(PLEDGED).prove(Form.SHORT)).startswith("Event 0 cannot be so: ")


def test_an_event_that_names_nothing_before_it_is_the_first():
    log = PaperLog()
    log.act()
    log.act("offer-withdrawn", says={"previous": NO_HASH})
    log.seal()
    file = log.prove(Form.SHORT)
    bare = replace(file.events[0], previous=NO_HASH)

    assert leaf_hash(log.entries[1]) != NO_HASH
    assert refusal(replace(file, events=(bare,))) == "Event 1 does not say what was before it."
