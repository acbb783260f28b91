"""What is inspected: one state of a database, which several processes may look at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


class Database(Protocol):
    """A value that can be sent to another process, and what it looks at."""

    def look(self, work: Callable[[sa.Connection], T]) -> T:
        """Do what only reads, in one transaction that sees one state."""

    def shared(self, connection: sa.Connection) -> "Database":
        """The same for other processes, while this one is looking through the connection."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """Other processes may see what has come since: what was there is never written again."""

    path: Path

    def look(self, work: Callable[[sa.Connection], T]) -> T:
        with reading(self.path) as connection:
            return work(connection)

    def shared(self, connection: sa.Connection) -> "SqliteFile":
        del connection
        return self


@contextmanager
def reading(file: Path) -> Iterator[sa.Connection]:
    """A snapshot of a SQLite database, which is not written to, whatever happens."""
    address = sa.URL.create(
        "sqlite", database=f"{file.absolute().as_uri()}", query={"mode": "ro", "uri": "true"}
    )
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    with engine.connect() as connection, connection.begin():
        yield connection


def _prepare(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # We emit BEGIN ourselves, in `_begin`.


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
