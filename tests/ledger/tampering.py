"""What tests do to a ledger from outside: read its rows, and write past every guard."""

import sqlite3
from contextlib import closing

from ledger.keeping import store
from tests.databases import file_of, rows, tamper

__all__ = ["copy_database", "entries", "everything", "rows", "tamper"]


def everything(database):
    """All rows of all tables of the ledger, by table."""
    tables = [table.name for table in store.metadata.sorted_tables]
    return {table: rows(database, f"SELECT * FROM {table}") for table in tables}


def entries(database):
    """The bytes of all entries, in the order of the log."""
    return [entry for (entry,) in rows(database, "SELECT entry FROM ledger_entry ORDER BY idx")]


def copy_database(source, target):
    """As an operator backs a file up, and puts one back where nobody has it open."""
    source, target = file_of(source), file_of(target)
    for name in (target.name, f"{target.name}-wal", f"{target.name}-shm"):
        target.with_name(name).unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
