"""Values of columns are printed as the contract's own scalars print them, to the byte."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from schema.paging import parse_cursor, print_cursor
from schema.reading import printers
from schema.reading.kinds import types_and_views
from schema.scalars import print_instant
from services.tables import EPOCH, MICROSECOND
from services.views import Asking

BEGIN, END = datetime(1900, 1, 1, tzinfo=UTC), datetime(9001, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, (END - BEGIN) // MICROSECOND - 1).map(lambda at: BEGIN + at * MICROSECOND)
ENUMS = [
    pytest.param(column.type, id=f"{view}-{name}")
    for _, view in types_and_views()
    for name in view.fields
    if isinstance((column := view.field(name, Asking(None))).type, sa.Enum)
]


def kept(instant):
    return (instant - EPOCH) // MICROSECOND


@given(INSTANTS)
def test_an_instant_is_printed_as_the_scalar_prints_it(instant):
    assert printers.instant(kept(instant)) == print_instant(instant)


def test_an_instant_has_as_many_digits_as_it_needs():
    whole = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    later = whole + timedelta(microseconds=70)
    printed = [printers.instant(kept(each)) for each in (whole, later)]
    assert printed == ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000070Z"]


@given(INSTANTS, st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**53))
def test_a_cursor_is_the_one_a_page_gives(instant, text, number):
    values = (instant, text, number)
    row = ["before", number, text, kept(instant)]
    printed = printers.cursor(row, ((3, True), (2, False), (1, False)))
    assert printed == print_cursor(values)
    assert parse_cursor(printed, (datetime, str, int)) == values


@pytest.mark.parametrize("value", [date(2026, 6, 1), "2026-06-01"])
def test_a_day_is_printed_alike_however_a_driver_gives_it(value):
    assert printers.day(value) == "2026-06-01"


@pytest.mark.parametrize(("text", "names"), [("", []), ("LENDER", ["LENDER"]), ("b,a", ["b", "a"])])
def test_names_are_listed_in_the_order_in_which_they_are_kept(text, names):
    assert printers.names(text) == names


@pytest.mark.parametrize("kind", ENUMS)
def test_an_enum_is_kept_by_the_names_it_is_printed_by(kind):
    assert kind.enums == [member.name for member in kind.enum_class]
