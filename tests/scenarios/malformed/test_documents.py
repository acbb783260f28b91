"""GraphQL that cannot be run: documents, operations and variables that do not fit the contract."""

import pytest
from graphql import get_introspection_query

from tests.scenarios.malformed.world import told

BAD_REQUEST = (200, ["BAD_REQUEST"])
BAD_INPUT = (200, ["BAD_USER_INPUT"])
TOO_MUCH = (200, ["LIMIT_EXCEEDED"])
TWENTY_TWO_DOUBLING_FRAGMENTS = "{ ...F0 }" + "".join(
    f" fragment F{n} on Query {{ __typename ...F{n + 1} ...F{n + 1} }}" for n in range(22)
)

DOCUMENTS = {
    "nothing": ("", BAD_REQUEST),
    "half a document": ("{ me {", BAD_REQUEST),
    "no GraphQL": ("SELECT 1", BAD_REQUEST),
    "null characters": ("{ me { id } }\0", BAD_REQUEST),
    "a fragment alone": ("fragment F on Query { __typename }", BAD_REQUEST),
    "types": ("type Query { a: Int }", BAD_REQUEST),
    "two operations and none named": ("query A { me { id } } query B { me { id } }", BAD_REQUEST),
    "two operations of one name": ("query A { me { id } } query A { me { id } }", BAD_REQUEST),
    "a subscription": ("subscription { me { id } }", BAD_REQUEST),
    "an unknown field": ("{ party(id: 1) { secret } }", BAD_REQUEST),
    "an unknown argument": ("{ me(as: 1) { id } }", BAD_REQUEST),
    "an unknown mutation": ("mutation { dropTables { userErrors { code } } }", BAD_REQUEST),
    "an unknown directive": ("{ me @twice { id } }", BAD_REQUEST),
    "an unknown type": ("query ($a: Spell!) { party(id: $a) { id } }", BAD_REQUEST),
    "an unknown fragment": ("{ ...F }", BAD_REQUEST),
    "an unknown variable": ("{ party(id: $id) { id } }", BAD_REQUEST),
    "a field without its fields": ("{ me }", BAD_REQUEST),
    "fields of a leaf": ("{ me { id { id } } }", BAD_REQUEST),
    "an argument left out": ("{ party { id } }", BAD_REQUEST),
    "an argument of null": ("{ party(id: null) { id } }", BAD_REQUEST),
    "an object for a text": ('{ certificate(by: {number: {a: "b"}}) { id } }', BAD_REQUEST),
    "a fraction for a whole number": ("{ gazette(first: 1.5) { totalCount } }", BAD_REQUEST),
    "a number of 5,000 digits": (
        f"{{ gazette(first: {'9' * 5_000}) {{ totalCount }} }}",
        BAD_REQUEST,
    ),
    "half of a surrogate pair": (r'{ party(id: "\ud800") { id } }', BAD_REQUEST),
    "a character beyond Unicode": (r'{ party(id: "\u{110000}") { id } }', BAD_REQUEST),
    "neither of two": ("{ certificate(by: {}) { id } }", BAD_REQUEST),
    "both of two": ('{ certificate(by: {id: "a", number: "b"}) { id } }', BAD_REQUEST),
    "fragments in a circle": (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        BAD_REQUEST,
    ),
    "fragments that double 22 times": (TWENTY_TWO_DOUBLING_FRAGMENTS, TOO_MUCH),
    "5,000 fields in each other": ("{ a " * 5_000 + "}" * 5_000, TOO_MUCH),
    "30 fields in each other": ("{ a " * 30 + "}" * 30, TOO_MUCH),
    "5,000 lists in each other": (
        f"{{ nodes(ids: {'[' * 5_000}{']' * 5_000}) {{ id }} }}",
        TOO_MUCH,
    ),
    "a type of 5,000 lists": (f"query ($a: {'[' * 5_000}) {{ me {{ id }} }}", TOO_MUCH),
    "one field 11 times": (
        "{ " + " ".join(f"a{n}: me {{ id }}" for n in range(11)) + " }",
        TOO_MUCH,
    ),
    "one field 31 times deeper": (
        "{ me { " + " ".join(f"a{n}: id" for n in range(31)) + " } }",
        TOO_MUCH,
    ),
    "10,000 tokens": ("{ me { " + "id " * 10_000 + "} }", TOO_MUCH),
}


@pytest.mark.parametrize(("document", "refusal"), DOCUMENTS.values(), ids=DOCUMENTS)
async def test_a_document_that_cannot_be_run_is_refused(world, document, refusal):
    assert told(await world.ask(document, who="office")) == refusal


async def test_the_description_of_the_whole_contract_is_not_too_much(world):
    answer = await world.ask(get_introspection_query(input_value_deprecation=True, one_of=True))
    assert told(answer) == (200, [])


async def test_an_operation_nobody_wrote_is_not_run(world):
    body = {"query": "query A { me { id } }", "operationName": "B"}
    assert told(await world.send("POST", "/graphql", json=body)) == BAD_REQUEST


PARTY = "query ($v: ID!) { party(id: $v) { id } }"
GAZETTE = "query ($v: Int! = 1) { gazette(first: $v) { totalCount } }"
NODES = "query ($v: [ID!]!) { nodes(ids: $v) { id } }"
CERTIFICATE = "query ($v: CertificateBy!) { certificate(by: $v) { id } }"
NUMBER = "query ($v: String) { certificate(by: {number: $v}) { id } }"
FILTER = "query ($v: CertificateFilterInput) { certificates(filter: $v) { totalCount } }"
UPLOAD = "mutation ($v: String!) { requestUpload(input: {name: $v}) { userErrors { code } } }"


def nested(levels):
    lists = []
    for _ in range(levels):
        lists = [lists]
    return lists


VARIABLES = {
    "left out": (PARTY, {}, BAD_INPUT),
    "null": (PARTY, {"v": None}, BAD_INPUT),
    "a list for an id": (PARTY, {"v": [1]}, BAD_INPUT),
    "an object for an id": (PARTY, {"v": {"id": 1}}, BAD_INPUT),
    "a fraction for an id": (PARTY, {"v": 1.5}, BAD_INPUT),
    "true for an id": (PARTY, {"v": True}, BAD_INPUT),
    "a text for a number": (GAZETTE, {"v": "1"}, BAD_INPUT),
    "a number beyond 32 bits": (GAZETTE, {"v": 2**31}, BAD_INPUT),
    "a number of 40 digits": (GAZETTE, {"v": 10**40}, BAD_INPUT),
    "a number for a text": (UPLOAD, {"v": 1}, BAD_INPUT),
    "null in a list": (NODES, {"v": [None]}, BAD_INPUT),
    "900 lists in each other": (NODES, {"v": nested(900)}, BAD_INPUT),
    "101 ids": (NODES, {"v": ["party_1"] * 101}, BAD_INPUT),
    "neither of two": (CERTIFICATE, {"v": {}}, BAD_INPUT),
    "both of two": (CERTIFICATE, {"v": {"id": "a", "number": "b"}}, BAD_INPUT),
    "null of two": (CERTIFICATE, {"v": {"number": None}}, BAD_INPUT),
    "one of two that may be null": (NUMBER, {"v": None}, BAD_REQUEST),
    "an unknown field": (FILTER, {"v": {"secret": 1}}, BAD_INPUT),
    "a list for an object": (FILTER, {"v": [1, 2]}, BAD_INPUT),
    "an unknown value": (FILTER, {"v": {"effectiveStatus": ["VALID"]}}, BAD_INPUT),
    "a value in lower case": (FILTER, {"v": {"kind": "product"}}, BAD_INPUT),
}


@pytest.mark.parametrize(("document", "variables", "refusal"), VARIABLES.values(), ids=VARIABLES)
async def test_a_variable_that_does_not_fit_is_refused(world, document, variables, refusal):
    assert told(await world.ask(document, variables, who="office")) == refusal
