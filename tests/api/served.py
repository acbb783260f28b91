"""A door with a real server in front of it, in the test's own process."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from api.graphql_request import LARGEST_BODY
from api.graphql_socket import PROTOCOL


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Where it listens, as in `127.0.0.1:1234`. It stops at the end, gracefully."""
    configuration = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=LARGEST_BODY,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(configuration)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await until(lambda: server.started)
        try:
            yield "{}:{}".format(*listening.getsockname())
        finally:
            server.should_exit = True
            await serving


async def until(condition: Callable[[], bool]) -> None:
    """Look again and again, but not for ever."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def settled(count: Callable[[], int]) -> int:
    """What a count comes to, once it grows no more."""
    last = -1
    while count() != last:
        last = count()
        await asyncio.sleep(0.3)
    return last


def socket_to(place: str, **options: object) -> connect:
    """A connection for GraphQL that nothing has been said on yet."""
    given = {"subprotocols": [PROTOCOL], "proxy": None, "ping_interval": None} | options
    return connect(f"ws://{place}/graphql", **given)


async def farewell_of(client: ClientConnection) -> tuple[int | None, str | None]:
    """The code and the reason with which the server closes, once it does."""
    async with asyncio.timeout(20):
        await client.wait_closed()
    return client.close_code, client.close_reason
