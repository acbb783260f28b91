"""Requests that are none: every one is told so, none is a fault, none reaches the register."""

import json

import httpx
import pytest

WRITE = {"query": "mutation {write}"}
JSON = {"Content-Type": "application/json"}


def sent(content, status=400, **headers):
    """A body with headers beside or instead of the content type, and the status it deserves."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return pytest.param(content, {**JSON, **given}, status)


def write_with(**members):
    return json.dumps(WRITE | members).encode()


def nested(depth):
    return b'{"query":"mutation {write}","variables":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        sent(b""),
        sent(b"mutation {write}"),
        sent(b'"mutation {write}"'),
        sent(b"1"),
        sent(b"null"),
        sent(b"true"),
        sent(b"[]"),
        sent(b"[" + write_with() + b"]"),
        sent(b"{}"),
        sent(b"{"),
        sent(write_with() + b"{}"),
        sent(b"\xef\xbb\xbf" + write_with()),
        sent(b"{'query': 'mutation {write}'}"),
        sent(b'{"query": "mutation {write} \xff"}'),
        sent('{"query": "mutation {write} #é"}'.encode("latin-1")),
        sent(json.dumps(WRITE).encode("utf-16")),
        sent(b'{"query": "mutation {write} #\\ud800"}'),
        sent(b'{"query": "mutation {write} #\\ud800\\ud800"}'),
        sent(write_with(query=None)),
        sent(write_with(query=1)),
        sent(write_with(query=["mutation {write}"])),
        sent(write_with(query={"kind": "Document"})),
        sent(write_with(operationName=1)),
        sent(write_with(operationName={})),
        sent(write_with(variables="{}")),
        sent(write_with(variables=[])),
        sent(write_with(variables=1)),
        sent(write_with(extensions=[])),
        sent(write_with(extensions="a")),
        sent(b'{"query": "mutation {write}", "variables": {"a": NaN}}'),
        sent(b'{"query": "mutation {write}", "variables": {"a": -Infinity}}'),
        sent(b'{"query": "mutation {write}", "variables": {"a": 1e999}}'),
        sent(b'{"query": "mutation {write}", "variables": {"a": ' + b"9" * 5_000 + b"}}"),
        sent(nested(900)),
        sent(nested(100_000)),
        sent(b'{"query": ' + b"[" * 100_000),
        sent(write_with(query="#" + "x" * 300_000), 413),
        sent(write_with(extensions={"a": "x" * 300_000}), 413),
        sent(write_with(), 415, Content_Type="text/plain"),
        sent(write_with(), 415, Content_Type=""),
        sent(write_with(), 415, Content_Type="application/graphql"),
        sent(write_with(), 415, Content_Type="application/x-www-form-urlencoded"),
        sent(write_with(), 415, Content_Type="multipart/form-data; boundary=x"),
        sent(write_with(), 415, Content_Type="application/json; charset=latin-1"),
        sent(write_with(), 415, Content_Type="application/jsonp"),
        sent(write_with(), 415, Content_Encoding="gzip"),
        sent(write_with(), 406, Accept="text/html"),
    ],
)
async def test_a_malformed_request_is_told_so(door, client, content, headers, status):
    response = await client.post("/graphql", content=content, headers=headers)
    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "LIMIT_EXCEEDED"}
    assert door.written == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
async def test_graphql_is_asked_with_post_alone(door, client, method):
    query = {"query": "mutation {write}"}
    response = await client.request(method, "/graphql", params=query)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert door.written == []


@pytest.mark.parametrize(
    "query",
    [
        "\0",
        "mutation",
        "mutation {write",
        "mutation {write} }",
        "mutation {write(}",
        'mutation {write(a: "\\uD800")}',
        'mutation {write(a: "\\u{110000}")}',
        "mutation {write(a: $a)}",
        "mutation {write @skip}",
        "mutation {write @skip(if: 1)}",
        "mutation {write @nonsense}",
        "mutation @skip(if: true) {write}",
        "mutation ($a: [Int) {write}",
        "mutation ($a: Query) {write}",
        "mutation ($a: Int = 99999999999) {write}",
        "mutation {write {id}}",
        "mutation {...F}",
        "mutation {write ...F} fragment F on Mutation {...F}",
        "mutation {write ...F} fragment F on Query {hello}",
        "mutation {write} mutation {write}",
        "mutation {write} type Extra {a: Int}",
        "mutation {a: write a: __typename}",
        "mutation {write(a: " + "[" * 300 + "]" * 300 + ")}",
        "mutation {write}" + "#\n" * 3_000,
        "{hello}" * 2,
        "query ($t: Tree!) {count(tree: $t)}",
        "{count(tree: " + "{left: " * 180 + "1" + "}" * 180 + ")}",
    ],
)
async def test_a_malformed_document_is_told_so(door, client, query):
    headers = {"Accept": "application/graphql-response+json"}
    response = await client.post("/graphql", json={"query": query}, headers=headers)
    assert response.status_code == 400
    assert door.written == []


@pytest.mark.parametrize(
    "tree", [None, 1, "a", [], {"left": 1}, {"names": [1]}, {"names": {"a": 1}}, {"right": None}]
)
async def test_a_variable_that_does_not_fit_is_told_so(client, tree):
    content = {"query": "query ($t: Tree!) {count(tree: $t)}", "variables": {"t": tree}}
    response = await client.post("/graphql", json=content)
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_variable_nested_without_end_is_told_so(client):
    tree: dict = {}
    for _ in range(400):
        tree = {"left": tree}
    content = {"query": "query ($t: Tree!) {count(tree: $t)}", "variables": {"t": tree}}
    response = await client.post("/graphql", json=content)
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_body_that_never_ends_is_read_to_the_limit_and_no_further(client):
    read = 0

    async def endless():
        nonlocal read
        while True:
            read += 1024
            yield b" " * 1024

    response = await client.post("/graphql", content=endless(), headers=JSON)
    assert response.status_code == 413
    assert read == 256 * 1024 + 1024


async def test_a_client_that_goes_away_amid_its_body_leaves_nothing(door, caplog):
    """Without a trace in the register, and without a fault in the log."""

    async def receive():
        return {"type": "http.disconnect"}

    async def send(_message):
        pass

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "headers": [(b"content-type", b"application/json")],
        "query_string": b"",
    }
    await door.app()(scope, receive, send)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert door.written == []


async def test_unknown_places_are_not_found(client):
    for path in ("/nothing", "/graphql/", "/graphql/x", "/healthz/x", "//evil.example", "/%00"):
        response = await client.get(httpx.URL(f"http://door{path}"))
        assert response.status_code == 404
        assert response.json() == {
            "errors": [{"message": "Not Found", "extensions": {"code": "NOT_FOUND"}}]
        }
