"""Messages over a WebSocket that are none: each is told so by a code, none is a fault."""

import asyncio
import json

import pytest

from tests.api.served import farewell_of, served, socket_to

INIT = '{"type": "connection_init"}'
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": "subscription {forever}"}}


@pytest.fixture
async def place(door):
    async with served(door.app()) as place:
        yield place


@pytest.fixture
async def client(place):
    async with socket_to(place) as client:
        yield client


def subscribe_with(**members):
    return json.dumps(SUBSCRIBE | members)


def payload_with(**members):
    return subscribe_with(payload=SUBSCRIBE["payload"] | members)


NO_MESSAGES = [
    "",
    " ",
    "hello",
    "null",
    "true",
    "1",
    "1e999",
    "NaN",
    '"connection_init"',
    "[]",
    f"[{INIT}]",
    "{}",
    "{",
    INIT + INIT,
    "\ufeff" + INIT,
    "{'type': 'connection_init'}",
    '{"type": null}',
    '{"type": 1}',
    '{"type": []}',
    '{"type": {}}',
    '{"type": ""}',
    '{"type": "start"}',
    '{"type": "connection_ack"}',
    '{"type": "connection_terminate"}',
    '{"type": "next", "id": "1", "payload": {}}',
    '{"type": "error", "id": "1", "payload": []}',
    '{"type": "CONNECTION_INIT"}',
    '{"type": "connection_init", "payload": []}',
    '{"type": "connection_init", "payload": 1}',
    '{"type": "connection_init", "payload": "a"}',
    '{"type": "connection_init", "payload": true}',
    '{"type": "ping", "payload": []}',
    '{"type": "ping", "payload": "a"}',
    '{"type": "pong", "payload": 1}',
    '{"type": "complete"}',
    '{"type": "complete", "id": 1}',
    '{"type": "complete", "id": null}',
    '{"type": "complete", "id": ""}',
    '{"type": "subscribe"}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "payload": {"query": "{hello}"}}',
    subscribe_with(id=1),
    subscribe_with(id=None),
    subscribe_with(id=""),
    subscribe_with(id=[]),
    subscribe_with(id={}),
    subscribe_with(id="1" * 257),
    subscribe_with(payload=None),
    subscribe_with(payload=[]),
    subscribe_with(payload="{hello}"),
    subscribe_with(payload=1),
    subscribe_with(payload={}),
    payload_with(query=None),
    payload_with(query=1),
    payload_with(query=["{hello}"]),
    payload_with(query={"kind": "Document"}),
    payload_with(operationName=1),
    payload_with(operationName=[]),
    payload_with(variables=[]),
    payload_with(variables=[1]),
    payload_with(variables="{}"),
    payload_with(variables=1),
    payload_with(extensions=[]),
    payload_with(extensions="a"),
    '{"type": "subscribe", "id": "\\ud800", "payload": {"query": "{hello}"}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{hello}", "variables": {"a": NaN}}}',
    '{"type": "ping", "payload": {"a": ' + "[" * 5_000 + "]" * 5_000 + "}}",
    '{"type": "ping", "payload": {"a": ' + "9" * 5_000 + "}}",
    '{"a": ' * 30_000,
]


@pytest.mark.parametrize("before", [[], [INIT]], ids=["before hello", "after hello"])
async def test_what_is_no_message_ends_the_connection(place, caplog, before):
    async def farewell_to(message):
        async with socket_to(place) as client:
            for said in [*before, message]:
                await client.send(said)
            code, reason = await farewell_of(client)
            return code, reason.partition(": ")[0]

    told = {message: await farewell_to(message) for message in NO_MESSAGES}
    expected = (4400, "This is no message of graphql-transport-ws")
    assert told == dict.fromkeys(NO_MESSAGES, expected)
    assert len(told) >= 50
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("message", [b"", INIT.encode(), b"\xff\x00"])
async def test_bytes_are_no_message(client, message):
    await client.send(message)
    assert await farewell_of(client) == (4400, "Messages are text")


OUT_OF_TURN = {
    "subscribing before hello": ([json.dumps(SUBSCRIBE)], 4401, "Unauthorized"),
    "hello twice": ([INIT, INIT], 4429, "Too many initialisation requests"),
    "one id for two": (
        [INIT, json.dumps(SUBSCRIBE), json.dumps(SUBSCRIBE)],
        4409,
        "Subscriber for 1 already exists",
    ),
    "one long id for two": (
        [INIT, *[subscribe_with(id="证" * 200)] * 2],
        4409,
        "Subscriber for " + "证" * 36,
    ),
}


@pytest.mark.parametrize(("said", "code", "reason"), OUT_OF_TURN.values(), ids=OUT_OF_TURN)
async def test_what_is_said_out_of_turn_ends_the_connection(door, client, said, code, reason):
    for message in said:
        await client.send(message)
    assert await farewell_of(client) == (code, reason)
    assert door.followed == []


async def test_a_message_that_is_too_large_is_not_read(client):
    await client.send('{"type": "ping", "payload": {"a": "' + "x" * 300_000 + '"}}')
    code, _ = await farewell_of(client)
    assert code == 1009


async def test_text_that_is_none_is_not_read(client):
    client.protocol.send_text(b'{"type": "ping\xff"}')
    client.transport.write(b"".join(client.protocol.data_to_send()))
    code, _ = await farewell_of(client)
    assert code == 1007


async def test_what_ended_already_may_be_completed_again(client):
    for message in (INIT, '{"type": "complete", "id": "never"}', '{"type": "ping"}'):
        await client.send(message)
    async with asyncio.timeout(10):
        told = [json.loads(await client.recv())["type"] for _ in range(2)]
    assert told == ["connection_ack", "pong"]
