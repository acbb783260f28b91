"""Entries have one spelling, and each field of an event opens in one slot only."""

import json
from dataclasses import replace

import pytest

from ledger.formats.entry import (
    Event,
    MalformedEntry,
    check_opening,
    commitment_of,
    open_field,
    parse_event,
    salt_fields,
)
from ledger.formats.hashing import Hash, field_hash, subject_key
from ledger.formats.proofs import ProofFailed
from ledger.formats.spelling import Malformed
from tests.ledger.reference import tree_hash

EVENT = Event(Hash(b"c" * 32), Hash(b"k" * 32), 7, Hash(b"p" * 32))
SPELT = (
    b'{"c":"Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M=",'
    b'"k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",'
    b'"n":7,'
    b'"p":"cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHA=",'
    b'"t":"event","v":1}'
)
PUBLIC = {"kind": "certificate-issued", "number": "1"}
PRIVATE = {"holder": "样例数据公司", "amount": "5"}


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


def test_public_facts_stand_in_front_and_private_ones_at_the_end():
    fields = salt_fields(PUBLIC, PRIVATE)

    assert [(f.slot, f.name, f.value) for f in fields.public] == [
        (0, "kind", "certificate-issued"),
        (1, "number", "1"),
    ]
    assert [(f.slot, f.name, f.value) for f in fields.private] == [
        (14, "holder", "样例数据公司"),
        (15, "amount", "5"),
    ]
    assert len(set(fields.digests)) == 16
    assert {len(digest) for digest in fields.digests} == {32}


def test_the_commitment_is_the_rfc_root_over_the_digests():
    fields = salt_fields(PUBLIC, PRIVATE)

    assert commitment_of(fields.digests) == tree_hash(list(fields.digests))


def test_the_same_facts_are_never_committed_to_alike():
    first, second = salt_fields(PUBLIC, PRIVATE), salt_fields(PUBLIC, PRIVATE)

    assert not set(first.digests) & set(second.digests)


def test_fifteen_facts_leave_the_one_slot_that_parts_public_from_private():
    facts = {f"fact_{n}": str(n) for n in range(14)}

    assert len(salt_fields(facts, {"last": ""}).private) == 1
    with pytest.raises(AssertionError):
        salt_fields(facts, {"last": "", "one_more": ""})


@pytest.mark.parametrize("name", ["", "with space", "样例", "1st", "a" * 64, "new\nline"])
def test_a_name_is_short_and_plain(name):
    with pytest.raises(AssertionError):
        salt_fields({name: "value"}, {})


def test_a_fact_cannot_be_public_and_private():
    with pytest.raises(AssertionError):
        salt_fields({"amount": "1"}, {"amount": "2"})


def test_each_field_opens_with_four_hashes():
    fields = salt_fields(PUBLIC, PRIVATE)
    commitment = commitment_of(fields.digests)

    for field in (*fields.public, *fields.private):
        opening = open_field(field, fields.digests)
        assert len(opening.path) == 4
        check_opening(opening, commitment)


def test_a_field_opens_with_nothing_changed():
    fields = salt_fields(PUBLIC, PRIVATE)
    commitment = commitment_of(fields.digests)
    opening = open_field(fields.private[1], fields.digests)
    field = opening.field
    changed = [
        replace(opening, field=replace(field, value="6")),
        replace(opening, field=replace(field, name="amounts")),
        # The length of the name parts it from the value.
        replace(opening, field=replace(field, name="amoun", value="t5")),
        replace(opening, field=replace(field, salt=bytes(16))),
        *(replace(opening, field=replace(field, slot=slot)) for slot in (*range(15), 16, 31)),
        replace(opening, path=opening.path[:3]),
        replace(opening, path=(*opening.path, bytes(32))),
        replace(opening, path=opening.path[::-1]),
    ]

    for each in changed:
        with pytest.raises(ProofFailed):
            check_opening(each, commitment)


def test_a_digest_and_a_key_are_these_hashes():
    salt = bytes(range(16))

    # Both by: printf ... | sha256sum, over 05 salt 04 "kind" "x" and over 06 salt "cert_1".
    assert (
        field_hash(salt, b"kind", b"x").hex()
        == "c14a2846f4a4596604a623c449709c4b399c1b3f425a4b1ae8c9defb68124fa0"
    )
    assert (
        subject_key(salt, b"cert_1").hex()
        == "3ecea3acb5074131807ec232f68981edded7d69f289a7efe1ce799dbe1520266"
    )
