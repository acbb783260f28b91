"""The register's processes: any number of `datatitle serve` over one database and one folder."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.cluster.servers import HOST, free_port
from tests.server_process import DATATITLE, ROOT

LONGEST_START = 60.0  # Seconds, on a machine that has much else to do.
LONGEST_STOP = 40.0
BETWEEN_LOOKS = 0.05
OK = 200


@dataclass(frozen=True, slots=True)
class Installation:
    """What all processes of one register have in common."""

    folder: Path
    database_url: str

    @property
    def environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if "DATATITLE" not in name}
        return others | self.settings

    @property
    def settings(self) -> dict[str, str]:
        return {
            "DATATITLE_DATA": str(self.folder / "data"),
            "DATATITLE_DATABASE_URL": self.database_url,
        }

    async def run(self, *words: str) -> tuple[int, str]:
        """Run a command of `datatitle` to its end: its exit code, and what it said."""
        process = await asyncio.create_subprocess_exec(
            *DATATITLE,
            *words,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()


@dataclass(slots=True)
class ApiServer:
    """One `datatitle serve` on a port of its own, with one worker or several."""

    installation: Installation
    name: str
    workers: int = 1
    port: int = field(default_factory=free_port)
    starts: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return self.installation.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def worker_pids(self) -> list[int]:
        """The processes that answer requests: itself, or those it has started for it."""
        return [pid for pid in children_of(self.pid) if _is_worker(pid)] or [self.pid]

    def begin(self) -> None:
        """Start it, and do not wait."""
        command = (*DATATITLE, "serve", "--port", str(self.port), "--workers", str(self.workers))
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.installation.environment,
                stdout=log,
                stderr=log,
            )

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self.begin()
        async with asyncio.timeout(LONGEST_START), httpx.AsyncClient() as client:
            while not await self._is_alive(client):
                assert self.is_running, self.log.read_text(encoding="utf-8")[-2000:]
                await asyncio.sleep(BETWEEN_LOOKS)

    async def _is_alive(self, client: httpx.AsyncClient) -> bool:
        try:
            answer = await client.get(f"{self.address}/healthz")
        except httpx.TransportError:
            return False
        return answer.status_code == OK

    async def stop(self) -> None:
        """As an operator stops it: it finishes what it has accepted."""
        assert self._process is not None
        self._process.terminate()
        await asyncio.to_thread(self._process.wait, LONGEST_STOP)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """`kill -9`. Workers that it leaves behind end by themselves."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        """Whatever it was doing, nothing of it runs any more."""
        if self._process is None:
            return
        orphans = children_of(self._process.pid)
        self.kill()
        for pid in orphans:
            kill(pid)


def children_of(pid: int) -> list[int]:
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    return [int(word) for word in words]


def _is_worker(pid: int) -> bool:
    """Not what Python starts for its own needs, such as a tracker of resources."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
    return b"resource_tracker" not in command and Path(sys.executable).name.encode() in command


def kill(pid: int) -> None:
    """`kill -9`, if it has not ended meanwhile."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def fleet_of(installation: Installation, *workers: int) -> Iterator[list[ApiServer]]:
    """Servers that have yet to be started, one for each number of workers."""
    servers = [
        ApiServer(installation, f"server-{number}", count)
        for number, count in enumerate(workers, 1)
    ]
    try:
        yield servers
    finally:
        for server in servers:
            server.end()
