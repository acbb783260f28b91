"""What a database spells by itself, and what is left to be built of rows."""

import pytest

from schema import schema
from schema.reading import plans
from schema.reading.builders import selections_of
from schema.reading.documents import Documents
from schema.reading.planning import Contract, Planning
from schema.reading.spelling import spelled
from services.reading.selections import Printed, Unless, Within

CONTRACT = Contract.of(schema)
DOCUMENTS = Documents(CONTRACT.schema)
PAGE = "{certificates(first: 2) {%s}}"


def roots_of(text):
    query = DOCUMENTS.query(text, None)
    taken = query.variables.read({})
    plan = spelled(Planning(CONTRACT, query, taken.values).plan(is_public=False))
    return [root for _, root in plan.roots]


@pytest.mark.parametrize(
    "text",
    [
        "{me {id roles members {subject __typename}}}",
        "{certificate(by: {id: 1}) {evidentiaryStatement holder {name} pledges {pledgee {name}}}}",
        "{certificate(by: {id: 1}) {offers(first: 2) {__typename nodes {price {currency}}}}}",
    ],
)
def test_an_object_is_spelled_whole_with_all_that_lies_in_it(text):
    [root] = roots_of(text)
    assert isinstance(root, plans.RootText)
    assert root.selection.pieces[0].startswith("{")


@pytest.mark.parametrize(
    "text",
    [
        "{certificate(by: {id: 1}) {history {at}}}",
        "{certificate(by: {id: 1}) {holder {name} offers {totalCount}}}",
        "{certificate(by: {id: 1}) {offers {pageInfo {hasNextPage}}}}",
        "{certificate(by: {id: 1}) {offers {edges {cursor}}}}",
        PAGE % "totalCount nodes {id}",
        PAGE % "edges {node {id}}",
        PAGE % "nodes {id} others: nodes {number}",
        PAGE % "pageInfo {endCursor}",
        "{nodes(ids: []) {id}}",
    ],
)
def test_what_takes_more_than_the_values_of_a_row_is_built(text):
    [root] = roots_of(text)
    assert not isinstance(root, plans.RootText | plans.RootTextPage)
    assert all(not getattr(selection, "pieces", ()) for selection in selections_of_root(root))


def selections_of_root(root):
    return selections_of(plans.Plan((("it", root),), (), {}))


def test_each_root_is_spelled_for_itself():
    one, other = roots_of("{me {id} certificate(by: {id: 1}) {history {at}}}")
    assert isinstance(one, plans.RootText)
    assert isinstance(other, plans.RootOne)


def test_nodes_are_spelled_and_where_the_page_lies_is_told_beside_them():
    [root] = roots_of(PAGE % "__typename pageInfo {hasNextPage endCursor} nodes {number}")
    assert isinstance(root, plans.RootTextPage)
    assert [name for name, _ in root.members] == ["__typename", "pageInfo", "nodes"]
    rows = root.selection.rows
    assert (rows.columns, rows.first, root.first) == (("issued_at", "id", "number"), 3, 2)
    assert rows.pieces == ('{"number":', Printed(2), "}")
    assert root.selection.ends == ("[", Printed(0), ",", Printed(1), "]")
    assert root.cursor == ((0, True), (1, False))


def test_pieces_name_values_by_their_place_and_what_lies_within_by_its():
    offers = "offers(first: 1) {nodes {price {amountMinor}}}"
    text = f"{{certificate(by: {{id: 1}}) {{number {offers} __typename}}}}"
    [root] = roots_of(text)
    around, within = root.selection, root.selection.nested[0].rows
    assert around.pieces == (
        '{"number":',
        Printed(0),
        ',"offers":{"nodes":[',
        Within(1),
        ']},"__typename":"Certificate"}',
    )
    assert within.pieces == (
        '{"price":',
        Unless(0, ('{"amountMinor":', Printed(0, "BigInt"), "}")),
        "}",
    )


def test_an_object_of_no_members_is_empty():
    [root] = roots_of('{node(id: "certificate_1") {... on Pledge {id}}}')
    assert root.selection.pieces == ("{}",)
