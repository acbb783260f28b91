"""Making sure that what was erased is nowhere in the database's files any more.

An erased value may stand in pages that SQLite has set free, and in older copies of a page that
wait in the -wal file. The whole database is written anew without them.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


class DatabaseInUseError(Exception):
    """Somebody else has the database open, and may hold on to older copies of its pages."""


def require_unused(path: Path) -> None:
    """Raise `DatabaseInUseError` unless nobody has a SQLite database open."""
    with _alone(path):
        pass


def vacuum(path: Path) -> None:
    """Write a SQLite database anew. Needs as much free space as the database takes, twice over.

    Raises `DatabaseInUseError` unless nobody else has it open. Copies elsewhere, such as
    backups, and blocks of the disk that held the old file are beyond its reach.
    """
    with _alone(path) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("VACUUM")
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy


@contextmanager
def _alone(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        # While others are connected the lock cannot be had, and the -wal file not be emptied.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError:
            raise DatabaseInUseError from None
        yield connection
