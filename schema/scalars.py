"""The contract's own scalars: strict about what they take, the same every time they are given."""

import re
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
Hash = NewType("Hash", str)

# RFC 3339 with an offset; at most microseconds, because the register keeps no finer time.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,18})", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
LARGEST_WHOLE = 2**63 - 1
# Python's calendar ends with the year 9999: periods and time zones need room before that.
YEARS = range(1900, 9001)


def _bad(expected: str) -> GraphQLError:
    return GraphQLError(f"Expected {expected}.", extensions={"code": "BAD_USER_INPUT"})


def parse_instant(value: Any) -> datetime:
    """`2026-06-01T09:00:00+08:00` → the instant in UTC; without an offset it is refused."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise _bad("an RFC 3339 instant with an offset, such as 2026-06-01T09:00:00+08:00")
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _bad("an instant that exists") from None
    if instant.year not in YEARS:
        raise _bad("an instant from 1900 to 9000")
    return instant


def print_instant(value: datetime) -> str:
    """UTC with `Z`, and as many digits of a second as are needed."""
    assert value.tzinfo is not None, value
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise _bad("a day, such as 2026-06-01")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise _bad("a day that exists") from None
    if day.year not in YEARS:
        raise _bad("a day from 1900 to 9000")
    return day


def parse_whole(value: Any) -> BigInt:
    """A whole number of up to 64 bits as a string of ASCII digits, one spelling only."""
    if isinstance(value, str) and _WHOLE.fullmatch(value) and abs(int(value)) <= LARGEST_WHOLE:
        return BigInt(int(value))
    raise _bad("a whole number in a string, such as “30000000”")


def parse_hash(value: Any) -> Hash:
    if isinstance(value, str) and _HASH.fullmatch(value):
        return Hash(value)
    raise _bad("a SHA-256 in 64 lower-case hexadecimal digits")


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="Instant",
        description="An instant as RFC 3339 with an offset. Kept and given in UTC, ending in Z.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=print_instant,
        parse_value=parse_instant,
    ),
    date: strawberry.scalar(
        name="Day",
        description="A day of the calendar in Asia/Shanghai, as in 2026-06-01.",
        serialize=date.isoformat,
        parse_value=parse_day,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 64 bits, carried in a string of decimal digits.",
        serialize=str,
        parse_value=parse_whole,
    ),
    Hash: strawberry.scalar(
        name="Hash",
        description="A SHA-256 digest in 64 lower-case hexadecimal digits.",
        serialize=str,
        parse_value=parse_hash,
    ),
}
