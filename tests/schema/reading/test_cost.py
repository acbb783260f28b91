"""Cost: what a document could give at most; both readers refuse too much before they read."""

import pytest
from graphql import parse

from schema import schema
from schema.context import Context
from schema.reading.cost import MOST_OBJECTS, objects_in
from schema.reading.documents import query_of
from schema.reading.planning import Contract
from schema.reading.reader import CompiledReader
from services.reading.answering import answerer_of

CORE = Contract.of(schema).schema
EXPLOSIVE = (
    "query ($first: Int!) {certificates(first: $first) {nodes {offers(first: 500) {nodes {id}}}}}"
)


def objects(text, **variables):
    query = query_of(CORE, parse(text), None)
    return objects_in(CORE, query, query.variables.read(variables).values)


@pytest.mark.parametrize(
    ("document", "most"),
    [
        ("{__typename}", 0),
        ("{me {id name __typename}}", 1),
        ("{__schema {types {fields {name}}}}", 0),
        # One for the connection itself.
        ("{certificates {nodes {id}}}", 1 + 20),
        ("{certificates(first: 3) {nodes {id}}}", 1 + 3),
        ("{certificates(first: 3) {edges {node {id}} pageInfo {hasNextPage}}}", 1 + 2 * 3 + 1),
        ("{certificates(first: 3) {totalCount}}", 1 + 10),
        ("{certificates(first: 3) {nodes {holder {id}}}}", 1 + 3 * (1 + 1)),
        ("{certificates(first: 3) {nodes {pledges {id}}}}", 1 + 3 * (1 + 10)),
        ("{certificates(first: 3) {nodes {offers(first: 4) {nodes {id}}}}}", 1 + 3 * (1 + 1 + 4)),
        ("{certificates(first: 3) {nodes {lookupSalt}}}", 1 + 3 * (1 + 25)),
        ("{certificates(first: 3) {nodes {history {kind}}}}", 1 + 3 * (1 + 25 + 10)),
        ('{nodes(ids: ["party_1", "party_2"]) {id}}', 2),
        ("{a: me {id} b: me {id}}", 2),
        ("{me {id} me {name} ...F} fragment F on Query {me {uscc}}", 1),
        ("{me {id} other: me @skip(if: true) {id}}", 1),
        # A node is of one type only: the one that would have most.
        ('{node(id: "a") {... on Party {members {id}} ... on Certificate {holder {id}}}}', 1 + 10),
        ('{collateralReport(by: {id: "a"}, maturesOn: "2026-06-01") {certificate {id}}}', 1 + 1),
        ('mutation {dismissMember(input: {memberId: "a"}) {userErrors {code}}}', 1 + 10),
        # Sizes there are none of are refused where they are asked for.
        ("{certificates(first: 1000000000) {nodes {id}}}", 1 + 500),
        ("{certificates(first: -1) {nodes {id}}}", 1),
    ],
)
def test_pages_count_as_full_and_lists_as_ten(document, most):
    assert objects(document) == most


def test_sizes_may_be_variables():
    document = """query ($first: Int! = 7, $ids: [ID!]!) {
        certificates(first: $first) {nodes {id}} nodes(ids: $ids) {id}
    }"""
    assert objects(document, ids=["a", "b", "c"]) == 1 + 7 + 3
    assert objects(document, ids=[], first=9) == 1 + 9


def test_a_large_page_with_a_few_things_about_each_is_far_from_the_limit():
    document = """{certificates(first: 500) {nodes {
        holder {id} offers(first: 3) {nodes {price {currency}}} pledges {pledgee {id}}
    }}}"""
    assert objects(document) < MOST_OBJECTS / 2


async def test_both_readers_refuse_what_could_have_too_much(registry):
    compiled = CompiledReader(registry, answerer_of(registry), schema)
    for first, is_refused in ((99, False), (100, True)):
        variables = {"first": first}
        assert (objects(EXPLOSIVE, **variables) > MOST_OBJECTS) is is_refused
        context = Context(registry=registry, actor=None)
        reference = await schema.execute(EXPLOSIVE, variables, context_value=context)
        codes = [error.extensions["code"] for error in reference.errors or ()]
        assert codes == ["LIMIT_EXCEEDED"] * is_refused
        assert (await compiled.answer(EXPLOSIVE, variables, None, None) is None) is is_refused
    assert compiled.handed_over == {"an error: TooCostly": 1}


async def test_what_does_not_fit_is_told_before_what_it_would_cost(registry):
    context = Context(registry=registry, actor=None)
    result = await schema.execute(EXPLOSIVE, {"first": "many"}, context_value=context)
    assert [error.message.split(";")[0] for error in result.errors] == [
        "Variable '$first' has invalid value: Int cannot represent non-integer value: 'many'"
    ]


async def test_an_act_that_asks_for_too_much_is_not_tried(registry):
    """Else it would be done, and nobody would learn of it."""
    offers = "offers(first: 500) {nodes {negotiations {license {certificate {pledges {id}}}}}}"
    document = f"""mutation {{
        cancelCertificate(input: {{certificateId: "certificate_1", reasons: "x"}}) {{
            certificate {{{offers}}}
        }}
    }}"""
    context = Context(registry=registry, actor=None)
    result = await schema.execute(document, context_value=context)
    assert [(each.path, each.extensions["code"]) for each in result.errors] == [
        (None, "LIMIT_EXCEEDED")
    ]
