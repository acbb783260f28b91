"""Appending to a log in a real database: places, numbers, chains, marks, and the log's end."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy.exc import IntegrityError

from ledger.formats.entry import (
    Event,
    Freeze,
    KeyChange,
    Origin,
    PolicyInForce,
    State,
    parse_entry,
    parse_event,
)
from ledger.formats.hashing import NO_HASH, chain_hash, leaf_hash, subject_key
from ledger.formats.tree import fold
from ledger.keeping.append import (
    ClockBehindError,
    LogFrozenError,
    NewEvent,
    Recorded,
    append_events,
    append_mark,
)
from ledger.keeping.reading import read_head
from ledger.keeping.sequencing import sequence
from tests.conftest import on_sqlite
from tests.ledger.growing import START, append
from tests.ledger.reference import tree_hash
from tests.ledger.tampering import entries, everything, rows


def happened(subject, *, seconds=0, public=None, private=None):
    at = START + timedelta(seconds=seconds)
    return NewEvent(subject, "certificate-issued", at, public or {}, private or {})


async def test_who_says_falsely_that_a_subject_begins_is_refused(engine, log, database):
    async with engine.begin() as connection:
        await append(log, connection, "a")
    before = everything(database)
    async with engine.connect() as connection, connection.begin():
        with pytest.raises(IntegrityError, match="ledger_subject"):
            await append_events(connection, [replace(happened("a", seconds=1), begins=True)])

    assert everything(database) == before


async def state_of(connection, *, time=0):
    """The state entry that may stand next."""
    head = await read_head(connection)
    return State(head.chain, NO_HASH, head.size, time)


async def test_events_take_the_next_index_and_the_next_number_of_their_subject(
    engine, log, database
):
    async with engine.begin() as connection:
        recorded = [await append(log, connection, subject) for subject in ["a", "b", "a", "a", "b"]]
        await sequence(connection)
        assert await log.position(connection) == 5

    stored = rows(database, "SELECT id, idx, subject, number FROM ledger_entry ORDER BY id")
    assert [row[1:] for row in stored] == [
        (0, "a", 0),
        (1, "b", 0),
        (2, "a", 1),
        (3, "a", 2),
        (4, "b", 1),
    ]
    assert [(each.id, each.subject, each.number) for each in recorded] == [
        (row, subject, number) for row, _, subject, number in stored
    ]


@on_sqlite
async def test_where_the_log_is_put_in_order_at_once_an_event_knows_its_index(engine, log):
    async with engine.begin() as connection:
        assert [(await append(log, connection, subject)).index for subject in "aba"] == [0, 1, 2]


async def test_an_event_names_its_subject_only_to_who_knows_the_salt(engine, log, database):
    async with engine.begin() as connection:
        first = await append(log, connection, "cert_1")
        await append(log, connection, "cert_1")
        await sequence(connection)
    [(salt, key)] = rows(database, "SELECT salt, key FROM ledger_subject")
    one, two = entries(database)

    assert first == Recorded(0, first.index, "cert_1", 0, leaf_hash(one))
    assert key == parse_event(one).key == parse_event(two).key == subject_key(salt, b"cert_1")
    assert [parse_event(one).previous, parse_event(two).previous] == [NO_HASH, leaf_hash(one)]
    assert b"cert_1" not in one


async def test_a_batch_is_recorded_like_its_events_one_by_one(engine, database):
    """700 events on ten subjects in batches of all sizes, across two full tiles."""
    sizes = [1, 2, 253, 1, 5, 300, 138]
    events = [happened(f"cert_{n % 10}", seconds=n) for n in range(sum(sizes))]
    recorded = []
    for size in sizes:
        async with engine.begin() as connection:
            start = len(recorded)
            recorded += await append_events(connection, events[start : start + size])
            await sequence(connection)
    async with engine.begin() as connection:
        head = await read_head(connection)

    assert [(each.id, each.subject, each.number) for each in recorded] == [
        (n, f"cert_{n % 10}", n // 10) for n in range(700)
    ]
    stored = entries(database)
    chain = NO_HASH
    for index, entry in enumerate(stored):
        event = parse_event(entry)
        before = recorded[index - 10].leaf if index >= 10 else NO_HASH
        assert (event.number, event.previous) == (index // 10, before)
        assert recorded[index].leaf == leaf_hash(entry)
        chain = chain_hash(chain, leaf_hash(entry))
    assert (head.size, head.chain, fold(head.edge)) == (700, chain, tree_hash(stored))
    assert rows(
        database, "SELECT level, n, length(hashes) / 32 FROM ledger_tile ORDER BY 1, 2"
    ) == [(0, 0, 256), (0, 1, 256), (0, 2, 188), (1, 0, 2)]
    leaves = b"".join(map(leaf_hash, stored))
    tiles = rows(database, "SELECT hashes FROM ledger_tile WHERE level = 0 ORDER BY n")
    assert b"".join(hashes for (hashes,) in tiles) == leaves


async def test_a_batch_of_nothing_leaves_no_trace(grown, database):
    before = everything(database)
    async with grown.begin() as connection:
        assert await append_events(connection, []) == []

    assert everything(database) == before


async def test_time_does_not_go_back_on_a_subject(engine, log):
    async with engine.begin() as connection:
        await append(log, connection, seconds=5)
        await append(log, connection, seconds=5)
        with pytest.raises(ClockBehindError) as behind:
            await append(log, connection, seconds=3)
        with pytest.raises(ClockBehindError):
            await append_events(connection, [happened("a", seconds=7), happened("a", seconds=6)])
        assert (await append(log, connection, seconds=5)).number == 2

    assert behind.value.behind == timedelta(seconds=2)


@on_sqlite
async def test_where_the_log_is_put_in_order_at_once_time_does_not_go_back_in_it(engine, log):
    async with engine.begin() as connection:
        await append(log, connection, seconds=5)
        with pytest.raises(ClockBehindError):
            await append(log, connection, "another", seconds=4)
        with pytest.raises(ClockBehindError):
            await append_events(connection, [happened("a", seconds=7), happened("b", seconds=6)])
        with pytest.raises(ClockBehindError):
            await append_mark(connection, Freeze("next"), START)


@pytest.mark.parametrize("subject", ["", " ", "two\nlines", "\u2028", "\x00"])
async def test_a_subject_is_one_line_of_text(engine, log, subject):
    async with engine.begin() as connection:
        with pytest.raises(AssertionError):
            await append(log, connection, subject)


@pytest.mark.parametrize("name", ["kind", "at"])
async def test_what_every_event_says_cannot_be_said_otherwise(engine, log, name):
    async with engine.begin() as connection:
        for facts in ({"public": {name: "x"}}, {"private": {name: "x"}}):
            with pytest.raises(AssertionError):
                await append(log, connection, **facts)


async def test_a_transaction_rolled_back_leaves_no_trace(grown, log, database):
    before = everything(database)

    with suppress(ZeroDivisionError):
        async with grown.begin() as connection:
            await append(log, connection, "cert_1", seconds=20)
            await append(log, connection, "new", seconds=20)
            await sequence(connection)
            await append_mark(connection, await state_of(connection), START + timedelta(seconds=20))
            raise ZeroDivisionError

    assert everything(database) == before
    async with grown.begin() as connection:
        assert (await append(log, connection, "new", seconds=20)).number == 0
        await sequence(connection)
    assert rows(database, "SELECT idx FROM ledger_entry WHERE subject = 'new'") == [(10,)]


async def test_two_rivals_append_in_turn(engine, log, database):
    async with engine.begin() as connection:
        await append(log, connection)

    async def rival(name):
        for _ in range(20):
            async with engine.begin() as connection:
                await append(log, connection, name)
                await append(log, connection)
                await sequence(connection)

    await asyncio.gather(rival("a"), rival("b"))

    stored = rows(database, "SELECT idx, subject, number FROM ledger_entry ORDER BY idx")
    assert [index for index, _, _ in stored] == list(range(81))
    shared = [number for _, subject, number in stored if subject == "cert_1"]
    assert shared == list(range(41))


async def test_marks_stand_in_the_log_like_events(engine, log, database):
    marks = [
        Origin(b"the last note of the log before\n"),
        PolicyInForce("SH-2024/1", sha256(b"profile").digest()),
        KeyChange("old", b"signed by old", "new", b"signed by new"),
    ]
    async with engine.begin() as connection:
        assert [await append_mark(connection, mark, START) for mark in marks] == [0, 1, 2]
        await append(log, connection)
        await sequence(connection)
        state = await state_of(connection, time=7)
        assert await append_mark(connection, state, START) == 4
        head = await read_head(connection)
    stored = entries(database)

    assert [*map(parse_entry, stored[:3]), parse_entry(stored[4])] == [*marks, state]
    assert isinstance(parse_entry(stored[3]), Event)
    assert (state.size, state.chain) == (4, chain_of(stored[:4]))
    assert (head.size, head.last_kinds) == (5, ("state", "event"))
    assert fold(head.edge) == tree_hash(stored)
    assert rows(database, "SELECT kind, subject, number FROM ledger_entry ORDER BY idx") == [
        ("origin", None, None),
        ("policy", None, None),
        ("key", None, None),
        ("event", "cert_1", 0),
        ("state", None, None),
    ]


def chain_of(stored):
    chain = NO_HASH
    for entry in stored:
        chain = chain_hash(chain, leaf_hash(entry))
    return chain


async def test_a_state_is_of_the_log_before_it_and_an_origin_has_none(grown):
    async with grown.begin() as connection:
        state = await state_of(connection)
        wrong = [
            State(state.chain, state.map_root, state.size - 1, 0),
            State(NO_HASH, state.map_root, state.size, 0),
            Origin(b"note"),
        ]
        for mark in wrong:
            with pytest.raises(AssertionError):
                await append_mark(connection, mark, START + timedelta(seconds=20))


async def test_a_mark_fits_an_entry(engine):
    async with engine.begin() as connection:
        with pytest.raises(AssertionError):
            await append_mark(connection, Origin(bytes(4000)), START)


async def test_after_its_end_a_log_takes_one_state_and_nothing_more(grown, log):
    at = START + timedelta(seconds=20)
    async with grown.begin() as connection:
        await append_mark(connection, Freeze("next.example/log"), at)
        assert (await read_head(connection)).is_frozen
        for refused in (Freeze("again"), PolicyInForce("p", NO_HASH)):
            with pytest.raises(LogFrozenError):
                await append_mark(connection, refused, at)
    with pytest.raises(LogFrozenError):
        async with grown.begin() as connection:
            await append(log, connection, seconds=20)
    async with grown.begin() as connection:
        assert await append_mark(connection, await state_of(connection), at) == 11
        with pytest.raises(LogFrozenError):
            await append_mark(connection, await state_of(connection), at)
    with pytest.raises(LogFrozenError):
        async with grown.begin() as connection:
            await append(log, connection, seconds=20)
