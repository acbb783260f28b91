"""Questions to SQLite: on the event loop while they are quick, beside it when they are not."""

import asyncio
from datetime import timedelta

import pytest

from services.parties.store import parties
from services.reading import on_sqlite
from services.reading.answering import answerer_of
from services.reading.questions import NotAnsweredError, Question
from services.rows import add_row
from tests.conftest import on_sqlite as on_a_file

pytestmark = on_a_file

# Counts up to what it is told: 100,000 takes some ten milliseconds.
COUNTED = Question(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    " SELECT count(*) FROM n",
    ("told",),
    (None,),
)
COUNTED_TOO = Question(f"{COUNTED.text} -- too", ("told",), (None,))
A_MOMENT, A_STEP, A_BLINK, A_WHILE, FOR_EVER = 10, 1_000, 10_000, 500_000, 1 << 60
PARTIES = Question("SELECT name FROM parties ORDER BY name", (), ())
WRITE = Question("DELETE FROM parties", (), ())
ECHO = Question("SELECT ?", ("told",), (None,))


@pytest.fixture
async def answerer(registry):
    return answerer_of(registry)


async def asked(answerer, question, *told):
    return [tuple(row) for row in await answerer.ask(question, told)]


async def add_party(registry, name):
    async with registry.deciding() as tx:
        party = {"id": f"PTY-{name}", "kind": "ORGANISATION", "name": name, "roles": frozenset()}
        await add_row(tx, parties, {**party, "registered_at": tx.now})


async def ticks_during(asking):
    """How often the event loop came round meanwhile."""
    ticks = 0
    task = asyncio.create_task(asking)
    while not task.done():
        await asyncio.sleep(0)
        ticks += 1
    return ticks, await task


async def test_a_quick_question_is_answered_at_once(answerer):
    ticks, answer = await ticks_during(asked(answerer, COUNTED, A_MOMENT))
    assert (ticks, answer) == (1, [(A_MOMENT,)])


async def test_a_slow_question_is_answered_and_holds_nobody_up(answerer):
    ticks, answer = await ticks_during(asked(answerer, COUNTED, A_WHILE))
    assert answer == [(A_WHILE,)]
    assert ticks > 50


async def test_what_takes_too_long_is_not_answered(answerer, monkeypatch):
    monkeypatch.setattr(on_sqlite, "LONGEST", timedelta(seconds=0.1))
    with pytest.raises(NotAnsweredError):
        await asked(answerer, COUNTED, FOR_EVER)
    assert await asked(answerer, COUNTED, A_MOMENT) == [(A_MOMENT,)]


async def test_what_took_longer_is_asked_in_the_thread_for_a_while(answerer, monkeypatch):
    monkeypatch.setattr(on_sqlite, "SECONDS_REMEMBERED", 0.2)
    ticks = [(await ticks_during(asked(answerer, COUNTED, A_BLINK)))[0] for _ in range(2)]
    assert ticks[0] == 1
    assert ticks[1] > 1
    await asyncio.sleep(0.3)
    assert (await ticks_during(asked(answerer, COUNTED, A_MOMENT)))[0] == 1


async def test_what_waits_too_long_is_asked_in_the_thread_however_little_it_does(
    answerer, monkeypatch
):
    monkeypatch.setattr(on_sqlite, "QUICK", 1.0)
    await asked(answerer, COUNTED, A_MOMENT)
    with monkeypatch.context() as without_patience:
        without_patience.setattr(on_sqlite, "WAITS", 0)
        assert await asked(answerer, COUNTED, A_STEP) == [(A_STEP,)]
    ticks, answer = await ticks_during(asked(answerer, COUNTED, A_MOMENT))
    assert answer == [(A_MOMENT,)]
    assert ticks > 1


async def test_those_in_the_thread_do_not_wait_for_one_that_takes_for_ever(answerer):
    await asked(answerer, COUNTED, A_BLINK)
    for_ever = asyncio.create_task(asked(answerer, COUNTED, FOR_EVER))
    many = [asked(answerer, COUNTED_TOO, A_BLINK + n) for n in range(20)]
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*many)
    assert answers == [[(A_BLINK + n,)] for n in range(20)]
    assert not for_ever.done()
    for_ever.cancel()
    with pytest.raises(asyncio.CancelledError):
        await for_ever


async def test_a_fault_in_the_thread_is_not_answered_and_ends_nothing(answerer):
    wrong = Question(f"{COUNTED.text} WHERE json(?) IS NULL", ("told", "json"), (None, None))
    assert await asked(answerer, wrong, 20_000, "null") == [(0,)]
    with pytest.raises(NotAnsweredError):
        await asked(answerer, wrong, 20_000, "{")
    assert await asked(answerer, wrong, 20_000, "null") == [(0,)]


async def test_who_gives_up_ends_the_question(answerer, registry):
    asking = asyncio.create_task(asked(answerer, COUNTED, FOR_EVER))
    await asyncio.sleep(0.1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 5)
    assert registry.engine.sync_engine.pool.checkedout() == 0


async def test_what_was_just_done_is_seen(answerer, registry):
    for name in ("样例一", "样例二"):
        before = await asked(answerer, PARTIES)
        await add_party(registry, name)
        assert await asked(answerer, PARTIES) == sorted([*before, (name,)])


async def test_a_question_is_no_act(answerer, registry):
    await add_party(registry, "样例")
    with pytest.raises(NotAnsweredError):
        await asked(answerer, WRITE)
    assert await asked(answerer, PARTIES) == [("样例",)]


async def test_values_a_database_cannot_hold_are_not_answered(answerer):
    for told in (1 << 64, "\ud800"):
        with pytest.raises(NotAnsweredError):
            await asked(answerer, ECHO, told)


@pytest.mark.parametrize("many", [A_MOMENT, A_BLINK])
async def test_closing_the_register_closes_it(answerer, registry, many):
    for _ in range(2):
        await asked(answerer, COUNTED, many)
    await registry.close()
    with pytest.raises(NotAnsweredError):
        await asked(answerer, COUNTED, many)
