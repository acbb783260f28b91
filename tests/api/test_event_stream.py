"""Operations as server-sent events: how they are framed, end, and are bounded."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

import api.authentication
import api.event_stream
from tests.api.served import served, settled, until

STREAM = {"Accept": "text/event-stream"}
COMPLETE = "event: complete\ndata:\n\n"
SECONDS = 20


@pytest.fixture
async def place(door):
    async with served(door.app()) as place:
        yield place


@pytest.fixture
async def http(place):
    async with httpx.AsyncClient(base_url=f"http://{place}", trust_env=False) as http:
        yield http


@asynccontextmanager
async def following(http, query, **headers):
    """The stream of a subscription that has begun."""
    asking = http.stream("POST", "/graphql", json={"query": query}, headers=STREAM | headers)
    async with asyncio.timeout(SECONDS), asking as response:
        assert response.status_code == 200
        yield response.aiter_text()


async def rest_of(stream):
    return "".join([part async for part in stream])


async def asked(client, query, **members):
    content = {"query": query, **members}
    return await client.post("/graphql", json=content, headers=STREAM)


def next_of(json):
    return f"event: next\ndata: {json}\n\n"


async def test_a_subscription_is_told_event_by_event_until_it_is_complete(client):
    response = await asked(client, "subscription {ticks(most: 2)}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    told = ['{"data":{"ticks":0}}', '{"data":{"ticks":1}}']
    assert response.text == "".join(map(next_of, told)) + COMPLETE


async def test_queries_and_acts_are_one_event(door, client):
    response = await asked(client, '{hello(name: "数据\\n产权")}')
    assert response.text == next_of('{"data":{"hello":"hello 数据\\n产权"}}') + COMPLETE
    assert (await asked(client, "mutation {write}")).text == next_of(
        '{"data":{"write":1}}'
    ) + COMPLETE
    assert door.written == [1]


NOT_RUN = [
    "",
    "{",
    "{hell}",
    "{hello(name: 1)}",
    "subscription {ticks a: ticks}",
    "query A {hello} query B {hello}",
    "subscription {" + " ".join(f"a{n}: ticks" for n in range(40)) + "}",
]


@pytest.mark.parametrize("query", NOT_RUN)
async def test_what_cannot_be_run_is_told_in_the_stream_which_is_all_a_browser_hears(client, query):
    response = await asked(client, query)
    assert response.status_code == 200
    assert response.text.startswith('event: next\ndata: {"errors":[{"message":')
    assert response.text.endswith(COMPLETE)


@pytest.mark.parametrize(
    ("accept", "is_stream"),
    [
        ("text/event-stream", True),
        ("text/event-stream, multipart/mixed", True),
        ("multipart/mixed, text/event-stream;q=0.1", True),
        ("text/html, Text/Event-Stream", True),
        ("text/event-stream, application/json;q=0", True),
        ("text/event-stream, application/json;q=0.1", False),
        ("text/event-stream, */*", False),
        ("application/graphql-response+json, application/json, text/event-stream", False),
    ],
)
async def test_only_who_takes_no_json_gets_a_stream(client, accept, is_stream):
    headers = {"Accept": accept}
    response = await client.post("/graphql", json={"query": "{hello}"}, headers=headers)
    json = '{"data":{"hello":"hello stranger"}}'
    assert response.text == (next_of(json) + COMPLETE if is_stream else json)


async def test_what_is_no_request_and_who_is_not_who_they_say_get_no_stream(client):
    for content, status in ((b"{", 400), (b"[]", 400), (b" " * 300_000, 413)):
        headers = STREAM | {"Content-Type": "application/json"}
        response = await client.post("/graphql", content=content, headers=headers)
        assert response.status_code == status
    headers = STREAM | {"Authorization": "Bearer x.y.z"}
    response = await client.post("/graphql", json={"query": "{hello}"}, headers=headers)
    assert response.status_code == 401


async def test_a_fault_is_masked_and_ends_the_stream(client, caplog):
    response = await asked(client, "subscription {breaking}")
    first, second, end = response.text.split("\n\n", 2)
    assert first == 'event: next\ndata: {"data":{"breaking":1}}'
    assert '"message":"Unexpected error."' in second
    assert f'"requestId":"{response.headers["x-request-id"]}"' in second
    assert end == COMPLETE
    assert [record.levelname for record in caplog.records if record.levelno >= 40] == ["ERROR"]


async def test_quiet_is_broken_by_signs_of_life(http, monkeypatch):
    monkeypatch.setattr(api.event_stream, "BETWEEN_SIGNS_OF_LIFE", 0.05)
    async with following(http, "subscription {forever}") as stream:
        assert await anext(stream) == next_of('{"data":{"forever":"the public"}}')
        assert [await anext(stream) for _ in range(3)] == [":\n\n"] * 3


async def test_a_client_that_goes_away_leaves_nothing_behind(door, http):
    async with following(http, "subscription {forever}") as stream:
        await anext(stream)
        assert len(door.followed) == 1
    await until(lambda: door.followed == [])


async def test_a_stream_lives_no_longer_than_the_token_and_is_not_complete_then(door, http):
    token = door.token(lifetime=timedelta(seconds=2))
    signed_in = {"Authorization": f"Bearer {token}"}
    async with following(http, "subscription {forever}", **signed_in) as stream:
        assert await rest_of(stream) == next_of('{"data":{"forever":"li.wei"}}')
    await until(lambda: door.followed == [])


async def test_a_stream_ends_with_the_membership(door, http, monkeypatch):
    monkeypatch.setattr(api.authentication, "BETWEEN_LOOKS", 0.05)
    signed_in = {"Authorization": f"Bearer {door.token()}"}
    async with following(http, "subscription {forever}", **signed_in) as stream:
        await anext(stream)
        door.expelled.add("li.wei")
        assert await rest_of(stream) == ""


async def test_a_server_that_stops_ends_its_streams(door):
    app = door.app()
    async with served(app) as place, httpx.AsyncClient(trust_env=False) as http:
        http.base_url = f"http://{place}"
        async with following(http, "subscription {forever}") as stream:
            await anext(stream)
            app.state.stopping.set()
            assert await rest_of(stream) == ""
    assert door.followed == []


async def test_a_slow_consumer_is_asked_to_take_what_there_is_before_more_is_made(
    door, place, monkeypatch
):
    monkeypatch.setattr(api.event_stream, "LONGEST_SEND", 0.5)
    host, _, port = place.partition(":")
    body = b'{"query": "subscription {flood}"}'
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: door\r\nContent-Type: application/json\r\n"
        b"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    made = await settled(lambda: len(door.written))
    await asyncio.sleep(0.5)
    assert made < 400  # 20 MB: what the buffers of two sockets take.
    async with asyncio.timeout(SECONDS):
        while await reader.read(1 << 20):
            pass
    assert len(door.written) <= made + 1
    writer.close()
