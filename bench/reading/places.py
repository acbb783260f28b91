"""Where the registers that are measured lie: on one PostgreSQL, and in files of SQLite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.reading.loading import Tell, load_postgresql, load_sqlite
from bench.reading.rows import MadeUp, made_up
from bench.reading.servers import prepare_for_peers
from services.clock import SystemClock
from tests.cluster.fleet import Installation
from tests.cluster.servers import HOST, OWNER, PostgresServer, servers_in

SQLITE = "sqlite+aiosqlite:///"


@dataclass(frozen=True, slots=True)
class Place:
    """A register of some size, and where it is installed."""

    installation: Installation
    register: MadeUp


@dataclass(slots=True)
class Places:
    """Registers by size, each loaded when it is first asked for."""

    folder: Path
    server: PostgresServer
    tell: Tell
    _made: dict[str, Place] = field(default_factory=dict)

    async def postgresql(self, certificates: int) -> Place:
        name = f"register_{certificates}"
        if name not in self._made:
            await self.server.ask(f"CREATE DATABASE {name}", database="postgres")
            url = f"postgresql://{OWNER}@{HOST}:{self.server.port}/{name}"
            place = self._place(name, url, certificates)
            await load_postgresql(place.installation, place.register, self.tell)
            await prepare_for_peers(url)
            self._made[name] = place
        return self._made[name]

    async def sqlite(self, certificates: int) -> Place:
        name = f"file_{certificates}"
        if name not in self._made:
            file = self.folder / name / "data" / "register.sqlite3"
            file.parent.mkdir(parents=True)
            place = self._place(name, f"{SQLITE}{file}", certificates)
            await load_sqlite(place.installation, place.register, self.tell)
            self._made[name] = place
        return self._made[name]

    def _place(self, name: str, url: str, certificates: int) -> Place:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return Place(Installation(folder, url), made_up(certificates, SystemClock().now()))


@asynccontextmanager
async def places_in(scratch: Path, tell: Tell) -> AsyncIterator[Places]:
    with servers_in(scratch, "postgresql") as (server,):
        await server.create()
        yield Places(scratch, server, tell)
