"""A server that is told to stop, while others follow what it says."""

import asyncio
import json
import signal

import httpx
import pytest

from tests.api.served import farewell_of, socket_to
from tests.server_process import server_on

FOLLOWED = "subscription { certificateChanges { next ledgerPosition } }"
SECONDS = 20


@pytest.fixture
def server(tmp_path):
    with server_on(tmp_path / "data") as server:
        yield server


async def begun(client):
    for message in (
        {"type": "connection_init"},
        {"type": "subscribe", "id": "1", "payload": {"query": FOLLOWED}},
    ):
        await client.send(json.dumps(message))
        told = json.loads(await client.recv())
    assert told["type"] == "next"


async def test_streams_and_sockets_are_ended_and_the_server_stops_at_once(server):
    place = server.address.removeprefix("http://")
    address, accept = f"{server.address}/graphql", {"Accept": "text/event-stream"}
    asked = {"query": FOLLOWED}
    http = httpx.AsyncClient(trust_env=False)
    async with asyncio.timeout(SECONDS), http, socket_to(place) as client:
        await begun(client)
        async with http.stream("POST", address, json=asked, headers=accept) as response:
            stream = response.aiter_text()
            assert (await anext(stream)).startswith("event: next\n")
            server.process.send_signal(signal.SIGTERM)
            assert [part async for part in stream] == []
        assert await farewell_of(client) == (1012, "Service restart")
        await asyncio.to_thread(server.process.wait, 5)


async def test_a_client_that_has_gone_silent_does_not_keep_the_server_from_stopping(server):
    place = server.address.removeprefix("http://")
    async with asyncio.timeout(SECONDS), socket_to(place, close_timeout=0) as client:
        await begun(client)
        client.transport.pause_reading()
        server.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(server.process.wait, 8)
