"""Operations over WebSockets: how they run, end, and are bounded."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

import api.authentication
import api.graphql_socket
from api.graphql_socket import MOST_OPERATIONS
from tests.api.served import farewell_of, served, settled, socket_to, until

SECONDS = 20


@pytest.fixture
async def place(door):
    async with served(door.app()) as place:
        yield place


@pytest.fixture
async def client(place):
    async with begun(place) as client:
        yield client


@asynccontextmanager
async def begun(place, authorization=None, **options):
    """A conversation in which both have said hello."""
    async with socket_to(place, **options) as client:
        assert client.subprotocol == "graphql-transport-ws"
        signing_in = {"Authorization": authorization} if authorization else {}
        await say(client, "connection_init", payload=signing_in)
        assert await hear(client) == {"type": "connection_ack"}
        yield client


async def say(client, kind, **members):
    await client.send(json.dumps({"type": kind, **members}))


async def hear(client):
    async with asyncio.timeout(SECONDS):
        return json.loads(await client.recv())


async def subscribe(client, query, key="1", **members):
    await say(client, "subscribe", id=key, payload={"query": query, **members})


def next_of(key, data):
    return {"type": "next", "id": key, "payload": {"data": data}}


async def test_a_subscription_is_told_result_by_result_until_it_is_complete(client):
    await subscribe(client, "subscription ($n: Int!) {ticks(most: $n)}", variables={"n": 3})
    told = [await hear(client) for _ in range(4)]
    assert told == [
        *(next_of("1", {"ticks": n}) for n in range(3)),
        {"type": "complete", "id": "1"},
    ]


async def test_queries_and_acts_run_over_sockets_too(door, client):
    await subscribe(client, "{hello}")
    assert await hear(client) == next_of("1", {"hello": "hello stranger"})
    assert await hear(client) == {"type": "complete", "id": "1"}
    await subscribe(client, "mutation {write}")
    assert await hear(client) == next_of("1", {"write": 1})
    assert door.written == [1]


async def test_an_operation_that_ended_leaves_its_id_to_others(client):
    for _ in range(3):
        await subscribe(client, "{hello}")
        assert (await hear(client))["type"] == "next"
        assert (await hear(client))["type"] == "complete"


async def test_a_client_that_has_enough_says_so_and_the_subscription_ends(door, client):
    await subscribe(client, "subscription {forever}")
    assert await hear(client) == next_of("1", {"forever": "the public"})
    await say(client, "complete", id="1")
    await until(lambda: door.followed == [])
    await subscribe(client, "{hello}")
    assert (await hear(client))["payload"] == {"data": {"hello": "hello stranger"}}


async def test_a_client_that_goes_away_leaves_nothing_behind(door, place):
    async with begun(place) as client:
        for key in "abc":
            await subscribe(client, "subscription {forever}", key)
            await hear(client)
        assert len(door.followed) == 3
        client.transport.abort()
    await until(lambda: door.followed == [])


async def test_who_signs_in_asks_as_that_member(door, place):
    async with begun(place, authorization=f"Bearer {door.token()}") as client:
        await subscribe(client, "subscription {forever}")
        assert await hear(client) == next_of("1", {"forever": "li.wei"})


async def test_signing_in_with_the_request_that_opens_the_socket_does_too(door, place):
    headers = {"Authorization": f"Bearer {door.token()}"}
    async with socket_to(place, additional_headers=headers) as client:
        await say(client, "connection_init")
        await hear(client)
        await subscribe(client, "{actor}")
        assert (await hear(client))["payload"]["data"] == {"actor": "li.wei for party_1"}


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer x.y.z", "Basic YTpi", 1, None, {}])
async def test_who_is_not_who_they_say_is_turned_away(place, shown):
    async with socket_to(place) as client:
        await say(client, "connection_init", payload={"authorization": shown})
        assert await farewell_of(client) == (4403, "Forbidden")


async def test_a_member_who_is_one_no_more_has_to_leave(door, place, monkeypatch):
    monkeypatch.setattr(api.authentication, "BETWEEN_LOOKS", 0.05)
    async with begun(place, authorization=f"Bearer {door.token()}") as client:
        await subscribe(client, "subscription {forever}")
        assert await hear(client) == next_of("1", {"forever": "li.wei"})
        await asyncio.sleep(0.2)
        door.expelled.add("li.wei")
        assert await farewell_of(client) == (4403, "Forbidden")
    await until(lambda: door.followed == [])


async def test_a_member_who_is_one_no_more_can_ask_nothing_more(door, place):
    async with begun(place, authorization=f"Bearer {door.token()}") as client:
        door.expelled.add("li.wei")
        await subscribe(client, "{hello}")
        assert await farewell_of(client) == (4403, "Forbidden")


async def test_a_socket_lives_no_longer_than_its_token(door, place):
    token = door.token(lifetime=timedelta(seconds=2))
    async with begun(place, authorization=f"Bearer {token}") as client:
        await subscribe(client, "subscription {forever}")
        assert await hear(client) == next_of("1", {"forever": "li.wei"})
        assert await farewell_of(client) == (4403, "Forbidden")
    await until(lambda: door.followed == [])


REFUSED = {
    "": "The query is empty.",
    "{": "Syntax Error: Expected Name, found <EOF>.",
    "{hell}": "Cannot query field 'hell' on type 'Query'. Did you mean 'hello'?",
    "fragment F on Query {hello}": "The document has no operation of that name.",
    "{hello} {hello}": None,
    "query A {hello} query B {hello}": "This document has several operations: name the one to run.",
    "subscription {ticks a: ticks}": None,
    "subscription {ticks(most: null)}": None,
    "subscription ($n: Int!) {ticks(most: $n)}": None,
    "{" * 50: None,
    "subscription {" + " ".join(f"a{n}: ticks" for n in range(40)) + "}": None,
    "subscription {ticks}" + " " * 10 + "#\n" * 3_000: None,
}


@pytest.mark.parametrize(("query", "message"), REFUSED.items())
async def test_what_cannot_be_run_is_an_error_of_the_operation_alone(client, query, message):
    await subscribe(client, query)
    told = await hear(client)
    if told["type"] == "next":  # Execution began: a variable did not fit.
        told = {**told, "type": "error", "payload": told["payload"]["errors"]}
    assert (told["type"], told["id"]) == ("error", "1")
    assert told["payload"][0]["extensions"]["code"] in {
        "BAD_REQUEST",
        "BAD_USER_INPUT",
        "LIMIT_EXCEEDED",
    }
    assert message in {None, told["payload"][0]["message"]}
    await subscribe(client, "{hello}")
    assert (await hear(client))["payload"] == {"data": {"hello": "hello stranger"}}


async def test_of_a_fault_a_client_learns_the_request_id_and_the_log_the_rest(client, caplog):
    await subscribe(client, "subscription {breaking}")
    assert await hear(client) == next_of("1", {"breaking": 1})
    told = await hear(client)
    (error,) = told["payload"]
    assert (told["type"], error["message"]) == ("error", "Unexpected error.")
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage().startswith(error["extensions"]["requestId"])
    assert str(record.exc_info[1]) == "the secret is 42"


async def test_the_operations_of_one_socket_are_counted(client):
    for key in range(MOST_OPERATIONS):
        await subscribe(client, "subscription {forever}", str(key))
        await hear(client)
    await subscribe(client, "subscription {forever}", "one more")
    told = await hear(client)
    assert (told["type"], told["id"]) == ("error", "one more")
    assert told["payload"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
    await say(client, "complete", id="0")
    await subscribe(client, "{hello}", "another")
    assert (await hear(client))["payload"] == {"data": {"hello": "hello stranger"}}


async def test_a_ping_is_answered_at_any_time(place):
    async with socket_to(place) as client:
        for payload in ({}, {"payload": None}, {"payload": {"a": 1}}):
            await say(client, "ping", **payload)
            assert await hear(client) == {"type": "pong"}
        await say(client, "pong")
        await say(client, "connection_init")
        assert await hear(client) == {"type": "connection_ack"}


async def test_who_says_nothing_is_not_waited_for_long(place, monkeypatch):
    monkeypatch.setattr(api.graphql_socket, "LONGEST_INIT", 0.1)
    async with socket_to(place) as client:
        assert await farewell_of(client) == (4408, "Connection initialisation timeout")


async def test_a_slow_consumer_is_asked_to_take_what_there_is_before_more_is_made(
    door, place, monkeypatch
):
    monkeypatch.setattr(api.graphql_socket, "LONGEST_SEND", 0.5)
    async with begun(place, compression=None) as client:
        client.transport.pause_reading()
        await subscribe(client, "subscription {flood}")
        await until(lambda: door.written != [])
        made = await settled(lambda: len(door.written))
        assert made < 400  # 20 MB: what the buffers of two sockets take.
        await asyncio.sleep(0.5)
        client.transport.resume_reading()
        with pytest.raises(ConnectionClosedError):
            async for _ in client:
                pass
        assert len(door.written) == made


async def test_pages_of_other_sites_are_turned_away(place):
    for origin in ("http://evil.example", "null", f"http://{place}.evil.example"):
        with pytest.raises(InvalidStatus) as refused:
            await socket_to(place, origin=origin)
        assert refused.value.response.status_code == 403
    async with socket_to(place, origin=f"http://{place}") as client:
        await say(client, "connection_init")
        assert await hear(client) == {"type": "connection_ack"}


@pytest.mark.parametrize("spoken", [None, ["graphql-ws"], ["chat"]])
async def test_other_protocols_are_not_spoken(place, spoken):
    async with socket_to(place, subprotocols=spoken) as client:
        assert client.subprotocol is None
        assert await farewell_of(client) == (4406, "Subprotocol not acceptable")


async def test_a_server_that_stops_says_so(door):
    app = door.app()
    async with served(app) as place, begun(place) as client:
        await subscribe(client, "subscription {forever}")
        await hear(client)
        app.state.stopping.set()
        assert await farewell_of(client) == (1012, "Service restart")
    assert door.followed == []
