"""Facts are erased from the command line, and the files hold nothing of them."""

import asyncio
import re
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from ledger.checking.verify import verify
from services.certificates.proofs import proof_of
from services.postgresql import libpq_url
from tests.api.cli.registers import on_register, sealed
from tests.conftest import on_postgresql, on_sqlite
from tests.databases import file_of, rows

NUMBER = "20251231000000031"


VALUE = (
    "SELECT value FROM ledger_opening JOIN ledger_entry ON ledger_entry.id = entry_id "
    "WHERE subject = ? AND number = 0 AND name = ?"
)


def value_of(database, name):
    [(value,)] = rows(database, VALUE, NUMBER, name)
    return value


def test_facts_are_erased_when_it_is_confirmed(database, datatitle):
    told = datatitle("ledger", "erase", NUMBER, "0", "actor", "party", "--yes")
    assert (told.exit_code, told.stdout.splitlines()[0]) == (0, "Erased: actor, party.")
    assert value_of(database, "actor") is None
    told = datatitle("ledger", "erase", NUMBER, "0", "actor", "--yes")
    assert told.stdout == "Erased before: nothing is left to be erased.\n"


def test_nothing_is_erased_without_a_yes(database, datatitle):
    told = datatitle("ledger", "erase", NUMBER, "0", "actor")
    assert told.exit_code == 1
    assert value_of(database, "actor") is not None


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([NUMBER, "0", "status"], "how a certificate stands, must stay"),
        ([NUMBER, "0", "nothing"], "must be one that was recorded"),
        ([NUMBER, "999", "actor"], "must be on the register"),
        (["nobody", "0", "actor"], "must be on the register"),
    ],
)
@pytest.mark.usefixtures("sample")
def test_what_may_not_be_erased_is_said_in_words(datatitle, arguments, reason):
    told = datatitle("ledger", "erase", *arguments, "--yes")
    assert told.exit_code == 1
    assert told.stderr.startswith("datatitle: nothing is erased.")
    assert reason in told.stderr


def test_after_the_vacuum_the_log_is_sound_and_proves_what_is_left(sample, datatitle):
    sealed(sample)
    whole = proven(sample)
    datatitle("ledger", "erase", NUMBER, "0", "application", "actor", "--yes")
    told = datatitle("ledger", "vacuum")
    assert (told.exit_code, told.stdout.startswith("Written anew: ")) == (0, True)
    sealed(sample)
    assert datatitle("ledger", "fsck", "--quiet").exit_code == 0
    assert datatitle("ledger", "audit", "--quiet").exit_code == 0

    left = proven(sample)
    assert "application" in whole.events[0].facts
    facts = {name: fact for name, fact in whole.events[0].facts.items() if name != "application"}
    assert left.events[0] == replace(whole.events[0], facts=facts)
    assert left.events[1:-1] == whole.events[1:]
    assert (left.events[-1].kind, dict(left.events[-1].facts)) == ("openings-erased", {})


def proven(data):
    """What a stranger finds proven of the certificate, with the policy that is published."""
    proof = on_register(data, lambda registry: proof_of(registry, NUMBER))
    return verify(proof, (data / "ledger" / "policy").read_text(encoding="utf-8"))


@on_sqlite
def test_a_database_in_use_is_not_written_anew(database, datatitle):
    with closing(sqlite3.connect(file_of(database))) as connection:
        connection.execute("SELECT 1 FROM ledger_head").fetchall()
        told = datatitle("ledger", "vacuum")
    assert told.exit_code == 1
    assert told.stderr == (
        "datatitle: the database is in use: stop the register, and run this again\n"
    )


@on_postgresql
def test_what_somebody_may_still_see_is_not_said_to_be_gone(database, datatitle, monkeypatch):
    with reading_for_long(database) as pid, monkeypatch.context() as impatient:
        impatient.setattr("ledger.keeping.vacuum_postgresql.LOOKS", 2)
        datatitle("ledger", "erase", NUMBER, "0", "actor", "--yes")
        told = datatitle("ledger", "vacuum")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith("datatitle: old versions of rows are still to be seen by ")
    assert f"process {pid} " in told.stderr
    assert datatitle("ledger", "vacuum").exit_code == 0


@contextmanager
def reading_for_long(database):
    """Somebody in a transaction that sees the database as it is now; gives the process there."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(libpq_url(database)))
        runner.run(connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ"))
        yield runner.run(connection.fetchval("SELECT pg_backend_pid() FROM ledger_head"))
        runner.run(connection.close())


@on_postgresql
def test_who_does_not_own_the_table_is_not_told_that_it_is_written_anew(database, datatitle):
    role = f"serving_{uuid4().hex}"
    rows(database, f"CREATE ROLE {role} LOGIN")
    try:
        serving = re.sub(r"//[^@/]*@", f"//{role}@", database)
        told = datatitle("ledger", "vacuum", DATATITLE_DATABASE_URL=serving)
    finally:
        rows(database, f"DROP ROLE {role}")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith("datatitle: nothing is written anew: name the owner of ")
