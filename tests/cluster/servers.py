"""PostgreSQL servers that keep what they acknowledge: started, killed, copied, promoted."""

import asyncio
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.postgres import OWNER, Programs, create_cluster, find_programs

HOST = "127.0.0.1"
DATABASE = "register"
LONGEST_START = 60.0  # Seconds; after kill -9 there is a log to be replayed.
SECONDS_TO_CONNECT = 2.0
SECONDS_TO_RELOAD = 0.5  # Until every process of a server has read its settings again.
# As PostgreSQL comes, said here because a campaign rests on it; and room for a standby.
DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "wal_keep_size": "256MB",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "TimeZone": "UTC",
    "restart_after_crash": "on",
    # A standby told to take over while it waits to try its primary again would wait on.
    "wal_retrieve_retry_interval": "200ms",
}


@dataclass(slots=True)
class PostgresServer:
    """One server on a port of this machine, in a folder of its own."""

    programs: Programs
    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def create(self) -> None:
        """Make an empty cluster of databases, start it, and make the register's in it."""
        self.folder.mkdir()
        await asyncio.to_thread(create_cluster, self.programs, self.folder)
        await self.start()
        await self.ask(f"CREATE DATABASE {DATABASE}", database="postgres")

    async def copy(self, primary: "PostgresServer") -> None:
        """Become a standby of `primary`, which must run, and start following it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.programs.hand_over(self.folder)
        data = self.folder / "data"
        source = f"postgresql://{OWNER}@{primary.place}/postgres?application_name=standby"
        options = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        await asyncio.to_thread(
            self.programs.run, "pg_basebackup", "-D", str(data), "-d", source, *options
        )
        # It waits for nobody, whatever it is copied from, until it is told to.
        with (data / "postgresql.auto.conf").open("a") as settings:
            settings.write("synchronous_standby_names = ''\n")
        await self.start()

    async def start(self) -> None:
        """Start, and wait until it answers.

        What is left of a server that was killed may be in the way for a moment.
        """
        options = [word for name, value in DURABLE.items() for word in ("-c", f"{name}={value}")]
        options += ["-c", f"port={self.port}", "-D", str(self.folder / "data")]
        log = self.folder / "server.log"
        async with asyncio.timeout(LONGEST_START):
            while not await self._answers():
                if self._process is None or self._process.poll() is not None:
                    self._process = self.programs.start("postgres", *options, log=log)
                await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            return False
        try:
            await self.ask("SELECT 1", database="postgres")
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        return True

    def kill(self) -> None:
        """`kill -9`: nothing is written any more, nobody is told."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()

    async def wait_for(self, standby: "PostgresServer") -> None:
        """From now on acknowledge only what `standby` has, too, which has all up to now."""
        del standby  # There is only one that follows.
        await self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'", database="postgres")
        await self.ask("SELECT pg_reload_conf()", database="postgres")
        await asyncio.sleep(SECONDS_TO_RELOAD)
        (written,) = (await self.ask("SELECT pg_current_wal_lsn()"))[0]
        followed = "SELECT sync_state = 'sync' AND flush_lsn >= $1 FROM pg_stat_replication"
        is_followed: list[tuple[Any, ...]] = []
        async with asyncio.timeout(LONGEST_START):
            while is_followed != [(True,)]:
                await asyncio.sleep(0.02)
                is_followed = await self.ask(followed, written)

    async def promote(self) -> None:
        """From a standby to the primary. It has none itself, and waits for none."""
        await self.ask("SELECT pg_promote(wait => true)", database="postgres")

    async def ask(
        self, statement: str, *parameters: Any, database: str = DATABASE
    ) -> list[tuple[Any, ...]]:
        url = f"postgresql://{OWNER}@{self.place}/{database}?application_name=campaign"
        connection = await asyncpg.connect(url, timeout=SECONDS_TO_CONNECT)
        try:
            return [tuple(row) for row in await connection.fetch(statement, *parameters)]
        finally:
            await connection.close(timeout=SECONDS_TO_CONNECT)


def url_of(*servers: PostgresServer) -> str:
    """The address of the register on whichever of these takes writes."""
    places = ",".join(server.place for server in servers)
    sought = "?target_session_attrs=read-write" if len(servers) > 1 else ""
    return f"postgresql://{OWNER}@{places}/{DATABASE}{sought}"


def free_port() -> int:
    with closing(socket.socket()) as listening:
        listening.bind((HOST, 0))
        return int(listening.getsockname()[1])


@contextmanager
def servers_in(scratch: Path, *names: str) -> Iterator[list[PostgresServer]]:
    """Servers that have yet to be made; they have ended, whatever happened, when this does."""
    programs = find_programs(scratch)
    servers = [PostgresServer(programs, scratch / name, free_port()) for name in names]
    try:
        yield servers
    finally:
        for server in servers:
            server.stop()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may walk through."""
    with tempfile.TemporaryDirectory(prefix="datatitle-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder
