"""Several processes on one socket: started, watched, replaced one by one, ended together."""

import multiprocessing
import os
import signal
import socket
from threading import Thread
from typing import TYPE_CHECKING

from api.cli.installation import fail
from api.settings import Settings, read_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

WORKER = "api.cli.workers:worker"
LONGEST_START = 30  # Seconds; a worker that answers as late as that is taken for dead, too.


def serve_by_workers(settings: Settings, workers: int, listening: socket.socket) -> None:
    """Serve until told to stop. A worker that dies is replaced.

    SIGHUP replaces all of them, each only when its successor serves. SIGTERM and SIGINT have all
    finish what they have accepted.
    """
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    from api.cli.listening import configuration

    chosen = configuration(
        WORKER,
        settings.stop_timeout,
        factory=True,
        workers=workers,
        timeout_worker_healthcheck=LONGEST_START,
    )
    # What is asked meanwhile waits in the socket's queue.
    supervisor = Multiprocess(chosen, sockets=[listening])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        fail("the workers could not be started")


def worker() -> "Starlette":
    """The application of one worker. All that is done once, the first process has done."""
    from api.cli.listening import settle
    from api.opening import open_app, registry_of

    _end_with_the_first_process()
    settings = read_settings()
    app = open_app(settings, registry_of(settings))
    settle()
    return app


def _end_with_the_first_process() -> None:
    """Who is killed cannot tell its workers: they see it for themselves, and stop in good order."""
    first = multiprocessing.parent_process()
    assert first is not None

    def watch() -> None:
        first.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True).start()
