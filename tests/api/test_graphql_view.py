"""GraphQL over HTTP: media types, status codes, and what is told of errors."""

import logging

import pytest

JSON = "application/json; charset=utf-8"
GRAPHQL_JSON = "application/graphql-response+json; charset=utf-8"


async def ask(client, query, accept="application/graphql-response+json", **members):
    content = {"query": query, **members}
    return await client.post("/graphql", json=content, headers={"Accept": accept})


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL_JSON),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_JSON),
        ("application/graphql-response+json;q=0.5, application/json", JSON),
        ("text/html, application/graphql-response+json;charset=utf-8", GRAPHQL_JSON),
        ("application/graphql-response+json;q=0, */*;q=0.1", JSON),
        ("application/json;q=nonsense, application/graphql-response+json;q=0.1", GRAPHQL_JSON),
        ("application/json, text/event-stream, multipart/mixed", JSON),
    ],
)
async def test_the_answer_comes_in_the_type_the_client_likes_best(client, accept, media_type):
    response = await ask(client, "{hello}", accept)
    assert response.headers["content-type"] == media_type
    assert response.json() == {"data": {"hello": "hello stranger"}}


@pytest.mark.parametrize(
    "accept", ["text/html", "text/event-stream;q=0", "application/json;q=0", ","]
)
async def test_a_client_that_takes_no_json_gets_406(client, accept):
    assert (await ask(client, "{hello}", accept)).status_code == 406


REFUSED_DOCUMENTS = {
    "": ("BAD_REQUEST", "The query is empty."),
    "{": ("BAD_REQUEST", "Syntax Error: Expected Name, found <EOF>."),
    "{hell}": ("BAD_REQUEST", "Cannot query field 'hell' on type 'Query'. Did you mean 'hello'?"),
    "fragment F on Query {hello}": (
        "BAD_REQUEST",
        "The document has no operation of that name.",
    ),
    "subscription {ticks}": (
        "BAD_REQUEST",
        "Subscriptions are answered as text/event-stream, or by WebSocket.",
    ),
    "query A {hello} mutation B {write}": (
        "BAD_REQUEST",
        "This document has several operations: name the one to run.",
    ),
    "query ($name: Int!) {hello @skip(if: $name)}": (
        "BAD_REQUEST",
        "Variable '$name' of type 'Int!' used in position expecting type 'Boolean!'.",
    ),
    "query ($tree: Tree = 1) {count(tree: $tree)}": (
        "BAD_REQUEST",
        "Expected value of type 'Tree' to be an object, found: 1.",
    ),
}


@pytest.mark.parametrize(("query", "refusal"), REFUSED_DOCUMENTS.items())
async def test_what_cannot_be_run_is_a_bad_request_without_data(client, query, refusal):
    response = await ask(client, query)
    assert response.status_code == 400
    assert list(response.json()) == ["errors"]
    error = response.json()["errors"][0]
    assert (error["extensions"]["code"], error["message"]) == refusal


@pytest.mark.parametrize("query", REFUSED_DOCUMENTS)
async def test_a_client_of_the_older_type_gets_the_same_with_200(client, query):
    older = await ask(client, query, "application/json")
    assert older.status_code == 200
    assert older.json() == (await ask(client, query)).json()


async def test_the_first_of_several_operations_does_not_run_unnamed(door, client):
    await ask(client, "mutation A {write} query B {hello}")
    await ask(client, "mutation A {write} query B {hello}", operationName="")
    assert door.written == []


async def test_the_named_operation_runs(door, client):
    document = "mutation A {write} query B {hello}"
    named = await ask(client, document, operationName="B")
    assert named.json() == {"data": {"hello": "hello stranger"}}
    named = await ask(client, document, operationName="A")
    assert named.json() == {"data": {"write": 1}}
    unknown = await ask(client, document, operationName="C")
    assert unknown.status_code == 400
    assert door.written == [1]


async def test_an_empty_name_names_nothing(client):
    response = await ask(client, "query A {hello}", operationName="")
    assert response.json() == {"data": {"hello": "hello stranger"}}


async def test_chinese_comes_back_as_it_is_written(client):
    response = await ask(client, '{hello(name: "数据知识产权")}')
    assert "数据知识产权" in response.content.decode()


async def test_at_most_ten_errors_are_told_of_a_document(client):
    response = await ask(client, "{" + " ".join(f"f{n}: hallo" for n in range(10)) + " hallu}")
    assert response.json()["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
    wrong = " ".join(f"wrong{n}: 1" for n in range(20))
    response = await ask(client, f"{{count(tree: {{{wrong}}})}}")
    assert len(response.json()["errors"]) == 10


async def test_of_a_fault_the_client_learns_the_request_id_and_the_log_the_rest(client, caplog):
    with caplog.at_level(logging.INFO, "api"):
        response = await ask(client, "{hello fault}")
    request_id = response.headers["x-request-id"]
    assert response.status_code == 200
    assert response.json() == {
        "errors": [
            {
                "message": "Unexpected error.",
                "locations": [{"line": 1, "column": 8}],
                "path": ["fault"],
                "extensions": {"code": "INTERNAL", "requestId": request_id},
            }
        ],
        "data": {"hello": "hello stranger", "fault": None},
    }
    [record] = [record for record in caplog.records if record.name == "api.graphql_errors"]
    assert (record.levelname, record.getMessage()) == ("ERROR", f"{request_id} fault at ['fault']")
    assert str(record.exc_info[1]) == "the secret is 42"


async def test_a_clients_mistake_is_logged_as_no_error_and_without_what_it_sent(client, caplog):
    with caplog.at_level(logging.INFO):
        response = await ask(client, '{hello(nam: "a secret of the client")}')
    records = [record for record in caplog.records if record.name.startswith(("api", "strawberry"))]
    request_id = response.headers["x-request-id"]
    assert [(record.levelname, record.getMessage()) for record in records] == [
        ("INFO", f"{request_id} refused: BAD_REQUEST at None")
    ]
