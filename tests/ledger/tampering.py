"""What tests do to a ledger's file from outside: read its rows, and write past every guard."""

import sqlite3
from contextlib import closing

from ledger.keeping import store


def rows(database, query, *parameters):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query, parameters).fetchall()


def everything(database):
    """All rows of all tables of the ledger, by table."""
    tables = [table.name for table in store.metadata.sorted_tables]
    return {table: rows(database, f"SELECT * FROM {table}") for table in tables}


def entries(database):
    """The bytes of all entries, in the order of the log."""
    return [entry for (entry,) in rows(database, "SELECT entry FROM ledger_entry ORDER BY idx")]


def tamper(database, *statements):
    """Do what only somebody with the file itself can do: put off every guard, then write."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
        connection.commit()


def copy_database(source, target):
    """As an operator backs a database up, and puts one back where nobody has it open."""
    for name in (target.name, f"{target.name}-wal", f"{target.name}-shm"):
        target.with_name(name).unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
