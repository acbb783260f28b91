"""The database of an installation as who looks at all of it sees it: one state, in any process."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import asyncpg
import sqlalchemy as sa

from api.settings import Settings
from ledger.inspecting.databases import Database, SqliteFile
from services.postgresql import open_engine, reads_by_key, reads_only

T = TypeVar("T")

_EXPORT = "SELECT pg_export_snapshot()"


@dataclass(frozen=True, slots=True)
class DatabaseOnServer:
    """A PostgreSQL database; `snapshot` is the state that another process is looking at."""

    url: str
    snapshot: str | None = None

    def look(self, work: Callable[[sa.Connection], T]) -> T:
        """Raises `ConnectionError` when the server cannot be reached."""
        return asyncio.run(self._look(work))

    def shared(self, connection: sa.Connection) -> "DatabaseOnServer":
        return replace(self, snapshot=connection.exec_driver_sql(_EXPORT).scalar_one())

    async def _look(self, work: Callable[[sa.Connection], T]) -> T:
        engine = open_engine(self.url, is_patient=True)
        try:
            async with reads_only(engine).connect() as connection, connection.begin():
                if self.snapshot is not None:
                    # It takes no parameters; the name is the server's own.
                    await connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{self.snapshot}'")
                await reads_by_key(connection)
                return await connection.run_sync(work)
        except asyncpg.PostgresError as fault:
            raise ConnectionError(str(fault)) from None
        finally:
            await engine.dispose()


def database_of(settings: Settings) -> Database:
    """What `look` needs; nothing is opened yet."""
    file = settings.database_file
    return DatabaseOnServer(settings.database_url) if file is None else SqliteFile(file)
