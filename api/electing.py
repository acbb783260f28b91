"""Which of many processes does what one at a time has to do: whoever has the seat.

That only one has it saves work, and nothing more rests on it: who has lost the seat and does not
know yet can do no harm, for the log's head is locked by whoever moves it, the guard lets one sign,
and the database keeps what is recorded once from being recorded twice.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from api.repeating import Beside, rest
from services.postgresql import SECONDS_TO_CONNECT, libpq_url

logger = logging.getLogger(__name__)

BETWEEN_TRIES = 0.25  # Seconds until somebody sees that the seat is free.
BETWEEN_HEARTBEATS = 1.0
LONGEST_ANSWER = 2.0
# A process that could not do the work lets others try before it stands again.
AFTER_STEPPING_ASIDE = 5.0
LONGEST_FAREWELL = 5.0  # For what is in hand when the seat is lost.

OWNER_ONLY = 0o600

# The first number of all our seats among PostgreSQL's advisory locks: "seat".
SEATS = 0x73656174
# How soon a server learns that the machine at the other end is gone (PostgreSQL, section 19.3).
KEEPALIVES = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


# What a server that cannot be asked any more answers.
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Seat(Protocol):
    """What one process at a time can have, and none keeps when it dies."""

    name: str

    async def take(self) -> bool:
        """Try once to have it. Raises when that cannot be asked."""
        ...

    async def lost(self) -> None:
        """Return when it is not had any more."""
        ...

    async def give_up(self) -> None: ...


class PostgresqlSeat:
    """A lock that lasts as long as one connection, which serves nothing else.

    The connection must be to the server itself, or through a pooler that keeps sessions: where the
    next statement may go to another session, the lock is somebody else's.
    """

    def __init__(self, url: str, name: str, number: int) -> None:
        self.name = name
        self._url = libpq_url(url)
        self._number = number
        self._connection: Any = None
        self._session: int | None = None
        self._is_lost = asyncio.Event()

    async def take(self) -> bool:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        is_had, session = await self._ask(
            "SELECT pg_try_advisory_lock($1, $2), pg_backend_pid()", SEATS, self._number
        )
        self._session = session
        return bool(is_had)

    async def lost(self) -> None:
        while True:
            await rest(self._is_lost, BETWEEN_HEARTBEATS)
            if self._is_lost.is_set():
                return
            try:
                (session,) = await self._ask("SELECT pg_backend_pid()")
            except AWAY:
                return
            if session != self._session:
                logger.error(
                    "DATATITLE_SESSION_URL must lead to the database server itself: what is "
                    "there now gives every statement another session"
                )
                return

    async def give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            async with asyncio.timeout(LONGEST_ANSWER):
                await connection.close()
        except AWAY:
            connection.terminate()

    async def _connect(self) -> Any:
        settings = {"application_name": f"datatitle {self.name} {os.getpid()}", **KEEPALIVES}
        connection = await asyncpg.connect(
            self._url,
            timeout=SECONDS_TO_CONNECT,
            target_session_attrs="read-write",
            server_settings=settings,
        )
        self._is_lost = is_lost = asyncio.Event()
        connection.add_termination_listener(lambda _: is_lost.set())
        return connection

    async def _ask(self, query: str, *parameters: int) -> Any:
        async with asyncio.timeout(LONGEST_ANSWER):
            return await self._connection.fetchrow(query, *parameters)


class FileSeat:
    """A lock on a file, for processes of one machine."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._path = path
        self._descriptor: int | None = None

    async def take(self) -> bool:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    async def lost(self) -> None:
        await asyncio.Event().wait()  # Nobody can take it away.

    async def give_up(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


class Election:
    """Does all of the work while it has the seat, and stands for it while it has not.

    Work that ends by itself cannot be done here: the seat is left to others for a while.
    """

    def __init__(self, seat: Seat, work: Sequence[Beside]) -> None:
        self._seat = seat
        self._work = work
        self._told: str | None = None

    async def __call__(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                if not await self._is_elected():
                    await rest(stop, BETWEEN_TRIES)
                elif not await self._serve(stop):
                    await self._seat.give_up()
                    await rest(stop, AFTER_STEPPING_ASIDE)
        finally:
            await self._seat.give_up()

    async def _is_elected(self) -> bool:
        try:
            is_elected = await self._seat.take()
        except Exception as fault:  # noqa: BLE001 - whatever it is, it passes or is told.
            await self._seat.give_up()
            cause = f"{type(fault).__name__}: {fault}"
            if cause != self._told:
                logger.warning("nobody can be elected as %s: %s", self._seat.name, cause)
            self._told = cause
            return False
        self._told = None
        return is_elected

    async def _serve(self, stop: asyncio.Event) -> bool:
        """Work until told to stop or until the seat is lost; False if the work ended by itself."""
        over = asyncio.Event()
        serving = [asyncio.ensure_future(work(over)) for work in self._work]
        lost, stopping = (
            asyncio.ensure_future(self._seat.lost()),
            asyncio.ensure_future(stop.wait()),
        )
        everything = (*serving, lost, stopping)
        try:
            await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            has_ended = any(each.done() for each in serving)
            is_lost = lost.done()
            over.set()
            await asyncio.wait(serving, timeout=LONGEST_FAREWELL if is_lost else None)
        finally:
            for each in everything:
                each.cancel()
            for fault in await asyncio.gather(*everything, return_exceptions=True):
                if isinstance(fault, Exception):
                    logger.error("fault in the %s", self._seat.name, exc_info=fault)
        if is_lost:
            logger.warning("the seat of the %s is lost; standing for it again", self._seat.name)
            await self._seat.give_up()
        return not has_ended
