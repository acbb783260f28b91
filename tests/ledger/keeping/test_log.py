"""The log in a real SQLite file: append, sign, prove, and what the database itself refuses."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.entry import parse_event
from ledger.formats.hashing import NO_HASH, leaf_hash, subject_key
from ledger.formats.note import open_note
from ledger.formats.proofs import check_consistency, check_inclusion
from ledger.keeping import store
from ledger.keeping.log import Recorded
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS
from ledger.signing.key_file import create_signer
from ledger.signing.read_back import LogDamagedError
from tests.ledger.growing import START, append, grow_log
from tests.ledger.reference import consistency_path, inclusion_path, tree_hash

TABLES = [table.name for table in store.metadata.sorted_tables]


def rows(database, query):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def entries(database):
    return [entry for (entry,) in rows(database, "SELECT entry FROM ledger_event ORDER BY idx")]


async def test_events_take_the_next_index_and_the_next_number_of_their_subject(engine, log):
    async with engine.begin() as connection:
        recorded = [await append(log, connection, subject) for subject in ["a", "b", "a", "a", "b"]]
        assert await log.position(connection) == 5

    assert [(each.index, each.subject, each.number) for each in recorded] == [
        (0, "a", 0),
        (1, "b", 0),
        (2, "a", 1),
        (3, "a", 2),
        (4, "b", 1),
    ]


async def test_an_event_names_its_subject_only_to_who_knows_the_salt(engine, log, database):
    async with engine.begin() as connection:
        first = await append(log, connection, "cert_1")
        await append(log, connection, "cert_1")
    [(salt,)] = rows(database, "SELECT salt FROM ledger_subject")
    one, two = entries(database)

    assert first == Recorded(0, "cert_1", 0, leaf_hash(one))
    assert parse_event(one).key == parse_event(two).key == subject_key(salt, b"cert_1")
    assert [parse_event(one).previous, parse_event(two).previous] == [NO_HASH, leaf_hash(one)]
    assert b"cert_1" not in one


async def test_all_facts_of_a_subject_can_be_read_again(engine, log):
    async with engine.begin() as connection:
        await append(log, connection, "a", seconds=1, public={"number": "1"}, private={"x": ""})
        await append(log, connection, "b", seconds=2)
        await append(log, connection, "a", seconds=3, public={}, private={})
        events = await log.events_of(connection, "a")

    found = [
        (each.index, each.number, each.kind, each.at, each.public, each.private) for each in events
    ]
    assert found == [
        (0, 0, "certificate-issued", START + timedelta(seconds=1), {"number": "1"}, {"x": ""}),
        (2, 1, "certificate-issued", START + timedelta(seconds=3), {}, {}),
    ]


async def test_a_subject_nobody_knows_has_no_events(grown, log):
    async with grown.begin() as connection:
        assert await log.events_of(connection, "nobody") == []
        assert await log.prove_subject(connection, "nobody") is None


async def test_time_must_not_go_back(engine, log):
    async with engine.begin() as connection:
        await append(log, connection, seconds=5)
        await append(log, connection, seconds=5)
        with pytest.raises(AssertionError):
            await append(log, connection, seconds=4)


@pytest.mark.parametrize("subject", ["", " ", "two\nlines", "\u2028", "\x00"])
async def test_a_subject_is_one_line_of_text(engine, log, subject):
    async with engine.begin() as connection:
        with pytest.raises(AssertionError):
            await append(log, connection, subject)


@pytest.mark.parametrize("name", ["kind", "at", "subject"])
async def test_what_every_event_says_cannot_be_said_otherwise(engine, log, name):
    async with engine.begin() as connection:
        for facts in ({"public": {name: "x"}}, {"private": {name: "x"}}):
            with pytest.raises(AssertionError):
                await append(log, connection, **facts)


async def test_a_transaction_rolled_back_leaves_no_trace(grown, log, signer, database):
    before = {table: rows(database, f"SELECT * FROM {table}") for table in TABLES}

    with suppress(ZeroDivisionError):
        async with grown.begin() as connection:
            await append(log, connection, "cert_1", seconds=20)
            await append(log, connection, "new", seconds=20)
            await log.sign_checkpoint(connection, signer, START + timedelta(seconds=20))
            raise ZeroDivisionError

    assert {table: rows(database, f"SELECT * FROM {table}") for table in TABLES} == before
    async with grown.begin() as connection:
        assert (await append(log, connection, "new", seconds=20)).index == 10


async def test_two_rivals_append_in_turn(engine, log):
    async def rival(name):
        recorded = []
        for _ in range(20):
            async with engine.begin() as connection:
                recorded += [await append(log, connection, name), await append(log, connection)]
        return recorded

    both = [each for half in await asyncio.gather(rival("a"), rival("b")) for each in half]

    assert sorted(each.index for each in both) == list(range(80))
    shared = sorted((each.index, each.number) for each in both if each.subject == "cert_1")
    assert [number for _, number in shared] == list(range(40))


async def test_the_tree_over_two_tiles_is_that_of_the_rfc(engine, log, signer, database):
    async with engine.begin() as connection:
        for _ in range(515):
            await append(log, connection)
        note = await log.sign_checkpoint(connection, signer, START)
        inclusion = await log.prove_inclusion(connection, 300, 515)
        consistency = await log.prove_consistency(connection, 257, 514)
    stored = entries(database)
    checkpoint = parse_checkpoint(open_note(note, [signer.public_key]))

    assert (checkpoint.tree_size, checkpoint.root) == (515, tree_hash(stored))
    assert inclusion == inclusion_path(300, stored)
    assert consistency == consistency_path(257, stored[:514])
    assert rows(
        database, "SELECT level, n, length(hashes) / 32 FROM ledger_tile ORDER BY 1, 2"
    ) == [
        (0, 0, 256),
        (0, 1, 256),
        (0, 2, 3),
        (1, 0, 2),
    ]


async def test_every_proof_of_a_small_log_holds(engine, log, signer, database):
    await grow_log(engine, log, signer, sizes=(17,))
    stored = entries(database)
    roots = [tree_hash(stored[:n]) for n in range(18)]
    async with engine.begin() as connection:
        for size in range(1, 18):
            for index in range(size):
                check_inclusion(
                    await log.prove_inclusion(connection, index, size),
                    tree_size=size,
                    root=roots[size],
                    index=index,
                    leaf=leaf_hash(stored[index]),
                )
                check_consistency(
                    await log.prove_consistency(connection, index + 1, size),
                    old_size=index + 1,
                    old_root=roots[index + 1],
                    new_size=size,
                    new_root=roots[size],
                )


async def test_a_checkpoint_is_signed_when_the_log_has_grown(engine, log, signer):
    async with engine.begin() as connection:
        assert await log.sign_checkpoint(connection, signer, START) is None
        assert await log.latest_checkpoint(connection) is None
        await append(log, connection)
        assert await log.has_grown(connection)
        first = await log.sign_checkpoint(connection, signer, START)
        assert not await log.has_grown(connection)
        assert await log.sign_checkpoint(connection, signer, START) is None
        assert await log.latest_checkpoint(connection) == first
        await append(log, connection)
        second = await log.sign_checkpoint(connection, signer, START)
        assert await log.latest_checkpoint(connection) == second != first


async def test_what_no_checkpoint_covers_is_not_proven_yet(engine, log, signer):
    async with engine.begin() as connection:
        await append(log, connection, "a")
        assert await log.prove_subject(connection, "a") is None
        await log.sign_checkpoint(connection, signer, START)
        proof = await log.prove_subject(connection, "a")
        await append(log, connection, "a")
        await append(log, connection, "b")
        assert await log.prove_subject(connection, "a") == proof
        assert await log.prove_subject(connection, "b") is None


async def test_another_key_does_not_continue_the_log(grown, log, tmp_path):
    other = create_signer(tmp_path / "other.key", log.origin)
    async with grown.begin() as connection:
        with pytest.raises(LogDamagedError):
            await log.sign_checkpoint(connection, other, START + timedelta(seconds=20))


# One flipped bit, or one row gone, in each thing that a signature would vouch for.
FLIPPED = "CAST(substr({0}, 1, 5) || x'2a' || substr({0}, 7) AS BLOB)"
DAMAGE = [
    f"UPDATE ledger_event SET entry = {FLIPPED.format('entry')} WHERE idx = 8",
    f"UPDATE ledger_event SET leaf = {FLIPPED.format('leaf')} WHERE idx = 8",
    f"UPDATE ledger_event SET chain = {FLIPPED.format('chain')} WHERE idx = 8",
    f"UPDATE ledger_event SET chain = {FLIPPED.format('chain')} WHERE idx = 6",
    f"UPDATE ledger_tile SET hashes = {FLIPPED.format('hashes')}",
    "UPDATE ledger_tile SET hashes = CAST(substr(hashes, 1, 288) || zeroblob(32) AS BLOB)",
    f"UPDATE ledger_head SET edge = {FLIPPED.format('edge')}",
    f"UPDATE ledger_head SET chain = {FLIPPED.format('chain')}",
    "UPDATE ledger_head SET size = 9",
    "UPDATE ledger_head SET size = 6",
    "DELETE FROM ledger_event WHERE idx = 9",
    "DELETE FROM ledger_event WHERE idx = 8",
    "UPDATE ledger_checkpoint SET note = replace(note, 'log\n7\n', 'log\n6\n') WHERE size = 7",
]


@pytest.mark.parametrize("damage", DAMAGE)
async def test_nothing_damaged_is_signed(engine, log, signer, database, damage):
    await grow_log(engine, log, signer, sizes=(3, 7))
    async with engine.begin() as connection:
        for index in (7, 8, 9):
            await append(log, connection, f"cert_{index % 3}", seconds=index)
    tamper(database, damage)

    async with engine.begin() as connection:
        before = await log.latest_checkpoint(connection)
        with pytest.raises(LogDamagedError):
            await log.sign_checkpoint(connection, signer, START + timedelta(seconds=20))
        assert await log.latest_checkpoint(connection) == before


async def test_a_tile_damaged_before_the_first_checkpoint_is_not_signed(
    engine, log, signer, database
):
    async with engine.begin() as connection:
        for _ in range(5):
            await append(log, connection)
    tamper(database, f"UPDATE ledger_tile SET hashes = {FLIPPED.format('hashes')}")

    async with engine.begin() as connection:
        with pytest.raises(LogDamagedError):
            await log.sign_checkpoint(connection, signer, START)


def tamper(database, *statements):
    """Do what only somebody with the file itself can do: drop the triggers, then write."""
    with closing(sqlite3.connect(database)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
        connection.commit()


FORBIDDEN = [
    *(f"DELETE FROM {table}" for table in TABLES),
    *(
        f"UPDATE {table.name} SET {column.name} = {column.name}"
        for table in (store.ledger_event, store.ledger_opening, store.ledger_checkpoint)
        for column in table.c
    ),
    *(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1" for table in TABLES),
    "UPDATE OR REPLACE ledger_event SET idx = 0 WHERE idx = 1",
    "UPDATE ledger_tile SET hashes = x''",
    "UPDATE ledger_tile SET hashes = CAST(hashes || x'00' AS BLOB)",
    "UPDATE ledger_tile SET hashes = CAST(x'00' || substr(hashes, 2) || zeroblob(32) AS BLOB)",
    "UPDATE ledger_tile SET n = 5",
    "UPDATE ledger_head SET size = size",
    "UPDATE ledger_head SET size = size - 1",
    "UPDATE ledger_head SET size = size + 1",
    "UPDATE ledger_head SET id = 2",
    "UPDATE ledger_subject SET next_number = next_number",
    "UPDATE ledger_subject SET next_number = next_number + 2",
    "UPDATE ledger_subject SET next_number = next_number + 1, salt = zeroblob(16)",
    "UPDATE ledger_subject SET next_number = next_number + 1, subject = 'other'",
    "INSERT INTO ledger_event SELECT 11, 'cert_1', 99, entry, leaf, chain, '' FROM ledger_event",
    "INSERT INTO ledger_opening VALUES (3, 9, 'more', zeroblob(16), 'x', 1)",
    "INSERT INTO ledger_subject VALUES ('new', zeroblob(16), 7, zeroblob(32))",
    "INSERT INTO ledger_head VALUES (2, 0, x'', zeroblob(32), 0)",
    "INSERT INTO ledger_checkpoint VALUES (10, 'again', 0)",
    "INSERT INTO ledger_checkpoint VALUES (8, 'between', 0)",
    "INSERT INTO ledger_checkpoint VALUES (11, 'beyond', 0)",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_database_itself_refuses(grown, database, statement):
    before = {table: rows(database, f"SELECT * FROM {table}") for table in TABLES}

    with pytest.raises(IntegrityError):
        async with grown.begin() as connection:
            await connection.execute(sa.text(statement))
    assert {table: rows(database, f"SELECT * FROM {table}") for table in TABLES} == before


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
