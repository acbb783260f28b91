"""What the database itself refuses, whoever asks."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ledger.formats.entry import Freeze
from ledger.keeping import store
from ledger.keeping.append import append_mark
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS
from tests.ledger.growing import START
from tests.ledger.tampering import everything, rows

ERASE = "UPDATE ledger_opening SET erased_at = 5, salt = NULL, value = NULL"
GUARDED = [
    "ledger_subject",
    "ledger_entry",
    "ledger_opening",
    "ledger_tile",
    "ledger_head",
    "ledger_checkpoint",
    "ledger_cosignature",
]
COPY = "SELECT {0}, {1}, kind, subject, {2}, entry, leaf, chain, digests FROM ledger_entry LIMIT 1"


@pytest.fixture
async def signed(grown, database):
    """Ten events, checkpoints at 3 and 7 of which the first is published, and a cosignature."""
    with closing(sqlite3.connect(database)) as connection:
        for table in ("checkpoint", "cosignature"):
            for act in ("insert", "update", "delete"):
                connection.execute(f"DROP TRIGGER ledger_{table}_{act}")
        connection.execute("DELETE FROM ledger_checkpoint")
        connection.executemany(
            "INSERT INTO ledger_checkpoint VALUES (?, zeroblob(32), 'note', 0, ?)",
            [(3, 5), (7, None)],
        )
        connection.execute("INSERT INTO ledger_cosignature VALUES (3, 'w', x'01020304', 9, 'l')")
        for statement in APPEND_ONLY_STATEMENTS:
            connection.execute(statement)
        connection.commit()
    return grown


FORBIDDEN = [
    *(f"DELETE FROM {table}" for table in GUARDED),
    *(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1" for table in GUARDED[:-1]),
    *(f"UPDATE ledger_entry SET {each.name} = {each.name}" for each in store.ledger_entry.c),
    "UPDATE OR REPLACE ledger_entry SET idx = 0 WHERE idx = 1",
    f"INSERT INTO ledger_entry {COPY.format(11, 11, 4)}",
    f"INSERT INTO ledger_entry {COPY.format(9, 9, 4)}",
    f"INSERT INTO ledger_entry {COPY.format(10, 'NULL', 4)}",
    f"INSERT INTO ledger_entry {COPY.format(11, 10, 4)}",
    f"INSERT INTO ledger_entry {COPY.format(10, 10, 5)}",
    f"INSERT OR REPLACE INTO ledger_entry {COPY.format(10, 10, 3)}",
    "INSERT INTO ledger_opening VALUES (3, 9, 'more', zeroblob(16), 'x', 1, NULL)",
    "INSERT INTO ledger_opening VALUES (10, 9, 'more', NULL, NULL, 1, 5)",
    *(
        f"UPDATE ledger_opening SET {each.name} = {each.name}"
        for each in store.ledger_opening.c
        if each.name != "erased_at"
    ),
    "UPDATE ledger_opening SET value = 'other' WHERE entry_id = 3 AND slot = 15",
    "UPDATE ledger_opening SET erased_at = 5 WHERE entry_id = 3 AND slot = 15",
    "UPDATE ledger_opening SET erased_at = 5, salt = NULL WHERE entry_id = 3 AND slot = 15",
    f"{ERASE}, name = 'x' WHERE entry_id = 3 AND slot = 15",
    *(f"{ERASE} WHERE slot = {slot}" for slot in (0, 1)),
    "UPDATE ledger_tile SET hashes = x''",
    "UPDATE ledger_tile SET hashes = CAST(hashes || x'00' AS BLOB)",
    "UPDATE ledger_tile SET hashes = hashes || zeroblob(32)",
    "UPDATE ledger_tile SET hashes = CAST(x'00' || substr(hashes, 2) || zeroblob(32) AS BLOB)",
    "UPDATE ledger_tile SET hashes = CAST(hashes || zeroblob(8192) AS BLOB)",
    "UPDATE ledger_tile SET n = 5",
    "INSERT INTO ledger_tile VALUES (1, 0, zeroblob(33))",
    "UPDATE ledger_head SET size = size",
    "UPDATE ledger_head SET size = size - 1",
    "UPDATE ledger_head SET size = size + 1",
    "UPDATE ledger_head SET id = 2",
    "INSERT INTO ledger_head VALUES (2, 0, x'', zeroblob(32), 0)",
    "UPDATE ledger_subject SET next_number = next_number",
    "UPDATE ledger_subject SET next_number = next_number + 1",
    "UPDATE ledger_subject SET next_number = next_number - 1",
    "UPDATE ledger_subject SET next_number = next_number + 1, salt = zeroblob(16)",
    "UPDATE ledger_subject SET next_number = next_number + 1, subject = 'other'",
    "INSERT INTO ledger_subject VALUES ('new', zeroblob(16), zeroblob(32), 0, zeroblob(32))",
    *(
        f"UPDATE ledger_checkpoint SET {each.name} = {each.name}"
        for each in store.ledger_checkpoint.c
    ),
    "UPDATE ledger_checkpoint SET published_at = 6 WHERE size = 3",
    "UPDATE ledger_checkpoint SET published_at = 6, note = 'other' WHERE size = 7",
    "UPDATE ledger_checkpoint SET published_at = 6, root = x'01' WHERE size = 7",
    "INSERT INTO ledger_checkpoint VALUES (7, zeroblob(32), 'again', 0, NULL)",
    "INSERT INTO ledger_checkpoint VALUES (5, zeroblob(32), 'between', 0, NULL)",
    "INSERT INTO ledger_checkpoint VALUES (11, zeroblob(32), 'beyond', 0, NULL)",
    "INSERT OR REPLACE INTO ledger_cosignature VALUES (3, 'w', x'01020304', 8, 'older')",
    "UPDATE ledger_cosignature SET time = 8",
    "UPDATE ledger_cosignature SET name = 'other'",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_database_itself_refuses(signed, database, statement):
    before = everything(database)

    with pytest.raises(IntegrityError):
        async with signed.begin() as connection:
            await connection.execute(sa.text(statement))
    assert everything(database) == before


ALLOWED = [
    f"{ERASE} WHERE slot = 15",
    "UPDATE ledger_checkpoint SET published_at = 6 WHERE size = 7",
    "INSERT INTO ledger_checkpoint VALUES (10, zeroblob(32), 'next', 0, NULL)",
    "INSERT OR REPLACE INTO ledger_cosignature VALUES (3, 'w', x'01020304', 10, 'newer')",
    "UPDATE ledger_cosignature SET time = 10, line = 'newer'",
]


@pytest.mark.parametrize("statement", ALLOWED)
async def test_what_may_be_written_later_is_written(signed, statement):
    async with signed.begin() as connection:
        assert (await connection.execute(sa.text(statement))).rowcount > 0


async def test_what_was_erased_is_not_written_again(signed):
    async with signed.begin() as connection:
        await connection.execute(sa.text(ALLOWED[0]))
    again = "UPDATE ledger_opening SET erased_at = {}, salt = {}, value = 'x' WHERE slot = 15"
    for statement in (again.format("NULL", "zeroblob(16)"), ALLOWED[0]):
        with pytest.raises(IntegrityError):
            async with signed.begin() as connection:
                await connection.execute(sa.text(statement))


async def test_only_a_state_follows_the_end_even_past_our_code(grown):
    async with grown.begin() as connection:
        await append_mark(connection, Freeze("next"), START + timedelta(seconds=20))
    mark = (
        "INSERT INTO ledger_entry SELECT {0}, {0}, '{1}', NULL, NULL, entry, leaf, chain, NULL"
        " FROM ledger_entry LIMIT 1"
    )
    for kind in ("freeze", "policy"):
        with pytest.raises(IntegrityError, match="only one state follows the end"):
            async with grown.begin() as connection:
                await connection.execute(sa.text(mark.format(11, kind)))
    async with grown.begin() as connection:
        await connection.execute(sa.text(mark.format(11, "state")))
        with pytest.raises(IntegrityError, match="only one state follows the end"):
            await connection.execute(sa.text(mark.format(12, "state")))


@pytest.mark.usefixtures("engine")
async def test_a_migration_can_make_the_triggers_too(database):
    made = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    by_events = rows(database, made)
    with closing(sqlite3.connect(database)) as connection:
        for name, _ in by_events:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in APPEND_ONLY_STATEMENTS:
            connection.execute(statement)
        connection.commit()

    assert len(by_events) == len(APPEND_ONLY_STATEMENTS)
    assert rows(database, made) == by_events
