"""Questions to PostgreSQL: asked together, answered apart, ended when nobody waits any more."""

import asyncio
from time import monotonic

import pytest

from services.reading import on_postgresql
from services.reading.answering import answerer_of
from services.reading.on_postgresql import LANES
from services.reading.questions import NotAnsweredError, Question
from tests.conftest import on_postgresql as on_a_server

pytestmark = on_a_server


def question_of(expression, kind="text"):
    """Of one parameter, `{}` in the expression."""
    alone, together = (expression.format(each) for each in (f"$1::{kind}", "q.told"))
    return Question(
        f"SELECT {alone} AS v0",
        ("told",),
        (None,),
        f"SELECT q.nth, answer.* FROM unnest($1::{kind}[]) WITH ORDINALITY AS q(told, nth)"
        f" CROSS JOIN LATERAL (SELECT {together} AS v0) AS answer",
    )


ECHO = question_of("{}")
STATEMENT_OF = question_of("{} || statement_timestamp()")
SLEEP = question_of("pg_sleep({})::text", "float8")
DIVIDED = question_of("1 / {}", "int")
ROWS = question_of("generate_series(1, {})", "int")
ALONE = Question("SELECT $1::text || statement_timestamp() AS v0", ("told",), (None,))
ASLEEP = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def answerer(registry):
    return answerer_of(registry)


async def asked(answerer, question, *told):
    return [tuple(row) for row in await answerer.ask(question, told)]


async def asked_by_many(answerer, question, told):
    return await asyncio.gather(*(asked(answerer, question, each) for each in told))


async def becomes(wanted, found):
    """Whether something is found to be so before long."""
    for _ in range(500):
        if await found() == wanted:
            return True
        await asyncio.sleep(0.01)
    return False


async def test_each_gets_their_own_answer(answerer):
    told = [f"样例{number}" for number in range(500)]
    assert await asked_by_many(answerer, ECHO, told) == [[(each,)] for each in told]


async def test_answers_of_many_rows_and_of_none_are_told_apart(answerer):
    answers = await asked_by_many(answerer, ROWS, [3, 0, 1, 0, 2])
    assert answers == [[(1,), (2,), (3,)], [], [(1,)], [], [(1,), (2,)]]


async def test_those_who_wait_for_the_same_are_asked_for_in_one_statement(answerer):
    answers = await asked_by_many(answerer, STATEMENT_OF, [""] * 60)
    assert len({answer[0] for answer in answers}) <= LANES


async def test_what_cannot_be_asked_together_is_asked_one_by_one(answerer):
    answers = await asked_by_many(answerer, ALONE, ["x"] * 20)
    # Two lanes may have asked in the same microsecond.
    assert len({answer[0] for answer in answers}) > 20 - LANES


async def test_one_who_asks_what_cannot_be_answered_does_not_spoil_it_for_the_others(answerer):
    answers = await asyncio.gather(
        *(asked(answerer, DIVIDED, each) for each in (1, 0, 1)), return_exceptions=True
    )
    assert [answers[0], answers[2]] == [[(1,)], [(1,)]]
    assert isinstance(answers[1], NotAnsweredError)


async def test_a_value_the_driver_cannot_send_is_not_answered_and_spoils_nothing(answerer):
    answers = await asyncio.gather(
        *(asked(answerer, ECHO, each) for each in ("a", "\ud800", "b")), return_exceptions=True
    )
    assert [answers[0], answers[2]] == [[("a",)], [("b",)]]
    assert isinstance(answers[1], NotAnsweredError)


async def test_who_gives_up_leaves_the_others_their_answers(answerer):
    asking = [asyncio.create_task(asked(answerer, SLEEP, 0.2)) for _ in range(4)]
    await asyncio.sleep(0.05)
    asking[1].cancel()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(answers.pop(1), asyncio.CancelledError)
    assert answers == [[("",)]] * 3


async def test_what_nobody_waits_for_any_more_is_ended_in_the_database(answerer, registry):
    async def sleepers():
        async with registry.reading() as tx:
            return (await tx.connection.exec_driver_sql(ASLEEP)).scalar_one()

    asking = [asyncio.create_task(asked(answerer, SLEEP, 30)) for _ in range(2)]
    assert await becomes(1, sleepers)
    for each in asking:
        each.cancel()
    assert await becomes(0, sleepers)
    assert await asked(answerer, ECHO, "x") == [("x",)]


async def test_slow_questions_hold_nobody_up(answerer):
    slow = []
    for _ in range(LANES + 1):  # One after the other, so that each is a statement of its own.
        slow.append(asyncio.create_task(asked(answerer, SLEEP, 30)))
        await asyncio.sleep(2 * on_postgresql.SECONDS_UNTIL_SLOW)
    begun = monotonic()
    assert await asked(answerer, ECHO, "x") == [("x",)]
    assert monotonic() - begun < 5
    for each in slow:
        each.cancel()
    await asyncio.wait(slow)


async def test_lanes_give_their_connections_back_after_a_rest(answerer, registry, monkeypatch):
    monkeypatch.setattr(on_postgresql, "SECONDS_AT_REST", 0.02)
    await asked_by_many(answerer, ECHO, ["x"] * 10)

    async def in_use():
        return registry.engine.pool.checkedout()

    assert await becomes(0, in_use)


async def test_who_asks_while_the_last_lane_leaves_is_answered_too(answerer, monkeypatch):
    monkeypatch.setattr(on_postgresql, "SECONDS_AT_REST", 0.001)
    async with asyncio.timeout(30):
        for number in range(300):
            rounds = await asked_by_many(answerer, ECHO, ["x"] * (1 + number % 5))
            assert rounds == [[("x",)]] * (1 + number % 5)
            await asyncio.sleep(0.0005 * (number % 7))


async def test_a_connection_that_is_cut_is_made_anew(answerer):
    cut = question_of("pg_terminate_backend(pg_backend_pid())::text || {}")
    with pytest.raises(NotAnsweredError):
        await asked(answerer, cut, "x")
    assert await asked(answerer, ECHO, "x") == [("x",)]


async def test_who_waits_when_it_closes_is_told(answerer, registry):
    asking = asyncio.create_task(asked(answerer, SLEEP, 30))
    await asyncio.sleep(0.2)
    await registry.close()
    with pytest.raises(NotAnsweredError):
        await asking
