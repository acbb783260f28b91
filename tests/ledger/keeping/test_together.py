"""Conversations: each statement sees what came before, in as few visits as there can be."""

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger.keeping import store
from ledger.keeping.together import Ask, PostgresqlStatement, Statement, together
from tests.conftest import on_postgresql, on_sqlite

TILE = store.ledger_tile
INSERT = Statement(TILE.insert(), "level", "n", "hashes")
OF_LEVEL = Statement(
    sa.select(TILE.c.n, TILE.c.hashes)
    .where(TILE.c.level == sa.bindparam("of_level"))
    .order_by(TILE.c.n),
    "of_level",
)
GROW = Statement(TILE.update().where(TILE.c.n == sa.bindparam("number")), "hashes", "number")


def telling(level):
    """Write two tiles, read them, make each longer by what the other holds, and read again."""
    empty = yield Ask(OF_LEVEL, [(level,)])
    yield Ask(INSERT, [(level, 0, b"a" * 32), (level, 1, b"b" * 32)])
    (one, two) = yield Ask(OF_LEVEL, [(level,)])
    yield Ask(GROW, [(one[1] + two[1], 0), (two[1] + one[1], 1)])
    yield Ask(INSERT, [])
    grown = yield Ask(OF_LEVEL, [(level,), (level + 1,), (level,)])
    return list(empty), list(grown)


GROWN = [(0, b"a" * 32 + b"b" * 32), (1, b"b" * 32 + b"a" * 32)]


async def test_each_statement_is_answered_before_the_next(engine):
    async with engine.begin() as connection:
        empty, grown = await together(connection, telling(0))

    assert (empty, grown) == ([], [*GROWN, *GROWN])


@on_sqlite
async def test_a_conversation_is_one_visit_to_the_thread(engine, monkeypatch):
    async with engine.begin() as connection:
        raw = await connection.get_raw_connection()
        visit, visits = raw.driver_connection._execute, []

        async def counted(work, *details):
            visits.append(work)
            return await visit(work, *details)

        monkeypatch.setattr(raw.driver_connection, "_execute", counted)
        await together(connection, telling(0))

        assert len(visits) == 1


async def test_what_the_database_refuses_ends_the_conversation(engine):
    def begin_a_tile_twice():
        yield Ask(INSERT, [(0, 0, bytes(32))])
        yield Ask(INSERT, [(0, 0, bytes(32))])
        raise AssertionError("never reached")

    with pytest.raises(IntegrityError, match="ledger_tile"):
        async with engine.begin() as connection:
            await together(connection, begin_a_tile_twice())
    async with engine.begin() as connection:
        assert await together(connection, asking_for_tiles()) == []


def asking_for_tiles():
    return list((yield Ask(OF_LEVEL, [(0,)])))


async def test_what_a_conversation_raises_is_raised(engine):
    def doubt():
        yield Ask(OF_LEVEL, [(0,)])
        raise ZeroDivisionError

    async with engine.begin() as connection:
        with pytest.raises(ZeroDivisionError):
            await together(connection, doubt())


async def test_a_missing_table_is_told_as_sqlalchemy_tells_it(engine):
    missing = sa.select(sa.column("a")).select_from(sa.table("missing"))

    def asking_for_what_is_missing():
        yield Ask(Statement(missing))

    told = []
    for ask in (lambda c: together(c, asking_for_what_is_missing()), lambda c: c.execute(missing)):
        async with engine.connect() as connection, connection.begin():
            with pytest.raises(DBAPIError, match="missing") as error:
                await ask(connection)
        told.append((type(error.value), type(error.value.orig), str(error.value.orig)))

    assert told[0] == told[1]


@on_postgresql
async def test_the_servers_code_can_be_read_off_an_error(engine):
    async with engine.begin() as connection:
        await together(connection, telling(0))
    with pytest.raises(IntegrityError) as error:
        async with engine.begin() as connection:
            await together(connection, telling(0))

    assert error.value.orig.sqlstate == "23505"
    assert not error.value.connection_invalidated


@on_postgresql
async def test_a_connection_that_broke_is_given_up(engine):
    def ending_itself():
        yield Ask(PostgresqlStatement("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DBAPIError) as error:
        async with engine.begin() as connection:
            await together(connection, ending_itself())
    async with engine.begin() as connection:
        assert await together(connection, asking_for_tiles()) == []

    assert error.value.connection_invalidated


@on_postgresql
async def test_a_conversation_that_is_given_up_leaves_nothing_behind(engine):
    def sleeping():
        yield Ask(INSERT, [(0, 0, bytes(32))])
        yield Ask(PostgresqlStatement("SELECT pg_sleep(60)"))

    async def converse():
        async with engine.begin() as connection:
            await together(connection, sleeping())

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(converse(), 0.2)
    async with engine.begin() as connection:
        assert await together(connection, asking_for_tiles()) == []


async def test_a_conversation_needs_a_transaction(engine):
    async with engine.connect() as connection:
        with pytest.raises(AssertionError):
            await together(connection, telling(0))


def test_a_statement_names_its_parameters_in_their_order():
    with pytest.raises(AssertionError):
        Statement(TILE.insert(), "hashes", "level", "n")
    with pytest.raises(AssertionError):
        Statement(sa.select(TILE.c.n).where(TILE.c.level == 0))
