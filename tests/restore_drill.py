"""`make restore-drill`: a throw-away register is backed up, lost and put back, on both databases.

The commands are those of deploy/backup.md, and so is what the register says of a backup that is
too old. Each step is printed; what is not as it should be ends the drill with 1.
"""

import asyncio
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import typer

from api.opening import open_registry
from api.settings import read_settings
from services.actors import Role
from services.documents.actions import receive_document
from services.documents.model import Upload
from services.migrations import bring_up_to_date
from services.parties.views import find_actor
from services.registry import open_engine
from tests.founding import a_key, enter_party, open_office
from tests.postgres import Programs, address, create_cluster, find_programs, start_server
from tests.server_process import DATATITLE, ROOT, environment_of

BACK_UP, RESTORE = ROOT / "deploy" / "back-up.sh", ROOT / "deploy" / "restore.sh"
ORIGIN = "datatitle.local/log"
TOO_OLD = "The database is older than what was signed"
DATABASE = "register"
HOLDER = "样例数据公司"
# Each document's name is the hash of its content.
CHECK_DOCUMENTS = """
cd "$0" && find . -path ./incoming -prune -o -type f -printf '%f  %p\\n' > ../names
sha256sum --check --quiet ../names && wc -l < ../names
"""


class DrillFailedError(Exception):
    """Something is not as deploy/backup.md says."""


@dataclass(frozen=True, slots=True)
class Drilled:
    """A register to be lost. `programs` are those of its database server, if it has one."""

    folder: Path
    programs: Programs | None = None

    @property
    def server(self) -> Path:
        return self.folder / "server"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def settings(self) -> dict[str, str]:
        chosen = {"DATATITLE_DATA": str(self.data), "DATATITLE_LOG_ORIGIN": ORIGIN}
        if self.programs is not None:
            chosen["DATATITLE_DATABASE_URL"] = address(self.server, DATABASE)
        return chosen

    def run(self, *words: str | Path) -> tuple[int, str]:
        """Run a program: its exit code, and what it said."""
        environment = environment_of(self.data, **self.settings) | {"PYTHON": sys.executable}
        if self.programs is not None:
            environment["PATH"] = f"{self.programs.folder}:{environment['PATH']}"
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def must(self, *words: str | Path) -> str:
        code, said = self.run(*words)
        if code:
            raise DrillFailedError(f"{' '.join(map(str, words))} ended with {code}:\n{said}")
        return said

    def datatitle(self, *words: str) -> str:
        return self.must(*DATATITLE, *words)

    def must_refuse(self, reason: str, *words: str) -> None:
        """The command fails, and says why."""
        code, said = self.run(*words)
        if code == 0 or reason not in said:
            raise DrillFailedError(
                f"{' '.join(words)} ended with {code}, but not as it should:\n{said}"
            )

    async def make(self) -> None:
        self.data.mkdir(mode=0o700)
        if self.programs is not None:
            await self._ask(f"CREATE DATABASE {DATABASE}")
        engine = open_engine(read_settings(self.settings).database_url)
        await bring_up_to_date(engine)
        await engine.dispose()

    async def lose(self) -> None:
        """The database and the documents are gone. Keys, guard and public files are not."""
        shutil.rmtree(self.data / "documents")
        if self.programs is not None:
            await self._ask(f"DROP DATABASE {DATABASE} WITH (FORCE)", f"CREATE DATABASE {DATABASE}")
        for file in self.data.glob("register.sqlite3*"):
            file.unlink()

    async def act(self, documents: int) -> None:
        """So many documents more, each an act and a file."""
        registry = await open_registry(read_settings(self.settings))
        try:
            holder = await find_actor(registry, f"{HOLDER}-member", None, None)
            if holder is None:
                office = await open_office(registry)
                holder = await enter_party(registry, office, HOLDER, Role.REGISTRANT)
            for _ in range(documents):
                upload = Upload(name="a.txt", content=_stream(a_key()))
                await receive_document(registry, holder, upload, a_key())
        finally:
            await registry.close()

    def check_documents(self, count: int) -> None:
        """As many as there should be, each with the content that its name is the hash of."""
        said = self.must("sh", "-ec", CHECK_DOCUMENTS, self.data / "documents")
        if said.split() != [str(count)]:
            raise DrillFailedError(f"{count} documents were expected: {said}")

    async def _ask(self, *statements: str) -> None:
        connection = await asyncpg.connect(address(self.server))
        for statement in statements:
            await connection.execute(statement)
        await connection.close()


async def _stream(text: str) -> AsyncIterator[bytes]:
    yield text.encode()


async def drill(register: Drilled, tell: Callable[[str], None]) -> None:
    """Raises `DrillFailedError` where it does not go as it should."""
    backups = register.folder / "backups"
    await register.make()
    await register.act(20)
    register.datatitle("ledger", "checkpoint")
    yesterday = register.must(BACK_UP, backups / "yesterday").split()[-1]
    tell("20 documents are deposited, signed for and backed up: yesterday's backup")
    await register.act(20)
    register.datatitle("ledger", "checkpoint")
    today = register.must(BACK_UP, backups / "today").split()[-1]
    tell("20 more: today's backup")

    await register.lose()
    register.must(RESTORE, yesterday)
    register.check_documents(20)
    register.must_refuse(TOO_OLD, *DATATITLE, "ledger", "checkpoint")
    register.must_refuse("", *DATATITLE, "ledger", "fsck")
    register.must_refuse("", *DATATITLE, "ledger", "guard", "--adopt", "--confirm", ORIGIN)
    tell("all is lost; yesterday's backup is put back, and the log refuses to sign it")

    await register.lose()
    register.must(RESTORE, today)
    register.check_documents(40)
    register.datatitle("ledger", "checkpoint")
    register.datatitle("ledger", "fsck")
    tell("today's backup is put back; the log is sound, and every document is there")

    await register.act(5)
    register.datatitle("ledger", "checkpoint")
    register.datatitle("ledger", "fsck")
    tell("the register goes on: 5 more documents are deposited and signed for")

    (register.data / "guard" / "log").unlink()
    register.must_refuse("--adopt", *DATATITLE, "ledger", "checkpoint")
    register.datatitle("ledger", "guard", "--adopt", "--confirm", ORIGIN)
    await register.act(1)
    register.datatitle("ledger", "checkpoint")
    register.check_documents(46)
    tell("the guard is lost too, and made anew from the newest database")


@contextmanager
def on_server(folder: Path) -> Iterator[Drilled]:
    """A register on a database server of its own, which is ended afterwards."""
    register = Drilled(folder, find_programs(folder))
    register.server.mkdir()
    create_cluster(register.programs, register.server)
    server = start_server(register.programs, register.server, {})
    try:
        yield register
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()


DRILLED: dict[str, Callable[[Path], AbstractContextManager[Drilled]]] = {
    "SQLite": lambda folder: nullcontext(Drilled(folder)),
    "PostgreSQL": on_server,
}


def main() -> int:
    begun = time.monotonic()
    for kind, opened in DRILLED.items():
        typer.echo(f"{kind}:")
        with TemporaryDirectory(prefix="datatitle-drill-") as name:
            Path(name).chmod(0o755)  # The database server runs as somebody else.
            try:
                with opened(Path(name)) as register:
                    asyncio.run(drill(register, lambda step: typer.echo(f"  {step}")))
            except DrillFailedError as fault:
                typer.echo(f"FAILED: {fault}")
                return 1
    took = time.monotonic() - begun
    typer.echo(f"All came back, and nothing was signed that should not be ({took:.0f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
