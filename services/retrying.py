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
from time import monotonic
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolIsEmptyError

from ledger.keeping.append import ClockBehindError
from services.registry import OutcomeUnknownError, Registry
from services.turns import UndoneError

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 6
LONGEST = 10.0  # Seconds after which no attempt is begun any more.
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
        begun, attempt, unknown = monotonic(), 1, False
        while True:
            try:
                return await act(registry, *args, **kwargs)
            except Exception as error:
                rest = _rest_after(attempt, error)
                is_unknown = isinstance(error, OutcomeUnknownError)
                unknown = unknown or is_unknown
                may_repeat = is_turned_away(error) or (has_key and is_unknown)
                is_last = attempt == ATTEMPTS or monotonic() - begun > LONGEST
                if not may_repeat or is_last:
                    if not is_unavailable(error):
                        raise
                    raise (OutcomeUnknownError() if unknown else BusyError()) from error
            await asyncio.sleep(rest)
            attempt += 1

    return decided


def _rest_after(attempt: int, error: Exception) -> float:
    """Seconds. Rivals who met once part by chance; a clock that is a little behind catches up."""
    if isinstance(error, ClockBehindError):
        return min(error.behind.total_seconds(), LONGEST_REST)
    longest: float = min(FIRST_REST * 2 ** (attempt - 1), LONGEST_REST)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret.


def is_turned_away(error: Exception) -> bool:
    """Whether nothing was judged, and trying again may help: a lost race, a lost connection."""
    is_other = isinstance(error, ClockBehindError | UndoneError)
    return is_other or _is_away(error) or state_of(error) in OTHERS_WERE_FIRST


def is_unavailable(error: Exception) -> bool:
    """Whether the database is away or too busy, which is no fault of the program's."""
    state = state_of(error)
    if state == UNIQUE_VIOLATION:
        return False  # Met each time, it is no race.
    is_other = isinstance(error, BusyError | OutcomeUnknownError | PoolIsEmptyError)
    return is_other or is_turned_away(error) or state in WAITED_TOO_LONG


def state_of(error: Exception) -> str:
    """The SQLSTATE; empty for errors that have none."""
    told = error.orig if isinstance(error, DBAPIError) else error
    return getattr(told, "sqlstate", None) or ""


def _is_away(error: Exception) -> bool:
    """The server cannot be reached, or the connection to it is lost."""
    state = state_of(error)
    if state in SERVER_IS_AWAY or state.startswith(CONNECTION_EXCEPTION):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, ConnectionError | TimeoutError)
