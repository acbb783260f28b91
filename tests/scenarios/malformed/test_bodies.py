"""Requests that are no GraphQL requests: refused in words, without a fault, without a trace."""

import pytest

from tests.scenarios.malformed.world import told

JSON = {"Content-Type": "application/json"}
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "multipart/form-data; boundary=x"
FINE = b'{"query": "{ __typename }"}'
BAD_REQUEST = (400, ["BAD_REQUEST"])
WRONG_TYPE = (415, ["BAD_REQUEST"])
TOO_LARGE = (413, ["LIMIT_EXCEEDED"])


def with_variables(variables: bytes) -> bytes:
    return b'{"query": "query ($id: ID!) { party(id: $id) { id } }", "variables": %b}' % variables


BODIES = {
    "nothing": b"",
    "spaces": b" \n",
    "half an object": b'{"query": "{ __typename }"',
    "two objects": FINE + FINE,
    "JSON null": b"null",
    "JSON true": b"true",
    "JSON number": b"1",
    "JSON string": b'"{ __typename }"',
    "JSON array": b"[]",
    "several requests at once": b"[%b]" % FINE,
    "a query as such": b"{ __typename }",
    "100,000 arrays in each other": b"[" * 100_000,
    "30,000 variables in each other": with_variables(b'{"id":' * 30_000 + b"1" + b"}" * 30_000),
    "bytes that are no UTF-8": b'{"query": "{ __typename }\xff"}',
    "UTF-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "a mark of byte order": b"\xef\xbb\xbf" + FINE,
    "half of a surrogate pair": with_variables(rb'{"id": "party_\ud800"}'),
    "the other half": with_variables(rb'{"id": "party_\udc00\ud800"}'),
    "a null byte": b'{"query": "{ __typename \x00}"}',
    "a number of 5,000 digits": with_variables(b'{"id": %b}' % (b"9" * 5_000)),
    "a number beyond all doubles": with_variables(b'{"id": 1e999}'),
    "not a number": with_variables(b'{"id": NaN}'),
    "infinity": with_variables(b'{"id": Infinity}'),
    "no query": b"{}",
    "query of null": b'{"query": null}',
    "query of a number": b'{"query": 1}',
    "query of an object": b'{"query": {"a": 1}}',
    "variables of a list": with_variables(b"[1]"),
    "variables of a string": with_variables(b'"id"'),
    "operation name of a number": b'{"query": "{ __typename }", "operationName": 1}',
    "extensions of a list": b'{"query": "{ __typename }", "extensions": []}',
}


@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES)
async def test_a_body_that_is_no_request_is_refused(world, content):
    answer = await world.send("POST", "/graphql", content=content, headers=JSON)
    assert told(answer) == BAD_REQUEST


async def chunks_without_end():
    while True:
        yield b" " * 10_000


@pytest.mark.parametrize("content", [b" " * 300_000, b'{"query": "%b"}' % (b"a" * 300_000)])
async def test_a_body_of_300_kilobytes_is_refused(world, content):
    answer = await world.send("POST", "/graphql", content=content, headers=JSON)
    assert told(answer) == TOO_LARGE


async def test_a_body_without_end_is_not_read_to_its_end(world):
    answer = await world.send("POST", "/graphql", content=chunks_without_end(), headers=JSON)
    assert told(answer) == TOO_LARGE


HEADERS = {
    "no content type": ({}, WRONG_TYPE),
    "plain text": ({"Content-Type": "text/plain"}, WRONG_TYPE),
    "GraphQL as such": ({"Content-Type": "application/graphql"}, WRONG_TYPE),
    "a form": ({"Content-Type": FORM}, WRONG_TYPE),
    "a form with files": ({"Content-Type": BOUNDARY}, WRONG_TYPE),
    "another charset": ({"Content-Type": "application/json; charset=gb18030"}, WRONG_TYPE),
    "a content type of rubbish": ({"Content-Type": ";;=\x7f"}, WRONG_TYPE),
    "compressed": (JSON | {"Content-Encoding": "gzip"}, WRONG_TYPE),
    "asking for HTML": (JSON | {"Accept": "text/html"}, (406, ["BAD_REQUEST"])),
    "asking for rubbish": (JSON | {"Accept": "q=;,;q=q,²"}, (406, ["BAD_REQUEST"])),
}


@pytest.mark.parametrize(("headers", "refusal"), HEADERS.values(), ids=HEADERS)
async def test_a_request_in_another_form_is_refused(world, headers, refusal):
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = await world.send("POST", "/graphql", content=FINE, headers=encoded)
    assert told(answer) == refusal


async def test_a_form_is_no_request_even_when_it_says_all(world):
    form = {"query": "{ __typename }", "operations": "[]", "map": "1"}
    answer = await world.send("POST", "/graphql", data=form)
    assert told(answer) == WRONG_TYPE


async def test_a_client_that_goes_away_amid_its_body_leaves_nothing(world):
    messages = iter(
        [
            {"type": "http.request", "body": FINE[:10], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent = []

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message)

    before = world.trace()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await world.app(scope, receive, send)
    assert sent == []
    world.require_no_trace_since(before)


NOT_FOUND = (404, ["NOT_FOUND"])
NOT_ALLOWED = (405, ["BAD_REQUEST"])
PLACES = {
    "no such path": ("GET", "/nowhere", NOT_FOUND),
    "no such path to post to": ("POST", "/graphql/v2", NOT_FOUND),
    "a slash too many": ("POST", "/graphql/", NOT_FOUND),
    "a path of 10,000 characters": ("GET", "/" + "a" * 10_000, NOT_FOUND),
    "out of the folder": ("GET", "/documents/..%2f..%2fkeys%2flog.key", NOT_FOUND),
    "null characters in a path": ("GET", "/documents/%00", NOT_FOUND),
    "a path that is no UTF-8": ("GET", "/documents/%ff%fe", NOT_FOUND),
    "a document's id of 10,000 characters": ("GET", "/documents/" + "d" * 10_000, NOT_FOUND),
    "a proof of nothing": ("GET", "/ledger/certificates/1.proof", NOT_FOUND),
    "a proof of other digits": ("GET", f"/ledger/certificates/{'١' * 17}.proof", NOT_FOUND),
    "a query in the address": ("GET", "/graphql?query={__typename}", NOT_ALLOWED),
    "PUT": ("PUT", "/graphql", NOT_ALLOWED),
    "DELETE": ("DELETE", "/graphql", NOT_ALLOWED),
    "TRACE": ("TRACE", "/graphql", NOT_ALLOWED),
    "a method nobody knows": ("FROBNICATE", "/graphql", NOT_ALLOWED),
    "POST of an upload": ("POST", "/uploads/permit", NOT_ALLOWED),
    "DELETE of a document": ("DELETE", "/documents/document_1", NOT_ALLOWED),
    "POST of health": ("POST", "/healthz", NOT_ALLOWED),
}


@pytest.mark.parametrize(("method", "path", "refusal"), PLACES.values(), ids=PLACES)
async def test_a_place_or_method_nobody_offers_is_refused(world, method, path, refusal):
    assert told(await world.send(method, path, headers=world.signed("office"))) == refusal
