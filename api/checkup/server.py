"""The database server under a register on PostgreSQL: what it promises, and whether it suffices."""

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa

from api.checkup.checks import Check, fault, ok, warning
from api.checkup.visit import Visit
from ledger.keeping.lag import read_lag

SUBJECT = "PostgreSQL"
OLDEST = 14
NUMBERS_PER_VERSION = 10_000  # As in server_version_num.
ENCODING = "UTF8"

# What has to be on, and what is lost where it is off.
PROMISES = {
    "synchronous_commit": "acts that were answered are lost when the server stops",
    "fsync": "a power cut can destroy the database",
    "full_page_writes": "a power cut can destroy pages of the database",
}

CLOCKS_MAY_DIFFER = timedelta(seconds=5)
# Beyond that, what machines record in turn looks damaged to `fsck`.
CLOCKS_MUST_NOT_DIFFER = timedelta(seconds=60)
LONGEST_LAG = timedelta(seconds=10)
# Of a process, beside those that requests share: who is elected to sequence, who is to seal, and
# who listens.
CONNECTIONS_BESIDE = 3


async def check_server(visit: Visit) -> Iterable[Check]:
    """The version, the encoding, and whether what is committed outlives a crash."""
    number = int(await _setting(visit, "server_version_num"))
    version = await _setting(visit, "server_version")
    name = f"PostgreSQL {version.split()[0]}"
    checks = []
    if number < OLDEST * NUMBERS_PER_VERSION:
        to_do = f"Move the database to version {OLDEST} or a newer one."
        checks.append(fault(SUBJECT, f"{name} is older than what the register needs.", to_do))
    encoding = await _setting(visit, "server_encoding")
    if encoding != ENCODING:
        to_do = "Make a database with ENCODING 'UTF8', and carry this one over by pg_dump."
        checks.append(fault(SUBJECT, f"The database is encoded in {encoding}.", to_do))
    for setting, loss in PROMISES.items():
        value = await _setting(visit, setting)
        if value == "off":
            to_do = f"Set {setting} to on, for the server, the database and the role."
            checks.append(fault(SUBJECT, f"{setting} is {value}: {loss}.", to_do))
    return checks or [ok(SUBJECT, f"{name}, in {ENCODING}, each commit on the disk.")]


async def check_connections(visit: Visit) -> Iterable[Check]:
    """Whether the server has enough connections for the processes of this installation."""
    names = ("max_connections", "superuser_reserved_connections")
    most, reserved = [int(await _setting(visit, name)) for name in names]
    settings = visit.settings
    needed = settings.workers * (settings.connections + CONNECTIONS_BESIDE)
    said = f"{settings.workers} x {settings.connections + CONNECTIONS_BESIDE} connections may"
    found = f"{said} be opened from here, and the server has {most - reserved} for everybody."
    if needed > most - reserved:
        to_do = "Raise max_connections, lower DATATITLE_CONNECTIONS, or put PgBouncer between."
        return [warning(SUBJECT, found, to_do)]
    return [ok(SUBJECT, found)]


async def check_clocks(visit: Visit) -> Iterable[Check]:
    """The clock here against the server's, which other machines are compared with too."""
    before = visit.clock.now()
    theirs = (await visit.connection.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    after = visit.clock.now()
    apart = max(theirs - after, before - theirs, timedelta(0))
    found = f"This machine and the database server are {apart.total_seconds():,.1f} s apart."
    if apart > CLOCKS_MUST_NOT_DIFFER:
        to_do = "Have both set by NTP now: what is recorded meanwhile looks damaged for ever."
        return [fault("clock", found, to_do)]
    if apart > CLOCKS_MAY_DIFFER:
        return [warning("clock", found, "Have both set by NTP.")]
    return [ok("clock", found)]


async def check_outbox(visit: Visit) -> Iterable[Check]:
    """How many events wait for their places in the log, and since when."""
    lag = await read_lag(visit.connection)
    if lag.oldest_at is None:
        return [ok("outbox", "No event waits for its place in the log.")]
    found = f"{lag.waiting:,} events wait for their places, the oldest since {lag.oldest_at}."
    if visit.now - lag.oldest_at > LONGEST_LAG:
        to_do = "One running process gives them their places; see which is elected, and its log."
        return [warning("outbox", found, to_do)]
    return [ok("outbox", found)]


async def _setting(visit: Visit, name: str) -> str:
    query = sa.select(sa.func.current_setting(name))
    value: str = (await visit.connection.execute(query)).scalar_one()
    return value
