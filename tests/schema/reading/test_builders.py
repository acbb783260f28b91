"""Answers are made of rows as the plan says: the same of columns as of one JSON text."""

import orjson
import pytest

from schema import schema
from schema.reading.builders import builder_for, selections_of
from schema.reading.documents import Documents
from schema.reading.planning import Contract, Planning
from services.reading.statements import comes_whole

CONTRACT = Contract.of(schema)
DOCUMENTS = Documents(CONTRACT.schema)
DIALECTS = ["sqlite", "postgresql"]
AT = 1_780_272_000_000_000
PRINTED = "2026-06-01T00:00:00Z"


def plan_of(text, **variables):
    query = DOCUMENTS.query(text, None)
    taken = query.variables.read(variables)
    return Planning(CONTRACT, query, taken.values).plan(is_public=False)


def row(selection, values, nested=()):
    """A row of a selection, of values by the names of its columns."""
    return [*(values[name] for name in selection.columns), *nested]


def come(selection, rows, dialect):
    """Rows as a database of this kind gives them."""
    if comes_whole(dialect):
        whole = rows if selection.equal is None else rows[0] if rows else None
        return [] if whole is None else [(orjson.dumps(whole).decode(),)]
    columns = len(selection.columns)
    return [
        (*each[:columns], *(v if type(v) is int else orjson.dumps(v).decode() for v in nested))
        for each in rows
        for nested in [each[columns:]]
    ]


def built(plan, dialect, *rows, told=None, found=()):
    selections = list(selections_of(plan))
    answers = [come(s, each, dialect) for s, each in zip(selections, rows, strict=True)]
    return builder_for(plan, dialect).build(answers, told or {}, found)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_object_has_its_members_in_the_order_of_the_document(dialect):
    plan = plan_of("{me {at: registeredAt __typename roles id members {subject id}}}")
    [selection] = selections_of(plan)
    [nested] = selection.nested
    members = [row(nested.rows, {"id": f"m{n}", "subject": f"s{n}"}) for n in (1, 2)]
    party = row(selection, {"id": "p", "registered_at": AT, "roles": "A,B"}, [members])
    data = built(plan, dialect, [party])
    assert orjson.dumps(data) == orjson.dumps(
        {
            "me": {
                "at": PRINTED,
                "__typename": "Party",
                "roles": ["A", "B"],
                "id": "p",
                "members": [{"subject": "s1", "id": "m1"}, {"subject": "s2", "id": "m2"}],
            }
        }
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_not_found_is_null(dialect):
    plan = plan_of('{gone: certificate(by: {number: "7"}) {id holder {id}}}')
    assert built(plan, dialect, []) == {"gone": None}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("rows", "has_more"), [(0, False), (1, False), (2, False), (3, True)])
def test_a_page_has_no_more_than_its_size_and_says_whether_more_follow(dialect, rows, has_more):
    plan = plan_of("{certificates(first: 2) {nodes {number} pageInfo {hasNextPage startCursor}}}")
    [selection] = selections_of(plan)
    there = [
        row(selection, {"number": str(n), "issued_at": AT, "id": f"c{n}"}) for n in range(rows)
    ]
    page = built(plan, dialect, there)["certificates"]
    assert page["nodes"] == [{"number": str(n)} for n in range(min(rows, 2))]
    assert page["pageInfo"]["hasNextPage"] is has_more
    assert (page["pageInfo"]["startCursor"] is None) is (rows == 0)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_amount_is_null_when_there_is_none(dialect):
    plan = plan_of("{offers {nodes {price {currency amountMinor}}}}")
    [selection] = selections_of(plan)
    names = selection.columns
    there = [[7 if "minor" in name else "CNY" for name in names], [None for _ in names]]
    priced, other = built(plan, dialect, there)["offers"]["nodes"]
    assert priced == {"price": {"currency": "CNY", "amountMinor": "7"}}
    assert other == {"price": None}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nodes_come_in_the_order_of_their_ids_and_as_often(dialect):
    plan = plan_of(
        "query ($ids: [ID!]!) {nodes(ids: $ids) {id}}",
        ids=["party_1", "certificate_1", "party_2", "party_1"],
    )
    told = {"p0": "party_1", "p1": "certificate_1", "p2": "party_2", "p3": "party_1"}
    data = built(plan, dialect, [["party_1"]], [["certificate_1"]], told=told)
    party, certificate = {"id": "party_1"}, {"id": "certificate_1"}
    assert data == {"nodes": [party, certificate, None, party]}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_batch_function_is_asked_for_each_key_once(dialect):
    plan = plan_of("{certificates(first: 3) {nodes {lookupSalt}}}")
    [selection] = selections_of(plan)
    rows = [[each for _ in selection.columns] for each in ("b", "a", "b")]
    builder = builder_for(plan, dialect)
    assert builder.keys(plan, [come(selection, rows, dialect)], {}) == [["b", "a"]]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_field_at_the_root_that_asks_nothing_needs_no_rows(dialect):
    assert built(plan_of("{__typename}"), dialect) == {"__typename": "Query"}
    assert built(plan_of("{me @skip(if: true) {id}}"), dialect) == {}
