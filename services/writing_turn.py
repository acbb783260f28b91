"""One process at a time writes to a SQLite file, each in turn, and nobody else tidies up behind it.

SQLite's own wait for its write lock is a lottery in which some starve for seconds. Here whoever
wants to write takes two file locks: the first lets one of all who wait stand next in line, the
second is the turn itself. Who has just written must stand in line again like everybody else.

The write-ahead log is carried over into the database (a checkpoint) only by whoever has the turn.
Two connections that carry it over, while a third starts it anew, can corrupt the database in
SQLite 3.7.0 to 3.51.2 (sqlite.org/wal.html, "The WAL-Reset Bug").
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

try:
    import fcntl
except ImportError:  # Windows has no such locks: there the lottery remains.
    fcntl = None  # type: ignore[assignment]

# How long the log may grow, as SQLite itself has it; and after how many commits it is looked at.
PAGES_MAX = 1000
GROWTH_MAX = 4 << 20  # Bytes.
COMMITS_MAX = 64

OWNER_ONLY = 0o600


@asynccontextmanager
async def writing_turn(engine: AsyncEngine) -> AsyncIterator[None]:
    """The right to write to this engine's file; of other databases, at once."""
    file = database_file(engine)
    if file is None or fcntl is None:
        yield
        return
    place = await _take(Path(f"{file}.queue"))
    try:
        turn = await _take(Path(f"{file}.lock"))
    finally:
        os.close(place)
    try:
        yield
    finally:
        os.close(turn)


def database_file(engine: AsyncEngine) -> Path | None:
    """The file of a SQLite database; None of one in memory, or on a server."""
    name = engine.url.database
    is_file = engine.dialect.name == "sqlite" and name not in {None, "", ":memory:"}
    return Path(str(name)) if is_file else None


@dataclass(slots=True)
class WriteAheadLog:
    """What this process knows of the log of one database, which it never opens to look.

    The log's file is not cut off when it is carried over: who writes next begins at its start
    again, and what does not make a file longer is sooner on the disk. How long the log has grown
    is therefore guessed, from what as many commits have brought about before.
    """

    size: int = 0
    commits: int = 0
    commits_max: int = COMMITS_MAX

    async def carry_over(self, connection: AsyncConnection) -> None:
        """Checkpoint the log if it may have grown long. For who has the turn and has committed.

        What a reader still looks at stays, and is tried again after the next commit.
        """
        file = database_file(connection.engine)
        if file is None:
            return
        self.commits += 1
        size = size_of_log(file)
        self.size = min(self.size, size)
        if self.commits < self.commits_max and size - self.size < GROWTH_MAX:
            return
        raw: Any = await connection.get_raw_connection()
        # Past SQLAlchemy, which would begin a transaction first.
        checkpoint = "PRAGMA wal_checkpoint(PASSIVE)"
        ((_, pages, _),) = await raw.driver_connection.execute_fetchall(checkpoint)
        expected = self.commits * PAGES_MAX // max(pages, 1)
        self.commits_max = min(max(expected, 1), COMMITS_MAX)
        self.size, self.commits = size, 0


def size_of_log(file: Path) -> int:
    """Bytes of the log beside a database, which is never opened for it.

    A process that opens and closes a file of SQLite's by itself thereby gives up all locks its
    connections hold on it (sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        return Path(f"{file}-wal").stat().st_size
    except FileNotFoundError:
        return 0


async def _take(path: Path) -> int:
    """Wait for a file lock without holding up the event loop. It lasts until it is closed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        loop = asyncio.get_running_loop()
        waiting = loop.run_in_executor(None, fcntl.flock, descriptor, fcntl.LOCK_EX)
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            # The thread cannot be called back: what it is given is given up when it has it.
            waiting.add_done_callback(lambda _: os.close(descriptor))
            raise
    return descriptor
