"""An act that lost a race for order, or its connection, is decided anew: nothing of it was done.

Under PostgreSQL's READ COMMITTED those who decide about different things do not wait for each
other, and now and then two of them meet after all: in a deadlock, or at a constraint that says a
rule a second time. Whoever is turned away there has not been judged, and is judged again, by what
the other has done.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ledger.keeping.append import ClockBehindError
from services.registry import OutcomeUnknownError, Registry

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 6
FIRST_REST = 0.01  # Seconds; twice as long each time, and each time less by chance.
LONGEST_REST = 0.5
RETRY_AFTER = 1  # Seconds.

# The parameter by which an act is known to have an idempotency key.
KEY = "key"

# SQLSTATE (PostgreSQL, appendix A): others came first; the server goes, comes or only reads; one
# has waited for as long as one may.
UNIQUE_VIOLATION = "23505"
OTHERS_WERE_FIRST = {"40001", "40P01", UNIQUE_VIOLATION}
SERVER_IS_AWAY = {"57P01", "57P02", "57P03", "57P05", "25006", "53300"}
WAITED_TOO_LONG = {"55P03", "57014", "25P03"}
CONNECTION_EXCEPTION = "08"


class BusyError(Exception):
    """The database could not be asked, or others were in the way for too long: nothing was done.

    `retry_after` in seconds.
    """

    def __init__(self, retry_after: int = RETRY_AFTER) -> None:
        super().__init__(f"Nothing was done. Try again in {retry_after} s.")
        self.retry_after = retry_after


def retried(
    act: Callable[Concatenate[Registry, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Registry, P], Coroutine[Any, Any, T]]:
    """Let an act be decided anew, some times, when the database turned it away unjudged.

    Raises `BusyError` when it was turned away each time, and `OutcomeUnknownError` when the
    connection was lost while it committed. An act with an idempotency key is then decided anew
    too: the answer that is kept under the key tells what became of it.
    """
    has_key = KEY in signature(act).parameters

    @wraps(act)
    async def decided(registry: Registry, /, *args: P.args, **kwargs: P.kwargs) -> T:
        rest = FIRST_REST
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await act(registry, *args, **kwargs)
            except Exception as error:
                may_repeat = is_turned_away(error) or (has_key and _is_unknown(error))
                if not may_repeat or attempt == ATTEMPTS:
                    if is_unavailable(error):
                        raise BusyError from error
                    raise
            # Rivals who met once part by chance.
            await asyncio.sleep(rest * random.uniform(0.5, 1))  # noqa: S311 - no secret.
            rest = min(rest * 2, LONGEST_REST)
        raise AssertionError  # The last attempt has returned or raised.

    return decided


def is_turned_away(error: Exception) -> bool:
    """Whether nothing was judged, and trying again may help: a lost race, a lost connection."""
    if isinstance(error, DBAPIError):
        state = state_of(error)
        return _is_away(error) or state in OTHERS_WERE_FIRST
    return isinstance(error, ClockBehindError | ConnectionError | TimeoutError)


def is_unavailable(error: Exception) -> bool:
    """Whether the database is away or too busy, which is no fault of the program's."""
    if isinstance(error, DBAPIError):
        passing = (OTHERS_WERE_FIRST - {UNIQUE_VIOLATION}) | WAITED_TOO_LONG
        return _is_away(error) or state_of(error) in passing
    return is_turned_away(error) or isinstance(error, BusyError | sa.exc.TimeoutError)


def state_of(error: DBAPIError) -> str:
    """The SQLSTATE; empty for databases that have none."""
    return getattr(error.orig, "sqlstate", None) or ""


def _is_away(error: DBAPIError) -> bool:
    state = state_of(error)
    is_broken = error.connection_invalidated or state.startswith(CONNECTION_EXCEPTION)
    return is_broken or state in SERVER_IS_AWAY


def _is_unknown(error: Exception) -> bool:
    return isinstance(error, OutcomeUnknownError)
