"""PostgreSQL through asyncpg: a pool that outlives the server, and limits on every wait."""

from datetime import timedelta
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.limits import DEFAULT_LIMITS, Limits

MILLISECOND = timedelta(milliseconds=1)
IDLE_IN_TRANSACTION = timedelta(seconds=30)
SECONDS_TO_CONNECT = 5.0
SECONDS_FOR_A_CONNECTION = 10.0  # From the pool, when all are in use.
NULL, NO_CHARACTER = "\0", "\uffff"
_READING_BY_KEY = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
# Prepared statements of a connection: more than there are in the code, and queries beside. The
# server keeps their plans, up to a fifth of a megabyte each.
STATEMENTS_KEPT = 300


def open_engine(
    url: str, limits: Limits = DEFAULT_LIMITS, *, is_patient: bool = False
) -> AsyncEngine:
    """An engine on a server, or on whichever of several is the primary.

    `url` is libpq's, which asyncpg reads itself: it may name several hosts, and with
    `target_session_attrs=read-write` the one that takes writes is sought. A patient engine sets
    no limit to statements, for work that looks at everything.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        pool_size=limits.connections,
        max_overflow=0,  # What is closed after use takes longer to open again than a short wait.
        pool_timeout=SECONDS_FOR_A_CONNECTION,
    )
    waiting = {} if is_patient else _waiting(limits)
    # Every statement here is asked again and again, by keys: one plan serves it whatever the keys,
    # and finds its rows by an index, however few there were when it was made.
    plans = {"jit": "off", "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
    settings = {"application_name": "datatitle", "TimeZone": "UTC", **plans, **waiting}
    # Who has waited for a lock sees what was done meanwhile, whatever the server's own default is.
    settings["default_transaction_isolation"] = "read committed"

    async def connect_driver() -> Any:
        try:
            return await asyncpg.connect(
                libpq_url(url),
                timeout=SECONDS_TO_CONNECT,
                server_settings=settings,
                statement_cache_size=STATEMENTS_KEPT,
                max_cached_statement_lifetime=0,
            )
        except (
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.InvalidCatalogNameError,
        ) as error:
            raise PermissionError(f"The database server refuses: {error}.") from error
        except (OSError, asyncpg.TargetServerAttributeNotMatched) as error:
            raise ConnectionError("No server answers as it should.") from error

    def connect(dialect: Any, *_: Any) -> Any:
        return dialect.dbapi.connect(
            async_creator_fn=connect_driver, prepared_statement_cache_size=STATEMENTS_KEPT
        )

    sa.event.listen(engine.sync_engine, "do_connect", connect)
    sa.event.listen(engine.sync_engine, "checkout", _refuse_what_is_closed)
    sa.event.listen(engine.sync_engine, "before_cursor_execute", _without_nulls, retval=True)
    return engine


def _waiting(limits: Limits) -> dict[str, str]:
    """How long one may wait, in milliseconds as the server is told."""
    waits = {
        "lock_timeout": limits.lock_timeout,
        "statement_timeout": limits.statement_timeout,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
    }
    return {name: str(wait // MILLISECOND) for name, wait in waits.items()}


def libpq_url(url: str) -> str:
    """The address as every other PostgreSQL program takes it, without SQLAlchemy's driver."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def reads_only(engine: AsyncEngine) -> AsyncEngine:
    """The same pool for snapshots: all statements of a transaction see one state."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


async def reads_by_key(connection: AsyncConnection) -> None:
    """For the rest of a transaction, look at much, little by little: wait, and never read a table
    whole to find a few of its rows, however little the server knows of it yet.
    """
    if connection.dialect.name == "postgresql":
        for name, value in _READING_BY_KEY.items():
            await connection.exec_driver_sql(f"SET LOCAL {name} = {value}")


def _without_nulls(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> tuple[str, Any]:
    """PostgreSQL takes no U+0000, and keeps none: what is compared with it equals nothing.

    A rule refuses it (0.7) in all that is written.
    """
    is_question = not many and context is not None and not context.isinsert
    if is_question and any(isinstance(each, str) and NULL in each for each in parameters):
        parameters = tuple(
            each.replace(NULL, NO_CHARACTER) if isinstance(each, str) else each
            for each in parameters
        )
    return statement, parameters


def _refuse_what_is_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """A server that stopped has closed its connections, which is known without asking it."""
    if dbapi_connection.driver_connection.is_closed():
        raise sa.exc.DisconnectionError
