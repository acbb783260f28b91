"""The feed of what happens to certificates: all of it, in order, once, to whoever comes when."""

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from itertools import groupby
from random import Random

import asyncpg
import pytest

import services.growth
from ledger.keeping.erasing import erase_facts, facts_of_event
from services.certificates.changes import AheadOfLedgerError, changes_after, follow_changes
from services.certificates.proofs import histories_of
from services.registry import open_engine
from tests.api.served import until
from tests.conftest import on_postgresql
from tests.ledger_counts import put_in_order, size_of_ledger

NUMBERS = [f"2026013100000{number:04}" for number in range(6)]
FIRST = -1
SECONDS = 20


async def happen(registry, *subjects):
    """One event for each, in one transaction, told by its kind."""
    async with registry.deciding() as tx:
        for subject in subjects:
            await tx.log.append(
                tx.connection, subject=subject, kind="tested", at=tx.now, public={}, private={}
            )


async def all_changes(registry, most, after=FIRST):
    """Page after page, as a consumer asks who remembers nothing but `next`."""
    found = []
    while True:
        changes = await changes_after(registry, after, most)
        found += changes.events
        if not changes.has_more:
            return found
        after = changes.next


def names_of(events):
    return [(event.subject, event.number) for event in events]


@asynccontextmanager
async def someone_elected(registry):
    """Events get their places all the time, a few at once."""

    async def work():
        while True:
            await put_in_order(registry)
            await asyncio.sleep(0.003)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await put_in_order(registry)


async def test_a_change_tells_what_everybody_may_know_of_the_event(registry, certificate):
    await put_in_order(registry)
    (issued,) = (await histories_of(registry, [certificate.number]))[certificate.number]
    (change,) = await all_changes(registry, most=10)
    assert (change.index, change.subject, change.number) == (issued.index, certificate.number, 0)
    assert (change.kind, change.at, change.leaf) == (issued.kind, issued.at, issued.leaf)
    assert change.public == issued.public
    assert issued.private.keys() == {"actor", "party"}


@pytest.mark.parametrize("most", [1, 2, 3, 7, 500])
async def test_pages_of_any_size_tell_the_same(registry, most):
    await happen(registry, "application_1", *NUMBERS, "application_1", NUMBERS[0])
    await put_in_order(registry)
    expected = [(number, 0) for number in NUMBERS] + [(NUMBERS[0], 1)]
    assert names_of(await all_changes(registry, most)) == expected


@pytest.mark.parametrize("most", [1, 3])
async def test_the_last_page_says_that_it_is_the_last(registry, most):
    await happen(registry, *NUMBERS[:most])
    size = await size_of_ledger(registry)
    changes = await changes_after(registry, FIRST, most)
    assert (changes.has_more, changes.next, changes.extent.size) == (False, size - 1, size)


async def test_where_nothing_happened_to_certificates_one_moves_on_all_the_same(registry):
    empty = await changes_after(registry, FIRST, 10)
    assert (empty.events, empty.next) == ([], FIRST)
    await happen(registry, NUMBERS[0], "application_1", "party_1")
    size = await size_of_ledger(registry)
    changes = await changes_after(registry, FIRST, 10)
    assert (names_of(changes.events), changes.next) == ([(NUMBERS[0], 0)], size - 1)
    later = await changes_after(registry, changes.next, 10)
    assert (later.events, later.next) == ([], changes.next)


async def test_who_is_ahead_of_the_ledger_is_told_so(registry):
    await happen(registry, NUMBERS[0])
    await put_in_order(registry)
    assert (await changes_after(registry, 0, 10)).events == []
    for after in (1, 1_000, 2**63 - 1):
        with pytest.raises(AheadOfLedgerError, match="has only 1 entries"):
            await changes_after(registry, after, 10)
        with pytest.raises(AheadOfLedgerError):
            await anext(follow_changes(registry, after, 10))


async def test_what_has_no_place_in_the_ledger_yet_is_not_told_before_it_has(registry):
    async with registry.deciding() as tx:
        await tx.log.append(
            tx.connection, subject=NUMBERS[0], kind="tested", at=tx.now, public={}, private={}
        )
        assert (await changes_after(registry, FIRST, 10)).events == []
    await put_in_order(registry)
    assert names_of(await all_changes(registry, 10)) == [(NUMBERS[0], 0)]


async def test_a_fact_that_was_erased_is_told_no_more(registry, certificate):
    await put_in_order(registry)
    async with registry.deciding() as tx:
        facts = await facts_of_event(tx.connection, certificate.number, 0)
        await erase_facts(tx.connection, facts, {"holder"}, tx.now)
    (change,) = await all_changes(registry, most=10)
    assert "holder" not in change.public
    assert "status" in change.public


class Consumer:
    """Follows, and now and then loses its connection and comes back with what it remembers."""

    def __init__(self, registry, seed):
        self.registry = registry
        self.chance = Random(seed)
        self.told = []
        self.after = FIRST

    async def follow(self, count):
        async with asyncio.timeout(SECONDS):
            while len(self.told) < count:
                await self._stay_for_a_while(count)

    async def _stay_for_a_while(self, count):
        messages = self.chance.randint(1, 6)
        most = self.chance.choice([1, 2, 5, 100])
        async with aclosing(follow_changes(self.registry, self.after, most)) as following:
            async for changes in following:
                self.told += changes.events
                self.after = changes.next
                messages -= 1
                if messages == 0 or len(self.told) >= count:
                    return


async def test_consumers_miss_nothing_while_many_write_and_commit_out_of_order(registry):
    """Subjects are certificates and others; who takes a number first may commit last."""
    chance = Random(7)

    async def write(subject, delays):
        for delay in delays:
            async with registry.deciding() as tx:
                await tx.log.append(
                    tx.connection, subject=subject, kind="tested", at=tx.now, public={}, private={}
                )
                await asyncio.sleep(delay)

    subjects = [*NUMBERS, "application_1", "party_1"]
    plans = [(name, [chance.choice([0, 0, 0.002, 0.02]) for _ in range(25)]) for name in subjects]
    count = 25 * len(NUMBERS)
    consumers = [Consumer(registry, seed) for seed in range(3)]
    async with someone_elected(registry):
        await asyncio.gather(
            *(write(*plan) for plan in plans), *(each.follow(count) for each in consumers)
        )
    expected = await all_changes(registry, 500)
    assert len(expected) == count
    for _, events in groupby(sorted(names_of(expected)), key=lambda name: name[0]):
        assert [number for _, number in events] == list(range(25))
    for consumer in consumers:
        assert consumer.told == expected


async def test_a_follower_is_told_at_once_where_it_is_and_then_what_comes(registry):
    await happen(registry, NUMBERS[0])
    size = await size_of_ledger(registry)
    async with asyncio.timeout(SECONDS), aclosing(follow_changes(registry, size - 1, 9)) as told:
        first = await anext(told)
        assert (first.events, first.next) == ([], size - 1)
        coming = asyncio.create_task(anext(told))
        await happen(registry, "party_1")
        await put_in_order(registry)
        await happen(registry, NUMBERS[1])
        await put_in_order(registry)
        changes = await coming
        assert (names_of(changes.events), changes.events[0].index) == ([(NUMBERS[1], 0)], size + 1)


async def test_a_wake_is_not_slept_through(registry, monkeypatch):
    monkeypatch.setattr(services.growth, "POLL", 60 * SECONDS)
    async with asyncio.timeout(SECONDS), aclosing(follow_changes(registry, FIRST, 9)) as told:
        await anext(told)
        coming = asyncio.create_task(anext(told))
        await asyncio.sleep(0.1)  # The follower has looked, and rests.
        await happen(registry, NUMBERS[0])
        await put_in_order(registry)
        assert names_of((await coming).events) == [(NUMBERS[0], 0)]


async def test_what_another_process_writes_is_found_without_a_wake(registry, database):
    rival = replace(registry, engine=open_engine(database))
    async with asyncio.timeout(SECONDS), aclosing(follow_changes(registry, FIRST, 9)) as told:
        await anext(told)
        coming = asyncio.create_task(anext(told))
        await asyncio.sleep(0.1)
        await happen(rival, NUMBERS[0])
        await put_in_order(rival)
        assert names_of((await coming).events) == [(NUMBERS[0], 0)]
    await rival.close()


async def test_many_who_wait_cost_one_look(registry, monkeypatch):
    monkeypatch.setattr(services.growth, "POLL", 60 * SECONDS)
    looks = 0
    real = registry.growth._look

    async def counted():
        nonlocal looks
        looks += 1
        return await real()

    registry.growth._look = counted
    waiting = [
        asyncio.create_task(registry.growth.until(lambda extent: extent.size >= 1))
        for _ in range(200)
    ]
    await asyncio.sleep(0.2)
    assert looks == 1
    await happen(registry, NUMBERS[0])
    await put_in_order(registry)
    async with asyncio.timeout(SECONDS):
        extents = await asyncio.gather(*waiting)
    assert {extent.size for extent in extents} == {1}
    assert looks <= 4


async def test_those_who_want_the_same_at_once_share_one_reading(registry):
    await happen(registry, NUMBERS[0])
    await put_in_order(registry)
    readings = 0

    async def read():
        nonlocal readings
        readings += 1
        return await changes_after(registry, FIRST, 10)

    asking = [registry.growth.read_once("this", read) for _ in range(50)]
    told = await asyncio.gather(*asking, registry.growth.read_once("that", read))
    assert readings == 2
    assert {tuple(names_of(changes.events)) for changes in told} == {((NUMBERS[0], 0),)}
    await registry.growth.read_once("this", read)
    assert readings == 3


async def test_who_goes_away_while_it_is_read_takes_it_from_nobody_else(registry):
    may_end = asyncio.Event()

    async def read():
        await may_end.wait()
        raise LookupError

    asking = [asyncio.create_task(registry.growth.read_once("this", read)) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    may_end.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in told] == [asyncio.CancelledError, LookupError, LookupError]


async def test_a_database_that_is_away_is_waited_for(registry, caplog):
    real, fails = registry.growth._look, [True, True]

    async def flaky():
        if fails:
            fails.pop()
            registry.growth.nudge()
            raise ConnectionRefusedError
        return await real()

    registry.growth._look = flaky
    await happen(registry, NUMBERS[0])
    await put_in_order(registry)
    async with asyncio.timeout(SECONDS):
        extent = await registry.growth.until(lambda extent: extent.size >= 1)
    assert (extent.size, fails) == (1, [])
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@on_postgresql
async def test_who_follows_does_not_notice_that_all_connections_are_cut(registry, database):
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    cut += " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    rival = await asyncpg.connect(database)
    async with asyncio.timeout(SECONDS), aclosing(follow_changes(registry, FIRST, 9)) as told:
        await anext(told)
        for subject in NUMBERS[:3]:
            coming = asyncio.create_task(anext(told))
            await asyncio.sleep(0.05)
            await rival.execute(cut)
            writer = replace(registry, engine=open_engine(database))
            await happen(writer, subject)
            await put_in_order(writer)
            await writer.close()
            await rival.execute(cut)
            assert names_of((await coming).events) == [(subject, 0)]
    await rival.close()


async def test_nobody_waiting_nobody_looks(registry, monkeypatch):
    monkeypatch.setattr(services.growth, "POLL", 0.01)
    await registry.growth.until(lambda extent: extent.size >= 0)
    await until(lambda: registry.growth._watch is None)
