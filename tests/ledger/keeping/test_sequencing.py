"""Events that wait, and how they get their places: each once, and each subject's in order."""

import asyncio
from datetime import timedelta

import asyncpg
from sqlalchemy.exc import DBAPIError

from ledger.formats.entry import Freeze, PolicyInForce, State, parse_event
from ledger.formats.hashing import NO_HASH, chain_hash, leaf_hash
from ledger.formats.tree import fold
from ledger.keeping import store
from ledger.keeping.append import LogFrozenError, append_mark
from ledger.keeping.reading import lock_head, read_head
from ledger.keeping.sequencing import CHANNEL, is_waiting, sequence
from services.postgresql import libpq_url
from tests.conftest import on_postgresql, on_sqlite
from tests.ledger.growing import START, append
from tests.ledger.reference import tree_hash
from tests.ledger.tampering import entries, rows

APPENDERS = 16
SUBJECTS = 5


async def act(engine, log, subject="cert_1", *, seconds=0):
    async with engine.begin() as connection:
        return await append(log, connection, subject, seconds=seconds)


async def sequence_once(engine, most=1000):
    async with engine.begin() as connection:
        return await sequence(connection, most)


async def sequence_until(engine, done):
    """As whoever is elected does it, all the time, and once more at the end."""
    while not done.is_set():
        await sequence_once(engine, most=7)
    while await sequence_once(engine):
        pass


async def begin_subjects(engine, log):
    for number in range(SUBJECTS):
        await act(engine, log, f"cert_{number}")


async def append_all_the_time(engine, log, appender, count=20):
    """As an act that is refused does, every fourth time all is taken back."""
    for number in range(count):
        async with engine.connect() as connection, connection.begin() as transaction:
            await append(log, connection, f"cert_{(appender + number) % SUBJECTS}")
            if number % 4 == 3:
                await transaction.rollback()


def require_a_log(database):
    """Dense indexes, each subject's numbers in its order, and a tree and a chain that fit."""
    stored = rows(
        database, "SELECT idx, subject, number, chain FROM ledger_entry ORDER BY idx NULLS LAST"
    )
    assert [index for index, *_ in stored] == list(range(len(stored)))
    chain, numbers = NO_HASH, {}
    for (_, subject, number, kept), entry in zip(stored, entries(database), strict=True):
        chain = chain_hash(chain, leaf_hash(entry))
        assert kept == chain
        if subject is not None:
            assert (number, parse_event(entry).number) == (numbers.get(subject, 0),) * 2
            numbers[subject] = number + 1
    ((size, kept),) = rows(database, "SELECT size, chain FROM ledger_head")
    assert (size, kept) == (len(stored), chain)
    return size


@on_sqlite
async def test_where_places_are_given_at_once_nothing_waits(grown):
    async with grown.begin() as connection:
        assert not await is_waiting(connection)
        assert await sequence(connection) == 0


@on_postgresql
async def test_an_event_waits_until_it_gets_its_place(engine, log, database):
    first = await act(engine, log)
    async with engine.begin() as connection:
        assert await is_waiting(connection)
        assert await log.position(connection) == 0
        assert [each.index for each in await log.events_of(connection, "cert_1")] == [None]
    assert first.index is None

    assert await sequence_once(engine) == 1
    assert await sequence_once(engine) == 0
    async with engine.begin() as connection:
        assert not await is_waiting(connection)
        assert [each.index for each in await log.events_of(connection, "cert_1")] == [0]
        head = await read_head(connection)
    assert (require_a_log(database), fold(head.edge)) == (1, tree_hash(entries(database)))


@on_postgresql
async def test_no_more_are_placed_at_once_than_asked(engine, log, database):
    for _ in range(7):
        await act(engine, log)

    assert [await sequence_once(engine, most=3) for _ in range(4)] == [3, 3, 1, 0]
    assert require_a_log(database) == 7


@on_postgresql
async def test_a_thousand_grow_the_tree_as_one_by_one_would(engine, log, database):
    async with engine.begin() as connection:
        for number in range(600):
            await append(log, connection, f"cert_{number % 10}", seconds=number)
    assert [await sequence_once(engine, most) for most in (1, 254, 1000)] == [1, 254, 345]

    assert require_a_log(database) == 600
    assert rows(
        database, "SELECT level, n, length(hashes) / 32 FROM ledger_tile ORDER BY 1, 2"
    ) == [(0, 0, 256), (0, 1, 256), (0, 2, 88), (1, 0, 2)]
    async with engine.begin() as connection:
        assert fold((await read_head(connection)).edge) == tree_hash(entries(database))


@on_postgresql
async def test_under_many_appenders_indexes_are_dense_and_subjects_in_order(engine, log, database):
    await begin_subjects(engine, log)
    done = asyncio.Event()
    sequencer = asyncio.create_task(sequence_until(engine, done))
    await asyncio.gather(
        *(append_all_the_time(engine, log, appender) for appender in range(APPENDERS))
    )
    done.set()
    await sequencer

    assert require_a_log(database) == SUBJECTS + APPENDERS * 15
    ((has_holes,),) = rows(database, "SELECT MAX(id) + 1 > COUNT(*) FROM ledger_entry")
    assert has_holes


@on_postgresql
async def test_a_lower_id_that_is_committed_later_is_not_lost(engine, log, database):
    async with engine.begin() as slow:
        before = await append(log, slow, "slow")
        after = await act(engine, log, "quick")
        assert await sequence_once(engine) == 1
    assert await sequence_once(engine) == 1

    assert before.id < after.id
    placed = rows(database, "SELECT idx, subject FROM ledger_entry ORDER BY idx")
    assert placed == [(0, "quick"), (1, "slow")]
    assert require_a_log(database) == 2


@on_postgresql
async def test_several_who_sequence_at_once_take_turns(engine, log, database):
    async with engine.begin() as connection:
        for number in range(40):
            await append(log, connection, f"cert_{number % 3}")

    placed = await asyncio.gather(*(sequence_once(engine, most=9) for _ in range(6)))

    assert sum(placed) == 40
    assert require_a_log(database) == 40


@on_postgresql
async def test_while_nothing_waits_nobody_is_disturbed(engine, log):
    await act(engine, log)
    await sequence_once(engine)
    async with engine.begin() as other:
        await lock_head(other)
        assert await asyncio.wait_for(sequence_once(engine), timeout=2) == 0


@on_postgresql
async def test_who_listens_hears_the_new_size_once_it_is_committed(engine, log, database):
    listener = await asyncpg.connect(libpq_url(database))
    heard = asyncio.Queue()
    await listener.add_listener(CHANNEL, lambda *told: heard.put_nowait(told[-1]))
    for _ in range(3):
        await act(engine, log)
    async with engine.begin() as connection:
        await sequence(connection)
        assert heard.empty()

    assert await asyncio.wait_for(heard.get(), timeout=5) == "3"
    await listener.close()


@on_postgresql
async def test_two_who_begin_a_subject_at_once_begin_it_once(engine, log, database):
    """The other is turned away unjudged, and is to be decided anew."""
    outcomes = await asyncio.gather(
        *(act(engine, log, "new") for _ in range(4)), return_exceptions=True
    )
    lost = [each for each in outcomes if isinstance(each, DBAPIError)]

    assert {each.orig.sqlstate for each in lost} <= {"23505"}
    await sequence_once(engine)
    assert require_a_log(database) == 4 - len(lost)


@on_postgresql
async def test_events_of_different_subjects_may_come_out_of_their_order(engine, log, database):
    await act(engine, log, "ahead", seconds=5)
    await act(engine, log, "behind", seconds=3)
    await sequence_once(engine)
    await act(engine, log, "behind", seconds=4)
    await sequence_once(engine)
    async with engine.begin() as connection:
        last_at = (await read_head(connection)).last_at
        await append_mark(connection, PolicyInForce("p", NO_HASH), START)
        assert (await read_head(connection)).last_at == last_at

    assert last_at == store.microseconds(START + timedelta(seconds=5))
    assert require_a_log(database) == 4


@on_postgresql
async def test_a_mark_stands_before_the_events_that_wait(engine, log, database):
    await act(engine, log)
    await sequence_once(engine)
    await act(engine, log)
    async with engine.begin() as connection:
        head = await read_head(connection)
        state = State(head.chain, NO_HASH, head.size, 0)
        assert await append_mark(connection, state, START) == 1
    await sequence_once(engine)

    kinds = rows(database, "SELECT kind FROM ledger_entry ORDER BY idx")
    assert kinds == [("event",), ("state",), ("event",)]
    assert require_a_log(database) == 3


@on_postgresql
async def test_the_end_comes_after_every_event_that_was_recorded(engine, log, database):
    await begin_subjects(engine, log)
    recorded, refused = [], []

    async def append_until_the_end(appender):
        try:
            while True:
                recorded.append(await act(engine, log, f"cert_{appender % SUBJECTS}"))
        except LogFrozenError as end:
            refused.append(end)

    appenders = [asyncio.create_task(append_until_the_end(each)) for each in range(8)]
    await asyncio.sleep(0.3)
    async with engine.begin() as connection:
        await append_mark(connection, Freeze("next"), START)
    await asyncio.gather(*appenders)

    assert len(refused) == 8
    assert require_a_log(database) == SUBJECTS + len(recorded) + 1
    *_, (last,) = rows(database, "SELECT kind FROM ledger_entry ORDER BY idx")
    assert last == "freeze"


@on_postgresql
async def test_an_end_that_is_taken_back_ends_nothing(engine, log, database):
    await act(engine, log)
    async with engine.connect() as connection, connection.begin() as transaction:
        await append_mark(connection, Freeze("next"), START)
        await transaction.rollback()
    await act(engine, log)
    await sequence_once(engine)

    assert require_a_log(database) == 2
