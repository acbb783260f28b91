"""Planning: what is written in other words is read alike, and what cannot be planned says why."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import api
from schema import schema
from schema.paging import print_cursor
from schema.reading.documents import Documents, UnplannableError
from schema.reading.planning import Contract, Planning
from schema.reading.plans import Connection, RootConstant, RootNodes, RootOne, RootPage
from services.certificates.views import CERTIFICATE
from services.parties.views import PARTY

CONTRACT = Contract.of(schema)
DOCUMENTS = Documents(CONTRACT.schema)
TRUSTED = sorted((Path(api.__file__).parent / "trusted").glob("*.graphql"))
BEGUN = (datetime(2026, 1, 1, tzinfo=UTC), "certificate_1")
CURSOR = print_cursor(BEGUN)


def plan(text, *, operation=None, is_public=True, **variables):
    query = DOCUMENTS.query(text, operation)
    taken = query.variables.read(variables)
    return Planning(CONTRACT, query, taken.values).plan(is_public)


def roots(text, **variables):
    return plan(text, **variables).roots


def parameters(text, **variables):
    """The values given to the statement."""
    query = DOCUMENTS.query(text, None)
    values = query.variables.read(variables).values
    planned = Planning(CONTRACT, query, values).plan(is_public=True)
    return [of(values) for of in planned.parameters.values()]


@pytest.mark.parametrize("file", TRUSTED, ids=lambda file: file.stem)
@pytest.mark.parametrize("is_public", [True, False])
def test_every_trusted_document_is_planned(file, is_public):
    known = {"number": "1", "industry": "steel", "first": 500, "after": None}
    planned = plan(file.read_text(), is_public=is_public, **known)
    assert [type(root) for _, root in planned.roots] in ([RootOne], [RootPage])


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        ("{me {id name}}", "{me {...F}} fragment F on Party {id name}"),
        ("{me {id name}}", "{me {... on Party {id} ... {name}}}"),
        ("{me {id name}}", "{me {... on Node {id} name}}"),
        ("{me {id name}}", "{me {id} me {name id}}"),
        ("{me {id}}", "{me {id name @skip(if: true) uscc @include(if: false)}}"),
        ("{me {id}}", "query ($no: Boolean = false) {me {id ... @include(if: $no) {name}}}"),
        (
            "{me {id members {id subject}}}",
            """{me {id members {id} ...F} ...G}
            fragment F on Party {members {subject}} fragment G on Query {me {id}}""",
        ),
        ("{offers {nodes {id}}}", "{offers(first: 20, after: null, filter: null) {nodes {id}}}"),
        ("{offers {nodes {id}}}", "query ($first: Int! = 20) {offers(first: $first) {nodes {id}}}"),
        (
            "{offers(first: 3) {nodes {id}}}",
            "query ($n: Int! = 3) {offers(first: $n) {nodes {id}}}",
        ),
    ],
)
def test_what_is_written_in_other_words_is_read_alike(written, otherwise):
    assert roots(otherwise, is_public=False) == roots(written, is_public=False)


def test_fields_come_under_their_keys_in_the_order_of_the_document():
    [(key, root)] = roots("{other: me {b: name a: id __typename}}", is_public=False)
    assert (key, [name for name, _ in root.members]) == ("other", ["b", "a", "__typename"])
    assert (root.selection.view, root.selection.columns) == (PARTY, ("name", "id"))


@pytest.mark.parametrize(("wanted", "first"), [("hasNextPage", 4), ("endCursor", 3)])
def test_a_page_reads_one_row_more_only_to_see_whether_more_follow(wanted, first):
    [(_, root)] = roots(f"{{certificates(first: 3) {{pageInfo {{{wanted}}}}}}}")
    assert root.selection.first == first


def test_a_page_reads_what_its_cursors_are_made_of():
    [(_, root)] = roots("{certificates(first: 3) {pageInfo {endCursor} nodes {number}}}")
    assert set(root.selection.columns) == {*CERTIFICATE.order, "number"}
    assert isinstance(root.connection, Connection)
    assert (root.connection.first, root.connection.total) == (3, None)


def test_of_a_node_only_the_type_it_names_is_read():
    text = "query ($id: ID!) {node(id: $id) {id ... on Party {name} ... on Certificate {number}}}"
    read = [roots(text, id=each)[0][1].selection for each in ("party_1", "certificate_1")]
    assert [(each.view, each.columns) for each in read] == [
        (PARTY, ("id", "name")),
        (CERTIFICATE, ("id", "number")),
    ]


def test_nodes_are_read_with_one_statement_for_each_kind():
    ids = ["party_1", "certificate_1", "party_2", "nobody_1"]
    [(_, root)] = roots("query ($ids: [ID!]!) {nodes(ids: $ids) {id}}", ids=ids)
    assert isinstance(root, RootNodes)
    assert root.ids == ("p0", "p1", "p2", "p3")
    assert [(rows.view, names) for rows, names, _ in root.kinds] == [
        (PARTY, ("p0", "p2")),
        (CERTIFICATE, ("p1",)),
    ]


@pytest.mark.parametrize("text", ['{node(id: "nobody_1") {id}}', "{me {id}}"])
def test_what_nobody_can_find_is_not_looked_for(text):
    [(_, root)] = roots(text)
    assert root == RootConstant(None)


@pytest.mark.parametrize(
    ("text", "variables", "values"),
    [
        ('{certificate(by: {number: "7"}) {id}}', {}, ["7"]),
        ("query ($n: String!) {certificate(by: {number: $n}) {id}}", {"n": "7"}, ["7"]),
        ("query ($by: CertificateBy!) {certificate(by: $by) {id}}", {"by": {"id": "7"}}, ["7"]),
        ('query ($id: ID = 7) {nodes(ids: ["a", $id]) {id}}', {}, ["a", "7"]),
        (f'{{certificates(after: "{CURSOR}") {{nodes {{id}}}}}}', {}, [*BEGUN]),
        (
            "query ($filter: OfferFilterInput) {offers(filter: $filter) {nodes {id}}}",
            {"filter": {"territory": "CN-SH", "kind": None}},
            ["CN-SH", "CN"],
        ),
        (
            "query ($place: String) {offers(filter: {territory: $place}) {nodes {id}}}",
            {"place": "CN-SH"},
            ["CN-SH", "CN"],
        ),
        ("query ($place: String) {offers(filter: {territory: $place}) {nodes {id}}}", {}, []),
    ],
)
def test_values_reach_the_statement_wherever_they_stand(text, variables, values):
    assert parameters(text, **variables) == values


@pytest.mark.parametrize(
    ("text", "variables", "reason"),
    [
        ('mutation {dismissMember(input: {memberId: "a"}) {event {id}}}', {}, "not one query"),
        ("query A {me {id}} query B {me {id}}", {}, "not one query"),
        ("{nothing}", {}, "not valid"),
        ("{__schema {types {name}}}", {}, "introspection"),
        ("{certificateChanges {next}}", {}, "Query.certificateChanges"),
        ("{certificates(first: 0) {nodes {id}}}", {}, "a page of no size there is"),
        ("{certificates(first: 501) {nodes {id}}}", {}, "a page of no size there is"),
        (
            "{certificates {nodes {offers(first: -1) {nodes {id}}}}}",
            {},
            "a page of no size there is",
        ),
        (
            "query ($ids: [ID!]!) {nodes(ids: $ids) {id}}",
            {"ids": ["party_1"] * 101},
            "too many ids",
        ),
        (
            "query ($n: Int = 3) {certificates(first: $n) {nodes {id}}}",
            {"n": None},
            "a null where none may be",
        ),
        (
            "query ($is: Boolean = true) {me {id name @include(if: $is)}}",
            {"is": None},
            "a null where none may be",
        ),
    ],
)
def test_what_cannot_be_planned_says_why(text, variables, reason):
    with pytest.raises(UnplannableError) as error:
        plan(text, is_public=False, **variables)
    assert str(error.value) == reason


def test_of_several_operations_the_named_one_is_planned():
    text = "query A {me {id}} query B {offers {nodes {id}}}"
    [(key, _)] = plan(text, operation="B").roots
    assert key == "offers"
    with pytest.raises(UnplannableError):
        plan(text, operation="C")
