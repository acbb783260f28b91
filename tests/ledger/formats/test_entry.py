"""Entries have one spelling, and each field of an event opens in one slot only."""

import json
from dataclasses import replace

import pytest

from ledger.formats.entry import (
    Event,
    Freeze,
    KeyChange,
    MalformedEntry,
    Origin,
    PolicyInForce,
    State,
    parse_entry,
    parse_event,
    parse_mark,
)
from ledger.formats.hashing import Hash
from ledger.formats.spelling import Malformed

EVENT = Event(Hash(b"c" * 32), Hash(b"k" * 32), 7, Hash(b"p" * 32))
SPELT = (
    b'{"c":"Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M=",'
    b'"k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",'
    b'"n":7,'
    b'"p":"cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHA=",'
    b'"t":"event","v":1}'
)
MARKS = {
    '{"chain":"Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M=",'
    '"map":"bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=",'
    '"size":12,"t":"state","time":1767578400,"v":1}': State(
        Hash(b"c" * 32), Hash(b"m" * 32), 12, 1767578400
    ),
    '{"new":"样例.example/log+2+BB==","new_signature":"AgI=",'
    '"old":"样例.example/log+1+AA==","old_signature":"AQ==","t":"key","v":1}': KeyChange(
        "样例.example/log+1+AA==", b"\1", "样例.example/log+2+BB==", b"\2\2"
    ),
    '{"digest":"ZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGQ=",'
    '"name":"SH-2024/1 \\"draft\\"","t":"policy","v":1}': PolicyInForce(
        'SH-2024/1 "draft"', Hash(b"d" * 32)
    ),
    '{"next":"datatitle.example/log/2","t":"freeze","v":1}': Freeze("datatitle.example/log/2"),
    '{"last":"YSBub3RlCg==","t":"origin","v":1}': Origin(b"a note\n"),
}


def test_an_event_is_spelt_so():
    assert EVENT.encode() == SPELT
    assert parse_event(SPELT) == EVENT
    assert json.dumps(json.loads(SPELT), sort_keys=True, separators=(",", ":")).encode() == SPELT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SPELT, b""),
        (b"{", b" {"),
        (b"}", b"}\n"),
        (b'"n":7', b'"n": 7'),
        (b'"n":7', b'"n":07'),
        (b'"n":7', b'"n":-7'),
        (b'"n":7', b'"n":7.0'),
        (b'"n":7', b'"n":7e0'),
        (b'"n":7', b'"n":"7"'),
        (b'"n":7', b'"n":true'),
        (b'"n":7', b'"n":9007199254740992'),
        (b'"n":7', b'"n":99999999999999999999'),
        (b'"n":7', '"n":٧'.encode()),
        (b'"n":7', b'"n":7,"n":7'),
        (b'"n":7,', b""),
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"x":1'),
        (b'"t":"event"', b'"t":"state"'),
        (b'"t":"event"', b'"t":"\\u0065vent"'),
        (b'2M="', b'2N="'),
        (b'2M="', b'2M"'),
        (b'2M="', b'2M=="'),
        (b'"Y2', b'"-2'),
        (b'"Y2Nj', b'"'),
        (b'"Y2Nj', b'"Y2Nj\\n'),
        (b'"c"', b'"C"'),
        (b'"c"', b'"\xff"'),
    ],
)
def test_an_entry_spelt_otherwise_is_refused(old, new):
    with pytest.raises(Malformed):
        parse_event(SPELT.replace(old, new, 1))


@pytest.mark.parametrize(("spelt", "mark"), MARKS.items())
def test_a_mark_is_spelt_so(spelt, mark):
    assert mark.encode() == spelt.encode()
    assert parse_mark(spelt.encode()) == parse_entry(spelt.encode()) == mark
    assert json.loads(spelt)["t"] == mark.kind
    with pytest.raises(MalformedEntry):
        parse_event(spelt.encode())


def test_an_event_is_an_entry_too():
    assert parse_entry(SPELT) == EVENT
    assert EVENT.kind == "event"
    with pytest.raises(MalformedEntry):
        parse_mark(SPELT)


STATE, KEY, POLICY, FREEZE, ORIGIN = MARKS


@pytest.mark.parametrize(
    ("spelt", "old", "new"),
    [
        *((spelt, "{", " {") for spelt in MARKS),
        *((spelt, "}", "}\n") for spelt in MARKS),
        *((spelt, ":1}", ": 1}") for spelt in MARKS),
        *((spelt, ":1}", ":2}") for spelt in MARKS),
        *((spelt, ',"v":1}', "}") for spelt in MARKS),
        *((spelt, ":1}", ":true}") for spelt in MARKS),
        *((spelt, ":1}", ':1,"x":1}') for spelt in MARKS),
        *((spelt, '"t":"', '"t":"event",t":"') for spelt in MARKS),
        *((spelt, '"t":"', '"t":"x') for spelt in MARKS),
        (STATE, "12", "-12"),
        (STATE, "12", "12.0"),
        (STATE, "12", '"12"'),
        (STATE, '"size":12', '"size":true'),
        (STATE, "12", "9007199254740992"),
        (STATE, "12", "NaN"),
        (STATE, "Y2M=", "Y2N="),
        (STATE, "Y2NjY2Nj", ""),
        (STATE, "Y2Nj", "-2Nj"),
        (KEY, "AQ==", "AQ="),
        (KEY, '"AQ=="', "1"),
        (KEY, "样", "\\u6837"),
        (POLICY, "SH", "\\ud800"),
        (POLICY, "SH", "\ud800"),
        (POLICY, "/", "\\/"),
        (POLICY, '"name"', '"digest":"","name"'),
        (FREEZE, '"next":', '"other":'),
        (FREEZE, "log", "log\t"),
        (ORIGIN, "YSBu", "YSB"),
        (ORIGIN, "YSBu", "YSBu\\n"),
        (ORIGIN, "YSBub3RlCg==", "A" * 4096),
        (ORIGIN, ORIGIN, "[" * 4000),
        (ORIGIN, ORIGIN, "[]"),
        (ORIGIN, ORIGIN, "{}"),
        (ORIGIN, ORIGIN, '{"t":["state"]}'),
        (ORIGIN, ORIGIN, ""),
    ],
)
def test_a_mark_spelt_otherwise_is_refused(spelt, old, new):
    assert old in spelt
    with pytest.raises(Malformed):
        parse_entry(spelt.replace(old, new, 1).encode(errors="surrogatepass"))


def test_both_keys_of_a_change_sign_this_text():
    change = KeyChange("old", b"", "new", b"")

    assert change.signed_text("datatitle.example/log") == (
        "datatitle key change\ndatatitle.example/log\nold\nnew\n"
    )


def test_no_byte_of_a_mark_can_change_without_another_mark_or_a_refusal():
    for text, mark in MARKS.items():
        spelt = text.encode()
        for at in range(len(spelt)):
            for bit in range(8):
                changed = spelt[:at] + bytes([spelt[at] ^ 1 << bit]) + spelt[at + 1 :]
                try:
                    other = parse_entry(changed)
                except Malformed:
                    continue
                assert other != mark
                assert other.encode() == changed


def test_keys_in_another_order_are_refused():
    reordered = json.dumps(dict(reversed(json.loads(SPELT).items())), separators=(",", ":"))

    with pytest.raises(MalformedEntry):
        parse_event(reordered.encode())


def test_no_byte_of_an_entry_can_change_without_another_event_or_a_refusal():
    for at in range(len(SPELT)):
        for bit in range(8):
            changed = SPELT[:at] + bytes([SPELT[at] ^ 1 << bit]) + SPELT[at + 1 :]
            try:
                event = parse_event(changed)
            except Malformed:
                continue
            assert event != EVENT
            assert event.encode() == changed


def test_the_largest_number_is_one_that_stays_exact_as_a_double():
    largest = replace(EVENT, number=2**53 - 1)

    assert parse_event(largest.encode()) == largest
