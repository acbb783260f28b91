"""What is decided anew, how often, and what whoever acts is told in the end."""

import asyncio
from datetime import timedelta
from time import monotonic

import pytest
from sqlalchemy.exc import IntegrityError

from ledger.keeping.append import ClockBehindError
from services.locks import lock_names
from services.parties.store import add_party, get_party
from services.refusals import Refusal, RefusalCode, Refused
from services.registry import OutcomeUnknownError
from services.retrying import ATTEMPTS, BusyError, retried
from tests.conftest import on_postgresql

TURNED_AWAY = ClockBehindError(timedelta(milliseconds=1))
UNKNOWN = OutcomeUnknownError()
REFUSED = Refused(Refusal(RefusalCode.RECORD_NOT_FOUND, "No."))


class Attempts:
    """An act that meets these, one after the other, and then the last for ever."""

    def __init__(self, *met: Exception | None) -> None:
        self.met = met
        self.number = 0

    def attempt(self) -> int:
        met = self.met[min(self.number, len(self.met) - 1)]
        self.number += 1
        if met is not None:
            raise met
        return self.number


@retried
async def act(_registry, attempts):
    return attempts.attempt()


@retried
async def act_with_key(_registry, attempts, key):
    del key
    return attempts.attempt()


@pytest.mark.parametrize("met", [TURNED_AWAY, ConnectionResetError(), TimeoutError()])
async def test_who_was_turned_away_is_judged_anew(met):
    assert await act(None, Attempts(met, met, None)) == 3


async def test_who_is_turned_away_each_time_is_told_that_nothing_was_done():
    attempts = Attempts(TURNED_AWAY)
    with pytest.raises(BusyError) as busy:
        await act(None, attempts)
    assert (attempts.number, busy.value.retry_after) == (ATTEMPTS, 1)


@pytest.mark.parametrize("met", [REFUSED, LookupError()])
async def test_who_was_judged_is_not_judged_anew(met):
    attempts = Attempts(met)
    with pytest.raises(type(met)) as raised:
        await act(None, attempts)
    assert (attempts.number, raised.value) == (1, met)


async def test_a_commit_nobody_knows_of_is_looked_for_under_its_key_only():
    assert await act_with_key(None, Attempts(UNKNOWN, UNKNOWN, None), "key") == 3
    attempts = Attempts(UNKNOWN, None)
    with pytest.raises(OutcomeUnknownError):
        await act(None, attempts)
    assert attempts.number == 1


async def test_what_may_have_been_done_is_not_said_to_be_undone():
    with pytest.raises(OutcomeUnknownError):
        await act_with_key(None, Attempts(UNKNOWN, TURNED_AWAY), "key")


async def test_after_a_commit_nobody_knows_of_a_refusal_stands():
    attempts = Attempts(UNKNOWN, REFUSED)
    with pytest.raises(Refused):
        await act_with_key(None, attempts, "key")
    assert attempts.number == 2


@on_postgresql
async def test_a_constraint_that_is_met_each_time_is_a_fault_and_no_race(registry, office):
    attempts = Attempts(None)

    @retried
    async def enter_twice(registry):
        attempts.attempt()
        async with registry.deciding() as tx:
            await add_party(tx, await get_party(tx, office.party_id))

    with pytest.raises(IntegrityError):
        await enter_twice(registry)
    assert attempts.number == ATTEMPTS


@on_postgresql
async def test_two_who_wait_for_each_other_are_both_done(registry):
    """They lock in two orders, which no act does."""
    attempts = Attempts(None)

    @retried
    async def lock_both(registry, first, second):
        attempts.attempt()
        async with registry.deciding() as tx:
            await lock_names(tx, name=first)
            await asyncio.sleep(0.1)
            await lock_names(tx, name=second)
        return first

    done = await asyncio.gather(lock_both(registry, "a", "b"), lock_both(registry, "b", "a"))
    assert (done, attempts.number) == (["a", "b"], 3)


async def test_a_clock_that_is_a_little_behind_is_waited_for():
    behind = timedelta(seconds=0.3)
    begun = monotonic()
    assert await act(None, Attempts(ClockBehindError(behind), None)) == 2
    assert monotonic() - begun >= behind.total_seconds()
