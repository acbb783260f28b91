"""A history that was cut, turned or altered: the sentence with which it is refused."""

from dataclasses import replace

import pytest

from ledger import ProofFailed, verify
from ledger.formats.proof_file import Form
from tests.ledger.paper_log import BOTH, NUMBER, key_of, pledged_log, salt_of

LOG = pledged_log()
FULL, SHORT = LOG.prove(), LOG.prove(Form.SHORT)
ABSENT = LOG.prove(Form.ABSENT, of="20260131000000009")


def refusal(file):
    with pytest.raises(ProofFailed) as refused:
        verify(file.text(), BOTH.text())
    return str(refused.value)


def with_events(file, *events):
    return replace(file, events=events)


def test_the_last_event_cannot_be_withheld():
    """Neither openly, nor with the number of events changed to fit."""
    for file in (with_events(FULL, *FULL.events[:-1]), LOG.prove(of=NUMBER, until=3)):
        assert refusal(replace(file, count=4)) == (
            "The last event is withheld: the certificate has 4 events, "
            "and number 3 is not in the file."
        )
    for form in (Form.FULL, Form.SHORT):
        assert refusal(LOG.prove(form, until=3)) == (
            "The log's map of all certificates says otherwise: this one has other events than "
            "the file tells of, or more."
        )


def test_an_event_in_the_middle_cannot_be_dropped():
    dropped = with_events(FULL, FULL.events[0], *FULL.events[2:])

    assert refusal(dropped) == "Event 1 is missing from the file."
    renumbered = [replace(event, number=number) for number, event in enumerate(dropped.events)]
    assert refusal(replace(dropped, events=tuple(renumbered), count=3)) == (
        "The events are not in the log as the file tells them: one was altered, or left out."
    )


def test_the_first_events_cannot_be_left_out():
    assert refusal(with_events(FULL, *FULL.events[1:])) == "Event 0 is missing from the file."


def test_two_events_cannot_be_swapped():
    zero, one, two, three = FULL.events

    assert refusal(with_events(FULL, zero, two, one, three)) == (
        "Event 1 comes after event 2: the events are not in their order."
    )
    swapped = (zero, replace(two, number=1), replace(one, number=2), three)
    assert refusal(with_events(FULL, *swapped)) == (
        "Event 2 stands in the log before event 1: the events are not in their order."
    )


def test_no_event_can_be_added():
    extra = replace(FULL.events[3], number=4, index=16)

    assert refusal(with_events(FULL, *FULL.events, extra)) == (
        "The file shows events beyond the 4 it tells of."
    )
    assert refusal(replace(with_events(FULL, *FULL.events, extra), count=5)) == (
        "The events are not in the log as the file tells them: one was altered, or left out."
    )


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        (FULL, {"events": ()}),
        (FULL, {"events": (), "count": 0}),
        (SHORT, {"events": SHORT.events * 2}),
        (ABSENT, {"count": 1}),
        (ABSENT, {"form": Form.FULL}),
        (FULL, {"form": Form.ABSENT}),
    ],
)
def test_a_file_shows_what_its_form_asks_for(file, changes):
    assert refusal(replace(file, **changes)) == (
        "The file does not show the events that its form asks for."
    )


@pytest.mark.parametrize("file", [FULL, SHORT, ABSENT])
def test_another_subject_cannot_borrow_a_proof(file):
    """Neither openly, nor with the key changed too."""
    for change in ({"subject": "20260131000000007"}, {"salt": bytes(16)}):
        assert refusal(replace(file, **change)) == (
            "The number or the salt was exchanged: what the file shows is of another certificate."
        )
    other = "20260131000000007"
    borrowed = replace(file, subject=other, salt=salt_of(other), key=key_of(other))
    if file is ABSENT:
        of_stranger = replace(borrowed, subject="other 0", salt=salt_of("other 0"))
        assert refusal(replace(of_stranger, key=key_of("other 0"))).startswith("The log's map of")
    else:
        assert refusal(borrowed).startswith("The events are not in the log as the file tells them")


def test_the_map_has_the_last_word():
    foreign = replace(FULL, map_proof=LOG.prove(of="other 0").map_proof)
    hidden = replace(LOG.prove(Form.ABSENT), map_proof=FULL.map_proof)
    for file in (foreign, hidden, replace(FULL, map_proof=ABSENT.map_proof)):
        assert refusal(file) == (
            "The log's map of all certificates says otherwise: this one has other events than "
            "the file tells of, or more."
        )


def test_no_opened_value_can_change():
    first = FULL.events[0]
    for slot, field in enumerate(first.opened):
        forged = list(first.opened)
        forged[slot] = field._replace(value=field.value + "0")
        event = replace(first, opened=tuple(forged))
        assert refusal(with_events(FULL, event, *FULL.events[1:])) == (
            "Event 0 cannot be so: a fact that the file tells of it is not what was recorded."
        )


def test_no_fact_of_the_standing_can_be_kept_back():
    for shown in range(1, 7):
        assert refusal(LOG.prove(Form.SHORT, shown=shown)) == (
            "Event 3 cannot be so: not all of its facts kind, at, status, holder, effective_end, "
            "pledges, burdened_until are shown."
        )


def test_an_altered_event_is_not_in_the_log():
    for change in ({"commitment": bytes(32)}, {"index": 4}, {"index": 2}):
        altered = replace(FULL.events[0], **change)
        assert refusal(with_events(FULL, altered, *FULL.events[1:])) == (
            "The events are not in the log as the file tells them: one was altered, or left out."
        )
    for change in ({"number": 2}, {"previous": bytes(31) + b"\1"}):
        altered = with_events(SHORT, replace(SHORT.events[0], **change))
        assert not refusal(altered).startswith("The log's map")


def test_what_was_before_cannot_be_nothing():
    altered = with_events(SHORT, replace(SHORT.events[0], previous=bytes(32)))

    assert refusal(altered) == "Event 3 does not say what was before it."
