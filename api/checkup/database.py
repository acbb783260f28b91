"""The database: tables of this version, and nothing in it that is later than the clock."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from api.checkup.checks import Check, fault, ok, warning
from api.checkup.visit import Visit
from ledger.keeping.reading import read_head
from ledger.keeping.store import ledger_cosignature
from services.migrations import configuration

SECOND = 1_000_000  # Microseconds.
CLOCKS_MAY_DIFFER = timedelta(seconds=5)


async def check_steps(visit: Visit) -> Iterable[Check]:
    """Whether every step to the present tables was taken, and none that is not known here."""
    present, newest = await visit.connection.run_sync(_steps)
    if present == newest:
        return [ok("database", f"Its tables are those of this version (step {present}).")]
    found = f"Its tables are those of step {present}, and this version's are those of {newest}."
    to_do = "Start the register: it takes the steps that are missing, or says why it cannot."
    if visit.is_on_server:
        to_do = "Run `datatitle migrate`: it takes the steps that are missing, or says why not."
    return [fault("database", found, to_do)]


def _steps(connection: sa.Connection) -> tuple[str | None, str | None]:
    steps = ScriptDirectory.from_config(configuration(connection))
    present = MigrationContext.configure(connection).get_current_revision()
    return present, steps.get_current_head()


async def check_clock(visit: Visit) -> Iterable[Check]:
    """Against the ledger's last entry, before which nothing can be recorded, and the witnesses."""
    now = visit.now
    last = _instant((await read_head(visit.connection)).last_at / SECOND)
    if now < last:
        found = f"It says {_spoken(now)}, and the ledger's last entry is of {_spoken(last)}."
        if visit.is_on_server:
            to_do = "Have all machines set by NTP: acts wait for the clock that is behind."
            return [warning("clock", found, to_do)]
        return [fault("clock", found, "Set it right: until then nothing can be recorded.")]
    others = ledger_cosignature.c.name != visit.settings.log_origin
    newest = sa.select(sa.func.coalesce(sa.func.max(ledger_cosignature.c.time), 0)).where(others)
    cosigned = _instant((await visit.connection.execute(newest)).scalar_one())
    if now + CLOCKS_MAY_DIFFER < cosigned:
        found = f"It says {_spoken(now)}, and a witness cosigned at {_spoken(cosigned)}."
        return [warning("clock", found, "Ask both to be set by NTP.")]
    return [ok("clock", f"It says {_spoken(now)}, after all that the ledger holds.")]


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _spoken(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
