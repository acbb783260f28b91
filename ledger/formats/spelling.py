"""One spelling for everything written down: what does not format back to itself is refused."""

import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime

from ledger.formats.hashing import HASH_SIZE, Hash

# Sizes and indexes fit a signed 64-bit column; numbers in JSON stay exact as doubles.
SIZE_LIMIT = 2**63

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Malformed(Exception):  # noqa: N818 - a finding about a text, not a fault of ours.
    """A text or byte string is not in the form it has to be in."""


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
    try:
        instant = datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        raise Malformed("This is not an instant in UTC.") from None
    if format_instant(instant) != text:
        raise Malformed("This is not how an instant is spelt.")
    return instant
