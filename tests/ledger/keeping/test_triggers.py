"""What the database itself refuses, whoever asks."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ledger.formats.entry import Freeze, State
from ledger.formats.hashing import NO_HASH
from ledger.keeping import store
from ledger.keeping.append import append_mark
from ledger.keeping.reading import read_head
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS
from tests.conftest import on_postgresql, on_sqlite
from tests.databases import file_of, is_sqlite
from tests.ledger.growing import START
from tests.ledger.tampering import everything, rows, tamper

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
COPY = (
    "INSERT INTO ledger_entry (id, idx, kind, subject, number, entry, leaf, chain, digests)"
    " SELECT {0}, {1}, kind, subject, {2}, entry, leaf, {3}, digests FROM ledger_entry"
    " ORDER BY id LIMIT 1"
)


BY_HAND = (
    "DELETE FROM ledger_checkpoint WHERE size = 10",
    "UPDATE ledger_checkpoint SET published_at = NULL WHERE size = 7",
    "UPDATE ledger_checkpoint SET published_at = 5 WHERE size = 3",
    "INSERT INTO ledger_cosignature VALUES (3, 'w', zeroblob(4), 9, 'l')",
)


@pytest.fixture
async def signed(grown, database):
    """Ten events, checkpoints at 3 and 7 of which the first is published, and a cosignature."""
    if is_sqlite(database):
        tamper(database, *BY_HAND)
    async with grown.begin() as connection:
        if is_sqlite(database):
            again = APPEND_ONLY_STATEMENTS
        else:
            again = ["SET LOCAL session_replication_role = replica", *BY_HAND]
        for statement in again:
            await connection.exec_driver_sql(statement)
    return grown


FORBIDDEN = [
    *(f"DELETE FROM {table}" for table in GUARDED),
    *(f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1" for table in GUARDED[:-1]),
    *(f"UPDATE ledger_entry SET {each.name} = {each.name}" for each in store.ledger_entry.c),
    COPY.format(11, 10, 5, "chain"),
    COPY.format(9, "NULL", 4, "NULL"),
    COPY.format(10, "NULL", 5, "NULL"),
    COPY.format(10, "NULL", 3, "NULL"),
    COPY.format(11, 11, 4, "chain"),
    COPY.format(10, 9, 4, "chain"),
    "INSERT INTO ledger_opening VALUES (3, 9, 'more', zeroblob(16), 'x', TRUE, NULL)",
    "INSERT INTO ledger_opening VALUES (10, 9, 'more', NULL, NULL, TRUE, 5)",
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
    "UPDATE ledger_tile SET hashes = zeroblob(0)",
    "UPDATE ledger_tile SET hashes = CAST(hashes || zeroblob(1) AS BLOB)",
    (
        "UPDATE ledger_tile"
        " SET hashes = CAST(zeroblob(1) || substr(hashes, 2) || zeroblob(32) AS BLOB)"
    ),
    "UPDATE ledger_tile SET hashes = CAST(hashes || zeroblob(8192) AS BLOB)",
    "UPDATE ledger_tile SET n = 5",
    "INSERT INTO ledger_tile VALUES (1, 0, zeroblob(33))",
    "UPDATE ledger_head SET size = size",
    "UPDATE ledger_head SET size = size - 1",
    "UPDATE ledger_head SET size = size + 1",
    "UPDATE ledger_head SET id = 2",
    "INSERT INTO ledger_head VALUES (2, 0, zeroblob(0), zeroblob(32), 0)",
    "UPDATE ledger_subject SET next_number = next_number",
    "UPDATE ledger_subject SET next_number = next_number + 1",
    "UPDATE ledger_subject SET next_number = next_number - 1",
    "UPDATE ledger_subject SET next_number = next_number + 1, salt = zeroblob(16)",
    "UPDATE ledger_subject SET next_number = next_number + 1, subject = 'other'",
    "UPDATE ledger_subject SET last_at = last_at - 1",
    "INSERT INTO ledger_subject VALUES ('new', zeroblob(16), zeroblob(32), 0, zeroblob(32), 0)",
    *(
        f"UPDATE ledger_checkpoint SET {each.name} = {each.name}"
        for each in store.ledger_checkpoint.c
    ),
    "UPDATE ledger_checkpoint SET published_at = 6 WHERE size = 3",
    "UPDATE ledger_checkpoint SET published_at = 6, note = 'other' WHERE size = 7",
    "UPDATE ledger_checkpoint SET published_at = 6, root = zeroblob(32) WHERE size = 7",
    "INSERT INTO ledger_checkpoint VALUES (7, zeroblob(32), 'again', 0, NULL)",
    "INSERT INTO ledger_checkpoint VALUES (5, zeroblob(32), 'between', 0, NULL)",
    "INSERT INTO ledger_checkpoint VALUES (11, zeroblob(32), 'beyond', 0, NULL)",
    "INSERT INTO ledger_cosignature VALUES (3, 'w', zeroblob(4), 8, 'older')",
    "UPDATE ledger_cosignature SET time = 8",
    "UPDATE ledger_cosignature SET name = 'other'",
]
ON_SQLITE = [
    *(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1" for table in GUARDED[:-1]),
    "UPDATE OR REPLACE ledger_entry SET idx = 0 WHERE idx = 1",
    f"INSERT OR REPLACE {COPY[7:].format(10, 10, 3, 'chain')}",
    COPY.format(10, "NULL", 4, "NULL"),
    COPY.format(9, 9, 4, "chain"),
    "UPDATE ledger_tile SET hashes = hashes || zeroblob(32)",
    "INSERT OR REPLACE INTO ledger_cosignature VALUES (3, 'w', zeroblob(4), 8, 'older')",
]
UPSERT = "INSERT INTO {0} SELECT * FROM {0} LIMIT 1 ON CONFLICT ({1}) DO UPDATE SET {2}"
ON_POSTGRESQL = [
    *(f"TRUNCATE {table} CASCADE" for table in GUARDED),
    COPY.format(10, 10, 4, "chain"),
    UPSERT.format("ledger_checkpoint", "size", "note = 'other'"),
    UPSERT.format("ledger_tile", "level, n", "hashes = zeroblob(32)"),
    UPSERT.format("ledger_head", "id", "size = 5"),
]


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_database_itself_refuses(signed, database, statement):
    await require_refused(signed, database, statement)


@on_sqlite
@pytest.mark.parametrize("statement", ON_SQLITE)
async def test_sqlite_itself_refuses(signed, database, statement):
    await require_refused(signed, database, statement)


@on_postgresql
@pytest.mark.parametrize("statement", ON_POSTGRESQL)
async def test_postgresql_itself_refuses(signed, database, statement):
    await require_refused(signed, database, statement)


async def require_refused(engine, database, statement):
    before = everything(database)

    with pytest.raises(IntegrityError):
        async with engine.begin() as connection:
            await connection.execute(sa.text(statement))
    assert everything(database) == before


ALLOWED = [
    f"{ERASE} WHERE slot = 15",
    "UPDATE ledger_checkpoint SET published_at = 6 WHERE size = 7",
    "INSERT INTO ledger_checkpoint VALUES (10, zeroblob(32), 'next', 0, NULL)",
    (
        "INSERT INTO ledger_cosignature VALUES (3, 'w', zeroblob(4), 10, 'newer')"
        " ON CONFLICT (size, name, key_id) DO UPDATE SET time = 10, line = 'newer'"
    ),
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
        "INSERT INTO ledger_entry (id, idx, kind, entry, leaf, chain)"
        " SELECT {0}, {0}, '{1}', entry, leaf, chain FROM ledger_entry ORDER BY id LIMIT 1"
    )
    for kind in ("freeze", "policy"):
        with pytest.raises(IntegrityError, match="only one state follows the end"):
            async with grown.begin() as connection:
                await connection.execute(sa.text(mark.format(11, kind)))
    async with grown.begin() as connection:
        state = State((await read_head(connection)).chain, NO_HASH, 11, 0)
        await append_mark(connection, state, START + timedelta(seconds=20))
    with pytest.raises(IntegrityError, match="only one state follows the end"):
        async with grown.begin() as connection:
            await connection.execute(sa.text(mark.format(12, "state")))


MADE = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": "SELECT tgname, pg_get_triggerdef(pg_trigger.oid), prosrc FROM pg_trigger"
    " JOIN pg_proc ON pg_proc.oid = tgfoid WHERE NOT tgisinternal ORDER BY tgrelid, tgname",
}


async def test_the_triggers_can_be_made_twice(engine, database):
    made = MADE[engine.dialect.name]
    by_events = rows(database, made)
    async with engine.begin() as connection:
        for statement in store.APPEND_ONLY[engine.dialect.name]:
            await connection.exec_driver_sql(statement)

    assert len(by_events) > 2 * len(GUARDED)
    assert rows(database, made) == by_events


@on_sqlite
@pytest.mark.usefixtures("engine")
async def test_a_migration_can_make_the_triggers_too(database):
    made = MADE["sqlite"]
    by_events = rows(database, made)
    with closing(sqlite3.connect(file_of(database))) as connection:
        for name, _ in by_events:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in APPEND_ONLY_STATEMENTS:
            connection.execute(statement)
        connection.commit()

    assert len(by_events) == len(APPEND_ONLY_STATEMENTS)
    assert rows(database, made) == by_events
