"""Days and instants the contract takes: those that exist and that periods can be counted from."""

from datetime import UTC, date, datetime

import pytest
from graphql import GraphQLError

from schema.scalars import parse_day, parse_instant


@pytest.mark.parametrize("text", ["1900-01-01", "2028-02-29", "9000-12-31"])
def test_a_day_of_the_calendar_is_taken(text):
    assert parse_day(text) == date.fromisoformat(text)


@pytest.mark.parametrize(
    "value", ["1899-12-31", "9001-01-01", "9999-12-31", "2027-02-29", "20270101", "", None, 7]
)
def test_no_other_day_is(value):
    with pytest.raises(GraphQLError) as caught:
        parse_day(value)
    assert caught.value.extensions == {"code": "BAD_USER_INPUT"}


def test_an_instant_is_taken_with_its_offset_and_kept_in_utc():
    assert parse_instant("2026-06-01T00:30:00+08:00") == datetime(2026, 5, 31, 16, 30, tzinfo=UTC)
    assert parse_instant("9001-01-01T00:30:00+08:00").year == 9000


@pytest.mark.parametrize(
    "value",
    [
        "2026-06-01T00:30:00",
        "1900-01-01T00:00:00+08:00",
        "9000-12-31T23:00:00-08:00",
        "9999-12-31T23:59:59-23:59",
        "2026-06-01T24:30:00Z",
        "2026-06-01T00:30:00.1234567Z",
        None,
        0,
    ],
)
def test_no_other_instant_is(value):
    with pytest.raises(GraphQLError) as caught:
        parse_instant(value)
    assert caught.value.extensions == {"code": "BAD_USER_INPUT"}
