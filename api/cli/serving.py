"""`datatitle serve`: the register behind its door, in one process or in several."""

import asyncio
import socket
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from api.cli.installation import (
    CANNOT_BE_USED,
    fail,
    is_there,
    settings_or_exit,
)
from api.cli.listening import address_of, listen, run, serve_app, settle
from api.cli.workers import serve_by_workers
from api.settings import LAST_PORT, BadSettings, Settings


def serve(
    sample: Annotated[
        bool, typer.Option("--sample", help="On first start, load the sample register.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(help="The port; 0 for any free one.", min=0, max=LAST_PORT)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="How many processes serve; 1 unless set.", min=1)
    ] = None,
) -> None:
    """Start the register; on a first start, make its database and keys."""
    settings = settings_or_exit()
    host, port = host or settings.host, settings.port if port is None else port
    # The port comes first: when it is taken, nothing has been made or changed.
    with listen(host, port) as listening:
        if sample and not is_there(settings):
            _load_sample(settings)
        address = address_of(host, listening)
        with suppress(KeyboardInterrupt):
            _run(settings, listening, address, workers or settings.workers)
    print("\nStopped. Everything is kept.")


def _load_sample(settings: Settings) -> None:
    from api.cli.progress import walk_shown
    from api.sample.folder import NotEmpty, make_sample_folder, settings_for
    from api.sample.loading import OPENING
    from services.clock import SystemClock

    alone = settings_for(settings, settings.data)
    if _places(settings) != _places(alone):
        fail(
            "the sample register is loaded into the data folder only: leave "
            "DATATITLE_DATABASE_URL, DATATITLE_GUARD, DATATITLE_LEDGER_FILES and "
            "DATATITLE_DOCUMENTS out, or leave --sample out",
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


def _places(settings: Settings) -> tuple[Path | str, ...]:
    return settings.database_url, settings.guard, settings.ledger_files, settings.documents


def _run(settings: Settings, listening: socket.socket, address: str, workers: int) -> None:
    async def serve_it() -> None:
        from api.cli.banner import banner
        from api.inspecting import look_at_start
        from api.opening import open_app, open_registry

        registry = await open_registry(settings)
        try:
            app = open_app(settings, registry)  # It closes the register when it ends.
        except BadSettings as bad:
            await registry.close()
            fail(str(bad), CANNOT_BE_USED)
        if settings.seals:
            await look_at_start(settings, registry)
        print(await banner(settings, registry, address), flush=True)
        if workers == 1:
            settle()
            await serve_app(app, listening, settings.stop_timeout)
        else:
            await registry.close()  # Each worker opens its own.

    run(serve_it())
    if workers > 1:
        serve_by_workers(settings, workers, listening)
