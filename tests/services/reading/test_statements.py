"""A selection is read whole by one statement, on either database, alone and with others."""

import asyncio
from datetime import UTC, datetime

import orjson
import pytest
import sqlalchemy as sa

from services.actors import OFFICE_ROLES, Role
from services.parties.store import members, parties
from services.parties.views import MEMBER, MEMBERS_OF_PARTY, PARTY
from services.reading.answering import answerer_of
from services.reading.selections import (
    ManyRows,
    Met,
    OneRow,
    Parameter,
    Printed,
    Rows,
    Total,
    Unless,
    WithTotal,
)
from services.reading.statements import MOST_VALUES, TooMuchError, comes_whole, question_for
from services.views import ToOne, View, any_of, told
from tests.conftest import on_postgresql
from tests.founding import enter_party

NOW = datetime(2026, 1, 5, tzinfo=UTC)
NAME, NAME_TOO = (Parameter(name, parties.c.name.type) for name in ("p0", "p1"))
PARTY_OF_MEMBER = ToOne(PARTY, "party_id")
NEWEST = View(
    name="Party, the newest first",
    source=parties,
    fields=PARTY.fields,
    visible=PARTY.visible,
    order=("registered_at", "id"),
    newest_first=True,
)
ALL = Rows(PARTY, ("name",), is_ordered=True, first=100)
ITS_MEMBERS = ManyRows(MEMBERS_OF_PARTY, Rows(MEMBER, ("subject",), is_ordered=True))
ITS_PARTY = OneRow(PARTY_OF_MEMBER, Rows(PARTY, ("name",)))


def nested_in(selection):
    """Whether rows come as JSON text, by the place in a row, and what is nested in them."""
    return range(len(selection.columns), len(selection.columns) + len(selection.nested))


def rows_of(selection, answer, dialect):
    """The rows as arrays, however they come."""
    if comes_whole(dialect):
        [(text,)] = answer or [(None,)]
        told = [] if text is None else orjson.loads(text)
        return [told] if selection.equal is not None and text is not None else told
    texts = nested_in(selection)
    return [
        [orjson.loads(v) if at in texts and isinstance(v, str) else v for at, v in enumerate(row)]
        for row in answer
    ]


@pytest.fixture
async def read(registry, office, entered):
    """Ask as a member of the office, or as whoever is named."""
    answerer, dialect = answerer_of(registry), registry.engine.dialect.name
    assert len(entered) == 4

    async def ask(selection, actor=office, **values):
        question = question_for(selection, None if actor is None else actor.roles, dialect)
        answer = await answerer.ask(question, question.arguments(values | told(actor, NOW)))
        return answer if isinstance(selection, WithTotal) else rows_of(selection, answer, dialect)

    return ask


@pytest.fixture
async def entered(registry, office):
    """The parties there are beside the office, by name."""
    names = ["甲", 'quoted " and \\', "comma, and '", "last"]
    return {each: await enter_party(registry, office, each, Role.LENDER) for each in names}


async def ids_and_names(registry):
    async with registry.reading() as tx:
        query = sa.select(parties.c.registered_at, parties.c.id, parties.c.name)
        return sorted(tuple(row) for row in await tx.connection.execute(query))


async def test_rows_come_in_the_order_of_the_view(registry, read):
    names = [name for *_, name in await ids_and_names(registry)]
    assert await read(ALL) == [[name] for name in names]
    newest = Rows(NEWEST, ("name",), is_ordered=True, first=3)
    assert await read(newest) == [[name] for name in names[:-4:-1]]


async def test_a_page_after_a_cursor_goes_on_where_the_one_before_it_ended(registry, read):
    after = tuple(
        Parameter(name, column.type)
        for name, column in zip(("p0", "p1"), PARTY.cursor_columns(), strict=True)
    )
    all_there_are = await ids_and_names(registry)
    for view, ordered in ((PARTY, all_there_are), (NEWEST, all_there_are[::-1])):
        page = Rows(view, ("name",), is_ordered=True, first=2, after=after)
        for place, (at, identifier, _) in enumerate(ordered, 1):
            names = [[name] for *_, name in ordered[place : place + 2]]
            assert await read(page, p0=at, p1=identifier) == names


async def test_rows_within_rows_come_with_them(read, entered):
    how_many = Total(MEMBERS_OF_PARTY, Rows(MEMBER, ()))
    selection = Rows(PARTY, ("name",), nested=(ITS_MEMBERS, how_many), equal=("name", NAME))
    for name in entered:
        assert await read(selection, p0=name) == [[name, [[f"{name}-member"]], 1]]


async def test_rows_lie_in_each_other_as_deep_as_they_are_asked_for(read):
    there = ManyRows(MEMBERS_OF_PARTY, Rows(MEMBER, (), nested=(ITS_PARTY,), is_ordered=True))
    back = OneRow(PARTY_OF_MEMBER, Rows(PARTY, (), nested=(there,)))
    selection = Rows(MEMBER, ("subject",), nested=(back,), equal=("subject", NAME))
    assert await read(selection, p0="甲-member") == [["甲-member", [[[["甲"]]]]]]


async def test_a_row_nobody_has_is_none_and_a_list_of_nothing_is_empty(read, entered):
    selection = Rows(PARTY, ("name",), nested=(ITS_MEMBERS,), equal=("name", NAME))
    assert await read(selection, p0="nobody") == []
    # A stranger is not shown who acts for others, nor how many they are.
    counted = Rows(PARTY, (), (Total(MEMBERS_OF_PARTY, Rows(MEMBER, ())),), equal=("name", NAME))
    assert [await read(counted, actor=who, p0="甲") for who in (None, entered["甲"])] == [
        [[0]],
        [[1]],
    ]
    assert await read(selection, actor=None, p0="甲") == [["甲", []]]
    assert await read(selection, actor=entered["last"], p0="甲") == [["甲", []]]
    assert await read(selection, actor=entered["甲"], p0="甲") == [["甲", [["甲-member"]]]]


async def test_rows_that_are_any_of_several_are_found_at_once(read):
    selection = Rows(PARTY, ("name",), any_of=("name", (NAME, NAME_TOO)))
    assert sorted(await read(selection, p0="甲", p1="last")) == [["last"], ["甲"]]
    assert await read(selection, p0="nobody", p1="nobody") == []


async def test_a_page_comes_with_how_many_there_are_on_all(read):
    counted = Rows(PARTY, ())
    page = Rows(PARTY, ("name",), is_ordered=True, first=2)
    [(text, total)] = await read(WithTotal(page, counted))
    assert (len(orjson.loads(text)), total) == (2, 5)


async def test_how_many_rows_there_are_may_be_all_that_is_asked(read):
    assert len(await read(Rows(PARTY, (), is_ordered=True, first=3))) == 3


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (("SHORT",), ["last", "甲"]),
        (("LONG",), ["comma, and '", 'quoted " and \\', "样例登记机构"]),
        (("SHORT", "LONG"), ["comma, and '", "last", 'quoted " and \\', "样例登记机构", "甲"]),
        (("NEITHER",), []),
    ],
)
async def test_a_case_is_any_of_several_when_its_outcome_is(read, wanted, found):
    kind = sa.String()
    length = sa.case(
        (sa.func.length(parties.c.name) <= 4, sa.literal("SHORT", kind)),
        else_=sa.literal("LONG", kind),
    )
    told = tuple(Parameter(f"p{place}", kind) for place, _ in enumerate(wanted))
    met = Met(any_of(length, kind), told)
    values = {each.name: value for each, value in zip(told, wanted, strict=True)}
    rows = await read(Rows(PARTY, ("name",), met=(met,), is_ordered=True, first=9), **values)
    assert sorted(name for (name,) in rows) == found


@on_postgresql
async def test_questions_asked_together_are_answered_apart(read, entered):
    selection = Rows(PARTY, ("name",), nested=(ITS_MEMBERS,), equal=("name", NAME))
    asked = [(actor, name) for actor in entered.values() for name in (*entered, "nobody")]
    answers = await asyncio.gather(*(read(selection, actor=a, p0=name) for a, name in asked))
    for (actor, name), answer in zip(asked, answers, strict=True):
        seen = [[actor.subject]] if actor is entered.get(name) else []
        assert answer == ([] if name == "nobody" else [[name, seen]])


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_row_of_more_values_than_a_function_takes_is_refused(dialect):
    many = View(
        name="Wide",
        source=parties,
        fields=PARTY.fields | {f"copy_{n}": parties.c.name for n in range(MOST_VALUES)},
        visible=PARTY.visible,
    )
    selection = Rows(many, ("id", *(f"copy_{n}" for n in range(MOST_VALUES))))
    around = Rows(MEMBER, (), nested=(OneRow(ToOne(many, "party_id"), selection),))
    with pytest.raises(TooMuchError):
        question_for(around, OFFICE_ROLES, dialect)


def test_what_sqlite_cannot_parse_is_refused():
    rows = Rows(PARTY, ("name",))
    for _ in range(12):
        rows = Rows(MEMBER, (), nested=(OneRow(PARTY_OF_MEMBER, rows),), is_ordered=True)
        rows = Rows(PARTY, (), nested=(ManyRows(MEMBERS_OF_PARTY, rows),))
    with pytest.raises(TooMuchError):
        question_for(rows, OFFICE_ROLES, "sqlite")


def test_an_expression_deeper_than_sqlite_takes_is_refused():
    pieces = ("{}",)
    for _ in range(40):
        pieces = (*("[]", Printed(0)) * 14, Unless(0, pieces))
    with pytest.raises(TooMuchError):
        question_for(Rows(PARTY, ("name",), pieces=pieces), OFFICE_ROLES, "sqlite")


def test_only_what_is_told_each_time_is_a_parameter():
    met = Met(any_of(members.c.subject, sa.String()), (Parameter("p0", sa.String()),))
    selection = Rows(MEMBER, ("subject",), met=(met,), is_ordered=True, first=7)
    text = question_for(selection, frozenset({Role.LENDER}), "postgresql")
    assert set(text.names) == {"asker", "p0"}
    assert "LIMIT 7" in text.text


def test_together_the_same_is_asked_with_columns_for_parameters():
    met = Met(any_of(members.c.subject, sa.String()), (Parameter("p0", sa.String()),))
    selection = Rows(MEMBER, ("subject",), met=(met,), is_ordered=True, first=7)
    asked = question_for(selection, frozenset({Role.LENDER}), "postgresql")
    places = {f"${place}::VARCHAR": name for place, name in enumerate(asked.names, 1)}
    alone = asked.text
    for place, name in places.items():
        assert place in alone
        alone = alone.replace(place, f"q.{name}")
    assert asked.batched is not None
    assert asked.batched.endswith(f" CROSS JOIN LATERAL ({alone}) AS answer")
    assert "\0" not in asked.text + asked.batched
