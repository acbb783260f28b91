"""The server the story is played against: the one that runs, or one of the demo's own."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from api.opening import open_app, open_registry
from api.sample.folder import settings_for
from api.sealing import log_key
from api.settings import Settings
from services.clock import Clock

SECONDS_TO_FIND = 2.0
SECONDS_TO_STOP = 10.0
ANYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to.


def running_server(settings: Settings) -> str | None:
    """The address of the server of this very data folder, if one answers."""
    if not (settings.data / "keys" / "log.key").exists() or not settings.has_own_issuer:
        return None
    host = "127.0.0.1" if settings.host in ANYWHERE else settings.host
    address = f"http://{host}:{settings.port}"
    try:
        answer = httpx.get(f"{address}/ledger/log.vkey", timeout=SECONDS_TO_FIND, trust_env=False)
    except httpx.HTTPError:
        return None
    # Another server may be there: only this one signs with the key that lies in the folder.
    is_ours = answer.text.strip() == log_key(settings).vkey()
    return address if is_ours else None


@contextmanager
def own_server(settings: Settings, folder: Path, clock: Clock) -> Iterator[str]:
    """The address of a server over the register in `folder`, which goes by `clock`."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = _Server(settings_for(settings, folder), clock, listening)
    server.start()
    try:
        server.wait_until_it_answers()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.stop()
        listening.close()


class _Server(threading.Thread):
    """A server in a thread of its own, so that the story speaks to it as a stranger would."""

    def __init__(self, settings: Settings, clock: Clock, listening: socket.socket) -> None:
        super().__init__(name="datatitle-demo-server", daemon=True)
        self._settings, self._clock, self._listening = settings, clock, listening
        self._opened = threading.Event()
        self._server: uvicorn.Server | None = None
        self._fault: BaseException | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as fault:  # noqa: BLE001 - it is raised again where somebody waits.
            self._fault = fault
        finally:
            self._opened.set()

    async def _serve(self) -> None:
        registry = await open_registry(self._settings, self._clock)
        app = open_app(self._settings, registry)
        configuration = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="on", ws="none"
        )
        self._server = uvicorn.Server(configuration)
        self._opened.set()
        await self._server.serve(sockets=[self._listening])

    def wait_until_it_answers(self) -> None:
        """The socket listens already: once the register is open, requests only wait."""
        self._opened.wait()
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
        self.join(SECONDS_TO_STOP)
