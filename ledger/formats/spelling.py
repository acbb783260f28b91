"""One spelling for everything written down: what does not format back to itself is refused."""

import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime

from ledger.formats.hashing import HASH_SIZE, Hash

# Sizes and indexes fit a signed 64-bit column; numbers in JSON stay exact as doubles.
SIZE_LIMIT = 2**63

# Control characters but the newline, and halves of surrogate pairs, which UTF-8 cannot write.
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class Malformed(Exception):  # noqa: N818 - a finding about a text, not a fault of ours.
    """A text or byte string is not in the form it has to be in."""


def is_plain_text(text: str) -> bool:
    """Unicode text of lines, as c2sp.org/signed-note asks: no control character but newline."""
    return _UNPRINTABLE.search(text) is None


def format_bytes(data: bytes) -> str:
    return b64encode(data).decode()


def parse_bytes(text: str) -> bytes:
    """Standard base64 with padding (RFC 4648 section 4), in its only canonical spelling."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise Malformed("This is not base64.") from None
    if format_bytes(data) != text:
        raise Malformed("This is not how base64 spells these bytes.")
    return data


def parse_hash(text: str) -> Hash:
    data = parse_bytes(text)
    if len(data) != HASH_SIZE:
        raise Malformed(f"A hash has {HASH_SIZE} bytes.")
    return Hash(data)


def parse_number(text: str) -> int:
    """A decimal without sign or leading zeroes, below 2**63."""
    if not _NUMBER.fullmatch(text) or int(text) >= SIZE_LIMIT:
        raise Malformed("This is not a size or an index.")
    return int(text)


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with all six digits of the microsecond: 2026-01-31T09:00:00.000000Z."""
    assert instant.utcoffset() is not None, instant
    # strftime would not pad years before 1000 everywhere; isoformat always does.
    utc = instant.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def parse_instant(text: str) -> datetime:
    """An instant in that one spelling: what matches it and is an instant has no other."""
    if not _INSTANT.fullmatch(text):
        raise Malformed("This is not an instant in UTC.")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Malformed("There is no such instant.") from None
