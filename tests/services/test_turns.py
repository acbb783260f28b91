"""Acts on SQLite that wait for their turn share a transaction, and stand or fall by themselves."""

import asyncio
import sqlite3

import pytest
import sqlalchemy as sa

from services.parties.store import parties
from services.refusals import Refused
from services.retrying import retried
from services.rows import add_row
from services.turns import UndoneError
from tests.conftest import on_sqlite

pytestmark = on_sqlite

NAMES = [f"样例公司{number}" for number in range(8)]


class ChangedError(Exception):
    """Somebody has changed their mind."""


async def add(registry, name, then=None):
    async with registry.deciding() as tx:
        party = {"id": f"PTY-{name}", "kind": "ORGANISATION", "name": name, "roles": frozenset()}
        await add_row(tx, parties, {**party, "registered_at": tx.now})
        if then is not None:
            await then(tx)


async def names_in(registry):
    async with registry.reading() as tx:
        found = await tx.connection.execute(sa.select(parties.c.name).order_by(parties.c.name))
    return list(found.scalars())


async def commits_while(registry, acts):
    """How many transactions these acts were committed in, and how each of them ended."""
    commits = []

    def count(connection):
        commits.append(connection)

    sa.event.listen(registry.engine.sync_engine, "commit", count)
    ends = await asyncio.gather(*acts, return_exceptions=True)
    sa.event.remove(registry.engine.sync_engine, "commit", count)
    return len(commits), ends


async def test_those_who_wait_together_commit_together(registry):
    commits, ends = await commits_while(registry, [add(registry, name) for name in NAMES])

    assert ends == [None] * len(NAMES)
    assert await names_in(registry) == NAMES
    assert commits == 1


async def test_those_who_come_one_after_the_other_commit_each(registry):
    for name in NAMES:
        assert await commits_while(registry, [add(registry, name)]) == (1, [None])


async def test_one_that_fails_is_undone_alone(registry):
    async def change(_):
        raise ChangedError

    acts = [add(registry, name, change if name in NAMES[2:5] else None) for name in NAMES]
    commits, ends = await commits_while(registry, acts)

    assert [type(end) for end in ends[2:5]] == [ChangedError] * 3
    assert await names_in(registry) == [*NAMES[:2], *NAMES[5:]]
    assert commits == 1


async def test_one_that_is_cancelled_between_two_statements_is_undone_alone(registry):
    async def be_cancelled(_):
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    acts = [add(registry, name, be_cancelled if name == NAMES[1] else None) for name in NAMES]
    commits, ends = await commits_while(registry, acts)

    assert isinstance(ends[1], asyncio.CancelledError)
    assert await names_in(registry) == [NAMES[0], *NAMES[2:]]
    assert commits == 1


async def test_one_that_is_cancelled_twice_is_undone_before_the_next_begins(registry):
    stopped = asyncio.Event()

    async def be_stopped(_):
        stopped.set()
        await asyncio.Event().wait()

    stopping = asyncio.create_task(add(registry, NAMES[0], be_stopped))
    others = [asyncio.create_task(add(registry, name)) for name in NAMES[1:]]
    await stopped.wait()
    stopping.cancel()
    await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.gather(*others)

    assert stopping.cancelled()
    assert await names_in(registry) == NAMES[1:]


async def test_one_that_is_cancelled_within_a_statement_is_undone_and_others_decided_anew(registry):
    async def be_cancelled(tx):
        asyncio.current_task().cancel()
        await tx.connection.execute(sa.update(parties).values(name="-"))

    again = retried(add)
    acts = [add(registry, NAMES[0], be_cancelled), *(again(registry, name) for name in NAMES[1:])]
    _, ends = await commits_while(registry, acts)

    assert isinstance(ends[0], asyncio.CancelledError)
    assert ends[1:] == [None] * 7
    assert await names_in(registry) == NAMES[1:]


async def test_nobody_is_told_anything_before_it_is_committed(registry):
    seen = []

    async def refuse(tx):
        found = await tx.connection.execute(sa.select(sa.func.count()).select_from(parties))
        raise Refused(*[]) from ChangedError(found.scalar_one())

    async def act(name, then=None):
        try:
            await add(registry, name, then)
        finally:
            seen.append((name, await names_in(registry)))

    await asyncio.gather(act(NAMES[0]), act(NAMES[1], refuse), return_exceptions=True)

    assert sorted(seen) == [(NAMES[0], [NAMES[0]]), (NAMES[1], [NAMES[0]])]


async def test_a_commit_that_fails_fails_for_all_and_leaves_nothing(registry):
    async def defer(tx):
        """What is broken here, SQLite looks at only when the transaction ends."""
        await tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        await tx.connection.exec_driver_sql(
            "INSERT INTO members (id, party_id, subject, roles, admitted_at)"
            " VALUES ('MBR-1', 'PTY-nobody', 'nobody', '', 0)"
        )

    acts = [add(registry, name, defer if name == NAMES[3] else None) for name in NAMES]
    _, ends = await commits_while(registry, acts)

    assert {type(end) for end in ends} == {sa.exc.IntegrityError}
    assert await names_in(registry) == []
    assert await commits_while(registry, [add(registry, NAMES[0])]) == (1, [None])


async def lose(tx):
    """As SQLite does when the disk is full: everything is undone."""
    await tx.connection.exec_driver_sql("ROLLBACK")
    raise sqlite3.OperationalError("database or disk is full")


async def test_who_shared_a_transaction_that_was_lost_is_told_that_nothing_was_done(registry):
    acts = [add(registry, name, lose if name == NAMES[3] else None) for name in NAMES]
    _, ends = await commits_while(registry, acts)

    assert [type(end) for end in ends] == [
        *[UndoneError] * 3,
        sqlite3.OperationalError,
        *[UndoneError] * 4,
    ]
    assert await names_in(registry) == []


async def test_an_act_whose_transaction_was_lost_by_another_is_decided_anew(registry):
    again = retried(add)
    acts = [add(registry, NAMES[0], lose), *(again(registry, name) for name in NAMES[1:])]
    _, ends = await commits_while(registry, acts)

    assert [type(end) for end in ends[:1]] == [sqlite3.OperationalError]
    assert ends[1:] == [None] * 7
    assert await names_in(registry) == NAMES[1:]


async def test_who_waits_and_gives_up_holds_nobody_up(registry):
    begun = asyncio.Event()

    async def give_up(_):
        begun.set()
        waiting.cancel()

    first = asyncio.create_task(add(registry, NAMES[0], give_up))
    waiting = asyncio.create_task(add(registry, NAMES[1]))
    async with asyncio.timeout(10):
        await first
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await add(registry, NAMES[2])

    assert await names_in(registry) == [NAMES[0], NAMES[2]]


async def test_an_act_that_is_committed_is_done_even_if_the_log_cannot_be_carried_over(
    registry, monkeypatch, caplog
):
    async def fail(_wal, _connection):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("services.turns.WriteAheadLog.carry_over", fail)
    await add(registry, NAMES[0])
    await add(registry, NAMES[1])

    assert await names_in(registry) == NAMES[:2]
    assert {record.getMessage() for record in caplog.records} == {
        "the write-ahead log was not carried over"
    }
