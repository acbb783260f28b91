"""The state map in a real database: planned, written and proven, page by page and row by row."""

import asyncio
import random
from collections import Counter, defaultdict
from contextlib import suppress
from hashlib import sha256

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.formats.hashing import map_leaf_hash
from ledger.formats.map_replay import ReplayedMap
from ledger.formats.state_map import (
    EMPTY_MAP_HASH,
    MapProof,
    Standing,
    check_absence,
    check_presence,
    prove_among,
    root_of,
)
from ledger.keeping import store
from ledger.keeping.map_pages import NOTHING, TOP, build
from ledger.keeping.map_rows import ledger_state, ledger_state_page
from ledger.keeping.state_map import apply, plan_update, prove, prove_each, read_root
from tests.conftest import on_sqlite


def digest(text):
    return sha256(text.encode()).digest()


def scattered(n):
    return digest(f"key{n}")


def close_together(n):
    """Keys that share their first 240 bits, so that there are pages down to the 40th digit."""
    return bytes(30) + n.to_bytes(2)


def last_bits(n):
    """Sixteen keys at a time share all but their last four bits, which are no whole digit."""
    return digest(f"key{n >> 4}")[:31] + bytes([n & 15])


def values_of(standings):
    return {key: standing.digest() for key, standing in standings.items()}


class Grown:
    """Where every subject stands, and the batches that bring them there."""

    def __init__(self):
        self.standings = {}
        self.index = 0

    def batch(self, keys):
        changed = {}
        for key in keys:
            before = self.standings.get(key)
            count = before.count + 1 if before else 1
            changed[key] = Standing(count, self.index, digest(f"leaf{self.index}"))
            self.index += 1
        self.standings |= changed
        return changed


async def bring_up(connection, changed):
    update = await plan_update(connection, changed)
    await apply(connection, update)
    return update


async def stored(connection):
    """The rows and the pages, each by its key."""
    rows = (await connection.execute(sa.select(ledger_state))).all()
    pages = (await connection.execute(sa.select(ledger_state_page))).all()
    return (
        {key: Standing(*stands) for key, *stands in rows},
        {place: (hashes, int.from_bytes(divided)) for place, hashes, divided in pages},
    )


def leaves_of(standings):
    return sorted((key, map_leaf_hash(key, value)) for key, value in values_of(standings).items())


def built(standings):
    pages, top = build(TOP, leaves_of(standings))
    assert top == (root_of(values_of(standings)) if standings else NOTHING)
    return {page.place: (page.hashes, page.divided) for page in pages}


async def require_as_made_at_once(connection, standings):
    assert await read_root(connection) == root_of(values_of(standings))
    assert await stored(connection) == (standings, built(standings))


async def require_proofs(connection, standings, strangers):
    """Those made from pages are those made from all leaves at once, and hold."""
    values = values_of(standings)
    root, leaves = root_of(values), leaves_of(standings)
    proofs = await prove_each(connection, [*standings, *strangers])
    for key, proof in proofs.items():
        steps, at = prove_among(leaves, key)
        other = leaves[at][0]
        assert proof.steps == tuple(steps)
        if key in values:
            check_presence(proof, key=key, value=values[key], root=root)
        else:
            assert proof.other == (other, values[other])
            check_absence(proof, key=key, root=root)


@pytest.mark.parametrize("key", [scattered, close_together, last_bits])
def test_pages_hold_what_is_below_them_and_stand_where_they_have_to(key):
    """Each hash is that of a map of its own, and the places are found by counting keys."""
    for count in (0, 1, 12, 13, 100, 500):
        values = {key(n): digest(f"value{n}") for n in range(count)}
        leaves = sorted((each, map_leaf_hash(each, value)) for each, value in values.items())
        in_places = Counter(
            tuple(int.from_bytes(each) << 2 >> 252 - 6 * at & 63 for at in range(digits))
            for each in values
            for digits in range(44)
        )
        crowded = {bytes(place) for place, keys in in_places.items() if keys > 12}
        pages, top = build(TOP, leaves)

        assert top == (root_of(values) if values else NOTHING)
        assert {page.place for page in pages} == crowded
        for page in pages:
            require_page(page, values, crowded)


def require_page(page, values, crowded):
    beginning = 0
    for each in page.place:
        beginning = beginning << 6 | each
    rows = []  # What begins with one bit more than the place, with two, and so on.
    for height in range(1, 7):
        below = defaultdict(dict)
        for key, value in values.items():
            below[int.from_bytes(key) << 2 >> 258 - page.depth - height][key] = value
        rows.append([below[beginning << height | slot] for slot in range(1 << height)])

    enough = [all(len(part) <= 12 for part in row) for row in rows]
    assert page.height == (enough.index(True) + 1 if True in enough else 6)
    assert page.hashes == b"".join(
        root_of(part) if part else NOTHING for row in rows[: page.height] for part in row
    )
    divided = {slot for slot in range(64) if page.place + bytes([slot]) in crowded}
    assert {slot for slot in range(64) if page.is_divided(slot)} == (
        divided if page.height == 6 else set()
    )


async def test_a_map_that_grows_one_by_one_is_at_every_size_the_map_made_at_once(engine):
    grown = Grown()
    async with engine.begin() as connection:
        await require_as_made_at_once(connection, {})
        for n in range(150):
            before = await read_root(connection)
            update = await bring_up(connection, grown.batch([scattered(n)]))
            assert update.before == before
            assert update.root == root_of(values_of(grown.standings))
            await require_as_made_at_once(connection, grown.standings)
            if n % 10 == 0:
                strangers = [scattered(n + 1), bytes(32), b"\xff" * 32]
                await require_proofs(connection, grown.standings, strangers)


BATCHES = st.lists(st.sets(st.integers(0, 150), max_size=60), max_size=6)


@pytest.mark.parametrize("key", [scattered, close_together, last_bits])
@settings(max_examples=25)
@given(batches=BATCHES, strangers=st.sets(st.integers(151, 400), min_size=1, max_size=5))
def test_whatever_the_batches_the_map_is_the_one_made_at_once(key, batches, strangers):
    async def play():
        engine = create_async_engine("sqlite+aiosqlite://")
        grown = Grown()
        async with engine.begin() as connection:
            await connection.run_sync(store.metadata.create_all)
            for batch in batches:
                update = await bring_up(connection, grown.batch(map(key, batch)))
                assert update.root == root_of(values_of(grown.standings))
                await require_as_made_at_once(connection, grown.standings)
            if grown.standings:
                await require_proofs(connection, grown.standings, map(key, strangers))
        await engine.dispose()

    asyncio.run(play())


async def test_thousands_in_batches_of_all_sizes(engine):
    grown, chance = Grown(), random.Random(7)
    replayed = ReplayedMap()
    async with engine.begin() as connection:
        for size in (5, 800, 3, 2500, 1, 400, 1200):
            keys = {scattered(chance.randrange(6000)) for _ in range(size)}
            changed = grown.batch(keys | {close_together(chance.randrange(600))})
            replayed.update(values_of(changed))
            update = await bring_up(connection, changed)
            assert update.root == replayed.root
        assert await stored(connection) == (grown.standings, built(grown.standings))


async def test_the_first_and_the_last_key_of_a_slot_stay_beside_those_that_change(engine):
    grown = Grown()
    async with engine.begin() as connection:
        await bring_up(connection, grown.batch(map(last_bits, range(16))))
        for n in range(16):
            await bring_up(connection, grown.batch([last_bits(n)]))
            await require_as_made_at_once(connection, grown.standings)


def test_two_dozen_keys_that_part_evenly_have_a_page_of_one_bit():
    leaves = [(bytes([(n % 2) << 7, n]) + bytes(30), digest(f"leaf{n}")) for n in range(24)]
    [page], _ = build(TOP, sorted(leaves))

    assert (page.place, page.height) == (TOP, 1)


async def test_a_small_map_has_no_pages(engine):
    grown = Grown()
    async with engine.begin() as connection:
        await bring_up(connection, grown.batch(map(scattered, range(12))))
        assert await stored(connection) == (grown.standings, {})
        await bring_up(connection, grown.batch([scattered(12)]))
        _, pages = await stored(connection)

    assert list(pages) == [TOP]


async def test_a_map_of_nothing_shows_that_everything_is_missing(engine):
    async with engine.begin() as connection:
        assert await read_root(connection) == EMPTY_MAP_HASH
        assert await prove(connection, scattered(1)) == MapProof()
        update = await plan_update(connection, {})
        assert (update.before, update.root) == (EMPTY_MAP_HASH, EMPTY_MAP_HASH)


async def test_the_neighbours_of_keys_are_missing(engine):
    grown = Grown()
    async with engine.begin() as connection:
        await bring_up(connection, grown.batch(map(scattered, range(500))))
        key = scattered(250)
        neighbours = [(int.from_bytes(key) ^ 1 << bit).to_bytes(32) for bit in range(256)]
        await require_proofs(connection, grown.standings, neighbours)


async def test_a_plan_writes_nothing_and_an_empty_one_changes_nothing(engine):
    grown = Grown()
    async with engine.begin() as connection:
        await bring_up(connection, grown.batch(map(scattered, range(100))))
        before = await stored(connection)
        update = await plan_update(connection, grown.batch(map(scattered, range(50, 150))))
        assert await stored(connection) == before
        assert update.root != update.before
        nothing = await bring_up(connection, {})
        assert nothing.root == nothing.before == update.before
        assert await stored(connection) == before


async def test_an_update_is_written_only_where_it_was_planned_for(engine):
    grown = Grown()
    async with engine.begin() as connection:
        await bring_up(connection, grown.batch(map(scattered, range(30))))
        late = await plan_update(connection, grown.batch([scattered(5)]))
        await bring_up(connection, grown.batch([scattered(6)]))
        before = await stored(connection)
        with pytest.raises(AssertionError):
            await apply(connection, late)
        assert await stored(connection) == before


async def test_a_transaction_rolled_back_leaves_the_map_as_it_was(engine):
    grown = Grown()
    async with engine.begin() as connection:
        await bring_up(connection, grown.batch(map(scattered, range(200))))
        before = await stored(connection)

    with suppress(ZeroDivisionError):
        async with engine.begin() as connection:
            await bring_up(connection, grown.batch(map(scattered, range(400))))
            raise ZeroDivisionError

    async with engine.begin() as connection:
        assert await stored(connection) == before


@on_sqlite
async def test_each_act_is_one_visit_to_the_thread(engine, monkeypatch):
    grown = Grown()
    async with engine.begin() as connection:
        await bring_up(connection, grown.batch(map(scattered, range(2000))))
        raw = await connection.get_raw_connection()
        visit, visits = raw.driver_connection._execute, []

        async def counted(work, *details):
            visits.append(work)
            return await visit(work, *details)

        monkeypatch.setattr(raw.driver_connection, "_execute", counted)
        update = await plan_update(connection, grown.batch(map(scattered, range(0, 4000, 2))))
        await apply(connection, update)
        await prove_each(connection, map(scattered, range(100)))
        assert len(visits) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_state",
        "DELETE FROM ledger_state_page",
        "UPDATE ledger_state SET count = count, last_idx = last_idx + 1",
        "UPDATE ledger_state SET count = count + 1, last_idx = last_idx",
        "UPDATE ledger_state SET count = count + 1, last_idx = last_idx + 1, key = zeroblob(32)",
        "UPDATE ledger_state_page SET place = zeroblob(1)",
        "UPDATE ledger_state_page SET hashes = zeroblob(64)",
        "INSERT INTO ledger_state SELECT * FROM ledger_state LIMIT 1",
        "INSERT INTO ledger_state_page SELECT * FROM ledger_state_page LIMIT 1",
    ],
)
async def test_the_database_refuses_to_take_the_map_back(engine, statement):
    await require_refused(engine, statement)


@on_sqlite
@pytest.mark.parametrize("table", ["ledger_state", "ledger_state_page"])
async def test_sqlite_refuses_to_replace_what_is_in_the_map(engine, table):
    await require_refused(engine, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")


async def require_refused(engine, statement):
    grown = Grown()
    async with engine.begin() as connection:
        await bring_up(connection, grown.batch(map(scattered, range(200))))
        before = await stored(connection)
    with pytest.raises(IntegrityError, match="ledger_state"):
        async with engine.begin() as connection:
            await connection.exec_driver_sql(statement)
    async with engine.begin() as connection:
        assert await stored(connection) == before
