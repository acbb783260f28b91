"""`datatitle serve`: the register behind its door, in one process."""

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import (
    CANNOT_BE_USED,
    fail,
    is_there,
    settings_or_exit,
)
from api.settings import LAST_PORT, Settings

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

SECONDS_TO_FINISH = 5
BACKLOG = 2048


def serve(
    sample: Annotated[
        bool, typer.Option("--sample", help="On first start, load the sample register.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(help="The port; 0 for any free one.", min=0, max=LAST_PORT)
    ] = None,
) -> None:
    """Start the register; on a first start, make its database and keys."""
    settings = settings_or_exit()
    host, port = host or settings.host, settings.port if port is None else port
    # The port comes first: when it is taken, nothing has been made or changed.
    with _listen(host, port) as listening:
        if sample and not is_there(settings):
            _load_sample(settings)
        address = f"http://{_in_url(host)}:{listening.getsockname()[1]}"
        with suppress(KeyboardInterrupt):
            _run(settings, listening, address)
    print("\nStopped. Everything is kept.")


def _listen(host: str, port: int) -> socket.socket:
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


def _in_url(host: str) -> str:
    """A host as a browser on this machine reaches it."""
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - it is only compared.
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _load_sample(settings: Settings) -> None:
    from api.cli.progress import walk_shown
    from api.sample.folder import NotEmpty, make_sample_folder, settings_for
    from api.sample.loading import OPENING
    from services.clock import SystemClock

    if settings != settings_for(settings, settings.data):
        fail(
            "the sample register is loaded into the data folder only: "
            "leave DATATITLE_DATABASE_URL out, or leave --sample out",
            CANNOT_BE_USED,
        )
    now = SystemClock().now()
    if now < OPENING:
        fail(
            f"the clock of this machine says {now:%Y-%m-%d}; the register opens {OPENING:%Y-%m-%d}"
        )
    try:
        with walk_shown("Loading the sample register", OPENING, now) as show:
            asyncio.run(make_sample_folder(settings, show))
    except NotEmpty as fault:
        fail(f"{fault}. Empty it, or name another folder in DATATITLE_DATA")


def _run(settings: Settings, listening: socket.socket, address: str) -> None:
    """Serve until told to stop."""
    import uvicorn

    async def serve_it() -> None:
        from api.cli.banner import banner
        from api.opening import open_app, open_registry

        registry = await open_registry(settings)
        app = open_app(settings, registry)  # It closes the register when it ends.
        print(await banner(settings, registry, address), flush=True)
        await uvicorn.Server(_configuration(app)).serve(sockets=[listening])

    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(serve_it())


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # There is none for Windows.
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _configuration(app: "Starlette") -> "uvicorn.Config":
    import uvicorn

    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
