"""PostgreSQL through asyncpg: a pool that outlives the server, and limits on every wait."""

from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# How long one may wait, in milliseconds as the server is told.
WAITING = {
    "lock_timeout": "5000",
    "statement_timeout": "15000",
    "idle_in_transaction_session_timeout": "30000",
}
SECONDS_TO_CONNECT = 5.0
SECONDS_FOR_A_CONNECTION = 10.0  # From the pool, when all are in use.
CONNECTIONS = 10  # Kept open; as many more are opened under load and closed after.
STATEMENTS_KEPT = 1000  # Prepared statements of a connection: more than there are in the code.


def open_engine(
    url: str, *, connections: int = CONNECTIONS, is_patient: bool = False
) -> AsyncEngine:
    """An engine on a server, or on whichever of several is the primary.

    `url` is libpq's, which asyncpg reads itself: it may name several hosts, and with
    `target_session_attrs=read-write` the one that takes writes is sought. A patient engine sets
    no limit to statements, for work that looks at everything.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        pool_size=connections,
        max_overflow=connections,
        pool_timeout=SECONDS_FOR_A_CONNECTION,
    )
    limits = {} if is_patient else WAITING
    settings = {"application_name": "datatitle", "jit": "off", "TimeZone": "UTC", **limits}

    async def connect_driver() -> Any:
        return await asyncpg.connect(
            libpq_url(url), timeout=SECONDS_TO_CONNECT, server_settings=settings
        )

    def connect(dialect: Any, *_: Any) -> Any:
        return dialect.dbapi.connect(
            async_creator_fn=connect_driver, prepared_statement_cache_size=STATEMENTS_KEPT
        )

    sa.event.listen(engine.sync_engine, "do_connect", connect)
    sa.event.listen(engine.sync_engine, "checkout", _refuse_what_is_closed)
    return engine


def libpq_url(url: str) -> str:
    """The address as every other PostgreSQL program takes it, without SQLAlchemy's driver."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def reads_only(engine: AsyncEngine) -> AsyncEngine:
    """The same pool for snapshots: all statements of a transaction see one state."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _refuse_what_is_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """A server that stopped has closed its connections, which is known without asking it."""
    if dbapi_connection.driver_connection.is_closed():
        raise sa.exc.DisconnectionError
