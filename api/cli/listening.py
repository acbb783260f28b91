"""A server of ours on an address of this machine: bind first, then serve until told to stop."""

import asyncio
import socket
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from api.cli.installation import fail

if TYPE_CHECKING:
    from starlette.applications import Starlette

SECONDS_TO_FINISH = 5
BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections; ends the command when there is none to be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as fault:
        fail(
            f"cannot listen on {host} port {port} ({fault.strerror}). "
            "Choose another with --port or DATATITLE_PORT"
        )


def address_of(host: str, listening: socket.socket) -> str:
    """Where a browser on this machine reaches what listens there."""
    return f"http://{_in_url(host)}:{listening.getsockname()[1]}"


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(work)


async def serve_app(app: "Starlette", listening: socket.socket) -> None:
    """Serve until told to stop."""
    import uvicorn

    configuration = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    await uvicorn.Server(configuration).serve(sockets=[listening])


def _in_url(host: str) -> str:
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - it is only compared.
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # There is none for Windows.
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
