"""The shortest way of a query: the same answers, and everything unusual goes the whole way."""

import asyncio
import json
import logging
from datetime import timedelta

import httpx
import pytest

from services.retrying import BusyError

PLAIN = {"Content-Type": "application/json"}
HELLO = b'{"query": "{hello}"}'
ANSWER = b'{"data":{"hello":"hello stranger"}}'
GZIP = {"Content-Encoding": "gzip"}


class Reader:
    """Answers as it is told, or does as it is told, and remembers who asked what."""

    def __init__(self, answer=ANSWER, act=None):
        self.answer = answer
        self.act = act
        self.asked = []
        self.was_cancelled = False

    async def __call__(self, query, variables, operation, actor):
        self.asked.append((query, variables, operation, actor and actor.subject))
        try:
            if self.act is not None:
                await self.act()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return self.answer


@pytest.fixture
def reader(door):
    door.read = Reader()
    return door.read


def sent(client, headers=PLAIN, content=HELLO, method="POST", path="/graphql"):
    return client.request(method, path, headers=headers, content=content)


def shown(response):
    """All of an answer but for the id of its request."""
    headers = [each for each in response.headers.raw if each[0] != b"x-request-id"]
    return response.status_code, headers, response.content


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", "application/graphql-response+json"]
)
async def test_both_ways_give_the_same_answer(client, reader, accept):
    short = await sent(client, PLAIN | {"Accept": accept})
    assert reader.asked == [("{hello}", None, None, None)]
    reader.answer = None
    whole = await sent(client, PLAIN | {"Accept": accept})
    assert shown(short) == shown(whole)
    assert len(short.headers["x-request-id"]) == len(whole.headers["x-request-id"])


async def test_both_ways_repeat_the_id_of_a_request(client, reader):
    for answer in (ANSWER, None):
        reader.answer = answer
        response = await sent(client, PLAIN | {"X-Request-Id": "mine-1"})
        assert response.headers["x-request-id"] == "mine-1"


async def test_everything_that_is_asked_comes_to_the_reader(client, door, reader):
    asked = {"query": "query A {hello}", "variables": {"a": [1]}, "operationName": "A"}
    headers = PLAIN | {"Authorization": f"Bearer {door.token()}"}
    await sent(client, headers, json.dumps(asked))
    assert reader.asked == [("query A {hello}", {"a": [1]}, "A", "li.wei")]


@pytest.mark.parametrize("named", ["Application/JSON", "application/json; charset=UTF-8"])
async def test_a_body_may_say_that_it_is_in_utf_8(client, reader, named):
    assert (await sent(client, {"Content-Type": named})).content == ANSWER
    assert len(reader.asked) == 1


async def test_a_body_in_pieces_is_read_whole(client, reader):
    async def pieces():
        for at in range(0, len(HELLO), 3):
            yield HELLO[at : at + 3]

    assert (await sent(client, content=pieces())).content == ANSWER
    assert reader.asked == [("{hello}", None, None, None)]


UNUSUAL = {
    "a media type with another parameter": {
        "headers": {"Content-Type": "application/json; charset=utf-16"}
    },
    "UTF-8 by another name": {"headers": {"Content-Type": "application/json; charset=utf8"}},
    "a body that is not JSON by its type": {"headers": {"Content-Type": "text/plain"}},
    "a compressed body": {"headers": PLAIN | GZIP},
    "a choice of answers": {"headers": PLAIN | {"Accept": "text/html, */*;q=0.1"}},
    "events": {"headers": PLAIN | {"Accept": "text/event-stream"}},
    "another method": {"method": "PUT"},
    "another address": {"path": "/graphql/"},
    "no JSON": {"content": b"{"},
    "no request": {"content": b"[]"},
    "a name of the wrong type": {"content": b'{"query": 1}'},
    "no body": {"content": b""},
    "a body that is too large": {"content": HELLO + b" " * 256 * 1024},
    "a token that is none": {"headers": PLAIN | {"Authorization": "Bearer nonsense"}},
    "no token": {"headers": PLAIN | {"Authorization": "Basic eDp5"}},
    "two tokens": {"headers": [*PLAIN.items(), *[("Authorization", "Bearer a")] * 2]},
}


@pytest.mark.parametrize("request_", UNUSUAL.values(), ids=UNUSUAL.keys())
async def test_what_is_unusual_is_answered_as_if_nobody_had_looked(door, request_):
    answers = []
    for reader in (Reader(), Reader(answer=None)):
        door.read = reader
        async with door.client() as client:
            answers.append(shown(await sent(client, **request_)))
        assert reader.asked == []
    assert answers[0] == answers[1]


async def test_a_fault_of_the_reader_is_logged_and_the_query_answered(door, caplog):
    async def fail():
        raise LookupError("the secret is 42")

    door.read = Reader(act=fail)
    async with door.client() as client:
        with caplog.at_level(logging.ERROR, logger="api.hot_way"):
            assert (await sent(client)).content == ANSWER
    assert [record.message for record in caplog.records] == ["fault in the compiled reader"]


async def test_a_database_that_is_away_is_no_fault_of_the_reader(door, caplog):
    async def fail():
        raise BusyError

    door.read = Reader(act=fail)
    async with door.client() as client:
        assert (await sent(client)).content == ANSWER
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == []


async def test_a_reading_is_ended_once_the_client_has_gone(door):
    door.read = Reader(act=asyncio.Event().wait)
    came = iter([{"type": "http.request", "body": HELLO, "more_body": False}])
    answers = []

    async def receive():
        return next(came, {"type": "http.disconnect"})

    async def send(message):
        answers.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "headers": [(b"content-type", b"application/json")],
        "query_string": b"",
    }
    async with asyncio.timeout(5):
        await door.app()(scope, receive, send)
    assert door.read.was_cancelled


async def test_a_reading_that_takes_too_long_is_left_to_the_application(door, monkeypatch):
    monkeypatch.setattr("api.hot_way.LONGEST_QUERY", timedelta(seconds=0.05))
    door.read = Reader(act=asyncio.Event().wait)
    async with door.client() as client, asyncio.timeout(5):
        assert (await sent(client)).content == ANSWER
    assert door.read.was_cancelled


async def test_who_stops_the_server_ends_a_reading(door):
    door.read = Reader(act=asyncio.Event().wait)
    async with door.client() as client:
        asking = asyncio.create_task(sent(client))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert door.read.was_cancelled


def limit_exceeded(response: httpx.Response):
    return [error["extensions"]["code"] for error in response.json()["errors"]]


async def test_no_answer_is_larger_than_any_may_be(client, reader, monkeypatch):
    monkeypatch.setattr("api.hot_way.LARGEST_ANSWER", len(ANSWER))
    monkeypatch.setattr("api.graphql_view.LARGEST_ANSWER", len(ANSWER))
    assert (await sent(client)).content == ANSWER
    longer = b'{"query": "{hello(name: \\"strangers\\")}"}'
    reader.answer = ANSWER.replace(b"stranger", b"strangers")
    assert limit_exceeded(await sent(client, content=longer)) == ["LIMIT_EXCEEDED"]


async def test_what_was_done_is_told_however_long(client, door, monkeypatch):
    monkeypatch.setattr("api.graphql_view.LARGEST_ANSWER", 1)
    response = await sent(client, content=b'{"query": "mutation {write}"}')
    assert (response.json(), door.written) == ({"data": {"write": 1}}, [1])


async def test_no_query_takes_longer_than_any_may(client, monkeypatch):
    monkeypatch.setattr("api.graphql_running.LONGEST_QUERY", timedelta(seconds=0.05))
    asking = b'{"query": "{slow}"}'
    async with asyncio.timeout(5):
        assert limit_exceeded(await sent(client, content=asking)) == ["LIMIT_EXCEEDED"]
