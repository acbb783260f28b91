"""The whole visit: every check in its order, whatever the others find."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from sqlalchemy.exc import DatabaseError

from api.checkup.checks import Check, Level, fault, note
from api.checkup.database import check_clock, check_steps
from api.checkup.keys import check_keys
from api.checkup.log import check_end, check_guard, check_seal
from api.checkup.machine import check_room, check_sqlite, check_steadiness
from api.checkup.outside import check_files, check_mirror, check_witnesses
from api.checkup.visit import Visit, visiting
from api.settings import BadSettings, Settings
from ledger.formats.spelling import Malformed
from services.clock import Clock

Examine = Callable[[Visit], Awaitable[Iterable[Check]]]

# Each with what it is about. None of the later ones makes sense on tables of another version.
FIRST: Sequence[tuple[str, Examine]] = (("SQLite", check_sqlite), ("database", check_steps))
LATER: Sequence[tuple[str, Examine]] = (
    ("clock", check_clock),
    ("ledger", check_end),
    ("guard", check_guard),
    ("seal", check_seal),
    ("files", check_files),
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
        for subject, look in FIRST:
            checks += await _attempt(subject, look(visit))
        if max(check.level for check in checks) < Level.FAULT:
            for subject, look in LATER:
                checks += await _attempt(subject, look(visit))
        return checks


async def _attempt(subject: str, looking: Awaitable[Iterable[Check]]) -> list[Check]:
    try:
        return list(await looking)
    except DatabaseError as reason:
        return [fault(subject, f"The database cannot be read: {reason.orig}.")]
    except (OSError, Malformed, BadSettings) as reason:
        return [fault(subject, f"This cannot be looked at: {reason}")]
