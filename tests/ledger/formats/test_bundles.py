"""Bundles of entries, as they lie in files."""

import pytest

from ledger.formats.bundles import MalformedBundle, format_bundle, parse_bundle


@pytest.mark.parametrize(
    "entries",
    [
        [b""],
        [b"", b""],
        [b"entry"],
        [bytes([n]) * n for n in range(256)],
        [b"x" * 65_535],
        [b"\x00\x01"] * 256,
    ],
)
def test_entries_come_back_from_their_bundle(entries):
    assert parse_bundle(format_bundle(entries)) == entries


def test_an_entry_stands_behind_its_length_in_two_bytes():
    assert format_bundle([b"one", b"x" * 258]) == b"\x00\x03one\x01\x02" + b"x" * 258


@pytest.mark.parametrize(
    "bundle",
    [
        b"",
        b"\x00",
        b"\x00\x01",
        b"\x00\x02a",
        b"\x00\x01ab",
        b"\x00\x01a\x00",
        b"\x00\x01a\xff\xffa",
        b"\x00\x01a" * 257,
    ],
)
def test_a_bundle_has_1_to_256_entries_and_nothing_more(bundle):
    with pytest.raises(MalformedBundle):
        parse_bundle(bundle)


def test_no_part_of_a_bundle_is_that_bundle_with_fewer_entries_by_chance():
    bundle = format_bundle([b"one", b"two", b"three"])
    whole = {5: 1, 10: 2, 17: 3}
    for end in range(len(bundle) + 1):
        if end in whole:
            assert len(parse_bundle(bundle[:end])) == whole[end]
        else:
            with pytest.raises(MalformedBundle):
                parse_bundle(bundle[:end])


@pytest.mark.parametrize("entries", [[], [b"x"] * 257])
def test_no_bundle_is_made_of_none_or_of_more_than_256(entries):
    with pytest.raises(AssertionError):
        format_bundle(entries)


def test_no_bundle_is_made_of_an_entry_that_is_too_long():
    with pytest.raises(OverflowError):
        format_bundle([b"x" * 65_536])
