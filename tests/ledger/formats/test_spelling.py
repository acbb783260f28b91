"""Bytes, hashes, numbers and instants have one spelling each."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ledger.formats.spelling import (
    Malformed,
    format_bytes,
    format_instant,
    parse_bytes,
    parse_hash,
    parse_instant,
    parse_number,
)


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc", bytes(range(256))])
def test_bytes_come_back_from_base64(data):
    assert parse_bytes(format_bytes(data)) == data


@pytest.mark.parametrize(
    "text",
    ["YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "YQ=YQ==", "Y-==", "Y\u00e9==", "YQ==YQ==", "="],
)
def test_bytes_have_one_base64(text):
    with pytest.raises(Malformed):
        parse_bytes(text)


def test_a_hash_has_32_bytes():
    assert parse_hash(format_bytes(bytes(32))) == bytes(32)
    for size in (0, 31, 33, 64):
        with pytest.raises(Malformed):
            parse_hash(format_bytes(bytes(size)))


@pytest.mark.parametrize("number", [0, 1, 10, 2**63 - 1])
def test_a_number_is_a_plain_decimal(number):
    assert parse_number(str(number)) == number


@pytest.mark.parametrize("text", ["", "00", "01", "-1", "+1", "1 ", "1_0", "1.0", "٣", str(2**63)])
def test_a_number_has_one_spelling(text):
    with pytest.raises(Malformed):
        parse_number(text)


def test_an_instant_is_written_in_utc_with_all_its_microseconds():
    shanghai = datetime(2026, 1, 5, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=8)))

    assert format_instant(shanghai) == "2026-01-05T02:00:00.000005Z"
    assert parse_instant("2026-01-05T02:00:00.000005Z") == shanghai
    assert format_instant(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-05T02:00:00Z",
        "2026-01-05T02:00:00.5Z",
        "2026-1-05T02:00:00.000000Z",
        "2026-01-05t02:00:00.000000z",
        "2026-01-05 02:00:00.000000Z",
        "2026-01-05T02:00:00.000000+00:00",
        "2026-02-30T02:00:00.000000Z",
        "2026-01-05T24:00:00.000000Z",
        "2026-01-05T02:00:00.0000000Z",
    ],
)
def test_an_instant_has_one_spelling(text):
    with pytest.raises(Malformed):
        parse_instant(text)
