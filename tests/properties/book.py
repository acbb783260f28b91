"""What stands in the register's database, read beside the register while a machine plays."""

import asyncio
import sqlite3
from typing import Any, Protocol

import asyncpg

from services.postgresql import libpq_url
from tests.databases import file_of, is_sqlite

# A debt falls due at the end of a day in Shanghai, which is eight hours before that of UTC.
FALLS_DUE = ":falls_due"


class Book(Protocol):
    def rows(self, query: str, *parameters: Any) -> list[Any]:
        """The answer to a query in the SQL of both kinds, where a debt falls due `:falls_due`."""

    def writes(self) -> Any:
        """Something that is another whenever anything was written."""

    def close(self) -> None: ...


class SqliteBook:
    def __init__(self, address: str) -> None:
        self.connection = sqlite3.connect(file_of(address))

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        falls_due = "unixepoch(pledge.matures_on, '+1 day', '-8 hours') * 1000000"
        return self.connection.execute(
            query.replace(FALLS_DUE, falls_due).replace("$1", "?"), parameters
        ).fetchall()

    def writes(self) -> Any:
        """SQLite counts others' writes to the file."""
        return self.rows("PRAGMA data_version")

    def close(self) -> None:
        self.connection.close()


class PostgresqlBook:
    def __init__(self, address: str, runner: asyncio.Runner) -> None:
        self.runner = runner
        self.connection = runner.run(asyncpg.connect(libpq_url(address)))
        self.tables = [name for (name,) in self.rows("SELECT relname FROM pg_stat_user_tables")]

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        falls_due = (
            "CAST(extract(epoch FROM pledge.matures_on + 1 - interval '8 hours') AS bigint)"
            " * 1000000"
        )
        answer = self.connection.fetch(query.replace(FALLS_DUE, falls_due), *parameters)
        return [tuple(row) for row in self.runner.run(answer)]

    def writes(self) -> Any:
        """Every version of a row has the number of the transaction that wrote it."""
        written = [f"(SELECT max(xmin::text::bigint) FROM {table})" for table in self.tables]
        return self.rows(f"SELECT greatest({', '.join(written)})")

    def close(self) -> None:
        self.runner.run(self.connection.close())


def open_book(address: str, runner: asyncio.Runner) -> Book:
    return SqliteBook(address) if is_sqlite(address) else PostgresqlBook(address, runner)
