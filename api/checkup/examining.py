"""The whole visit: every check in its order, whatever the others find."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from sqlalchemy.exc import DBAPIError

from api.checkup.checks import Check, Level, fault, note
from api.checkup.database import check_clock, check_steps
from api.checkup.documents import check_documents
from api.checkup.keys import check_keys
from api.checkup.log import check_end, check_guard, check_seal
from api.checkup.machine import check_room, check_sqlite, check_steadiness
from api.checkup.outside import check_files, check_mirror, check_witnesses
from api.checkup.server import check_clocks, check_connections, check_outbox, check_server
from api.checkup.visit import Visit, visiting
from api.settings import BadSettings, Settings
from ledger.formats.spelling import Malformed
from services.clock import Clock

Examine = Callable[[Visit], Awaitable[Iterable[Check]]]

# Each with what it is about. None of the later ones makes sense on tables of another version.
IN_A_FILE: Sequence[tuple[str, Examine]] = (("SQLite", check_sqlite),)
ON_A_SERVER: Sequence[tuple[str, Examine]] = (
    ("PostgreSQL", check_server),
    ("PostgreSQL", check_connections),
    ("clock", check_clocks),
)
FIRST: Sequence[tuple[str, Examine]] = (("database", check_steps),)
LATER: Sequence[tuple[str, Examine]] = (
    ("clock", check_clock),
    ("ledger", check_end),
    ("guard", check_guard),
    ("seal", check_seal),
    ("files", check_files),
    ("documents", check_documents),
)


async def examine(settings: Settings, clock: Clock, *, is_there: bool) -> list[Check]:
    """All that is found; of the database only when there is one. What cannot be looked at is a
    fault of its own.
    """
    checks = [*check_room(settings), *await check_steadiness(clock)]
    if not is_there:
        return [*checks, note("database", "There is no register yet.", "Start it once.")]
    checks += check_keys(settings)
    checks += await _attempt("database", _examine_database(settings, clock))
    checks += await _attempt("witnesses", check_witnesses(settings))
    return [*checks, *await asyncio.to_thread(check_mirror, settings)]


async def _examine_database(settings: Settings, clock: Clock) -> Iterable[Check]:
    async with visiting(settings, clock) as visit:
        checks: list[Check] = []
        under = ON_A_SERVER if visit.is_on_server else IN_A_FILE
        for subject, look in (*under, *FIRST):
            checks += await _attempt(subject, _look(visit, look))
        if max(check.level for check in checks if check.subject == "database") < Level.FAULT:
            outbox = [("outbox", check_outbox)] if visit.is_on_server else []
            for subject, look in (*LATER, *outbox):
                checks += await _attempt(subject, _look(visit, look))
        return checks


async def _look(visit: Visit, look: Examine) -> Iterable[Check]:
    """Each look sees a state of its own, later than what it has read elsewhere before: a register
    may be at work. One that fails leaves the others a connection they can use.
    """
    async with visit.connection.begin():
        return await look(visit)


async def _attempt(subject: str, looking: Awaitable[Iterable[Check]]) -> list[Check]:
    try:
        return list(await looking)
    except DBAPIError as reason:
        return [fault(subject, f"The database cannot be read: {reason.orig}.")]
    except (OSError, Malformed, BadSettings) as reason:
        return [fault(subject, f"This cannot be looked at: {reason}")]
