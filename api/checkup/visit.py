"""One visit of the doctor: an installation, looked at without changing anything of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from api.settings import Settings
from services.clock import Clock
from services.registry import open_engine, snapshots


@dataclass(frozen=True, slots=True)
class Visit:
    """The settings, a connection for looks at the database, and the instant of the visit."""

    settings: Settings
    connection: AsyncConnection
    clock: Clock
    now: datetime

    @property
    def is_on_server(self) -> bool:
        return self.settings.database_file is None


@asynccontextmanager
async def visiting(settings: Settings, clock: Clock) -> AsyncIterator[Visit]:
    """Open the database that is there, as it is: no step is taken to bring it up to date."""
    engine = open_engine(settings.database_url)
    try:
        async with snapshots(engine).connect() as connection:
            yield Visit(settings, connection, clock, clock.now())
    finally:
        await engine.dispose()
