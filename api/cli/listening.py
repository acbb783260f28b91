"""A server of ours on an address of this machine: bind first, then serve until told to stop."""

import asyncio
import gc
import signal
import socket
from collections.abc import Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from api.cli.installation import fail

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

STOP_TIMEOUT = timedelta(seconds=5)
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
    """Run a server to its end. Told to end, by Ctrl+C or SIGTERM, it raises `KeyboardInterrupt`."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(work)


async def serve_app(
    app: "Starlette", listening: socket.socket, stop_timeout: timedelta = STOP_TIMEOUT
) -> None:
    """Serve until told to stop, and then for as long as what was accepted needs."""
    import uvicorn

    await uvicorn.Server(configuration(app, stop_timeout)).serve(sockets=[listening])


def settle() -> None:
    """What has been made until now stays: who looks for garbage need not look through it again."""
    gc.collect()
    gc.freeze()


def configuration(
    app: "Starlette | str", stop_timeout: timedelta, **of_workers: Any
) -> "uvicorn.Config":
    """How every server of ours serves: an application, or what makes it in each worker."""
    import uvicorn

    from api.draining import DrainingHttp, DrainingWebSocket
    from api.graphql_request import LARGEST_BODY

    return uvicorn.Config(
        app,
        http=DrainingHttp,
        ws=DrainingWebSocket,
        ws_max_size=LARGEST_BODY,
        log_level="warning",
        access_log=False,
        lifespan="on",
        server_header=False,
        proxy_headers=False,  # Nothing here asks where a request came from.
        timeout_graceful_shutdown=int(stop_timeout.total_seconds()),
        **of_workers,
    )


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
