"""The unit of work: one transaction that decides, or one snapshot that reads."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from ledger.keeping.following import Extent, extent_of
from ledger.keeping.log import Log
from services import postgresql, sqlite
from services.blobs import Blobs
from services.clock import Clock
from services.growth import Growth
from services.hearing import RecordedAct, tell
from services.limits import DEFAULT_LIMITS, Limits
from services.permits import Permits
from services.turns import Turns


class OutcomeUnknownError(Exception):
    """The connection was lost while the act was being committed: it is done, or it is not."""


@dataclass(slots=True)
class Transaction:
    """What an act or a view may use: the connection, the instant, the log to record in.

    `now` is read at the beginning, and again after every lock that was waited for: what somebody
    else did meanwhile was done before. `recorded` is what the ledger has been given so far, and
    `begun` the ids of records that are new and of which the ledger has not been told yet.
    """

    connection: AsyncConnection
    now: datetime
    log: Log
    _clock: Clock = field(repr=False)
    recorded: list[RecordedAct] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)

    @property
    def has_everything(self) -> bool:
        """Nobody else writes to this database while the transaction lasts."""
        return self.connection.dialect.name == "sqlite"

    def look_at_the_clock(self) -> None:
        self.now = max(self.now, self._clock.now())


@dataclass(frozen=True, slots=True)
class Registry:
    engine: AsyncEngine
    clock: Clock
    log: Log
    blobs: Blobs
    permits: Permits
    _turns: Turns = field(init=False, repr=False)
    _snapshots: AsyncEngine = field(init=False, repr=False)
    growth: Growth = field(init=False, repr=False)
    _to_be_closed: list[Callable[[], Awaitable[None]]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_turns", Turns(self.engine))
        object.__setattr__(self, "_snapshots", snapshots(self.engine))
        object.__setattr__(self, "growth", Growth(self._extent))

    @asynccontextmanager
    async def deciding(self) -> AsyncIterator[Transaction]:
        """A transaction that may write. It commits on the way out, or leaves no trace.

        SQLite takes the write lock at BEGIN, so nothing a rule has just checked can change
        before the action writes. Deciders of one process queue here, in order, and those who
        queue at the same time stand in line together with those of other processes.

        PostgreSQL lets many decide at once: each locks what it decides about (`services.locks`).
        Raises `OutcomeUnknownError`.
        """
        if self.engine.dialect.name != "sqlite":
            async with self.engine.connect() as connection, _committed(connection):
                tx = self._transaction(connection)
                yield tx
        else:
            async with self._turns.turn() as connection:
                tx = self._transaction(connection)
                yield tx
        tell(tx.recorded)
        self.growth.nudge()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A snapshot that cannot write. Readers never wait for deciders."""
        async with self._snapshots.connect() as connection, connection.begin():
            yield self._transaction(connection)

    def close_with(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have something closed that uses the engine, before the engine is."""
        self._to_be_closed.append(close)

    async def close(self) -> None:
        for close in self._to_be_closed:
            await close()
        await self.growth.close()
        await self._turns.close()
        await self.engine.dispose()

    async def _extent(self) -> Extent:
        async with self.reading() as tx:
            return await extent_of(tx.connection)

    def _transaction(self, connection: AsyncConnection) -> Transaction:
        return Transaction(connection, self.clock.now(), self.log, self.clock)


def open_engine(url: str, limits: Limits = DEFAULT_LIMITS) -> AsyncEngine:
    """An engine whose transactions begin when, and as, they say they do.

    The limits are for database servers.
    """
    if url.startswith("sqlite"):
        return sqlite.open_engine(url)
    return postgresql.open_engine(url, limits)


def snapshots(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for transactions that only read, each from one state of the database."""
    return engine if engine.dialect.name == "sqlite" else postgresql.reads_only(engine)


@asynccontextmanager
async def _committed(connection: AsyncConnection) -> AsyncIterator[None]:
    transaction = await connection.begin()
    try:
        yield
    except BaseException:
        await _roll_back(connection, transaction)
        raise
    try:
        await transaction.commit()
    except sa.exc.IntegrityError:
        raise
    except (sa.exc.DBAPIError, OSError) as error:
        raise OutcomeUnknownError from error


async def _roll_back(connection: AsyncConnection, transaction: AsyncTransaction) -> None:
    """Where it cannot be done any more because the server has gone, it is done already."""
    try:
        await transaction.rollback()
    except (sa.exc.DBAPIError, OSError):
        await connection.invalidate()
