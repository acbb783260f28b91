"""The machine under the register: SQLite, the clock, and room on the disks."""

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from api.checkup.checks import Check, fault, note, ok, warning
from api.checkup.visit import Visit
from api.settings import Settings
from services.clock import Clock

Version = tuple[int, int, int]
Free = Callable[[Path], int]

# The WAL-reset bug (sqlite.org/wal.html): two connections that carry the write-ahead log over at
# one moment, while a third starts it anew, can corrupt the database.
BUG_SINCE: Version = (3, 7, 0)
BUG_FIXED: Version = (3, 51, 3)
BUG_FIXED_TOO: Version = (3, 50, 7)  # And what followed in that series.

FULL = 2

GIBIBYTE = 1024**3
ROOM_NEEDED = GIBIBYTE // 10
ROOM_WANTED = GIBIBYTE

WATCHED = 0.05  # Seconds.
STEADY = timedelta(milliseconds=40)


def free_bytes(place: Path) -> int:
    return shutil.disk_usage(place).free


def has_reset_bug(version: Version) -> bool:
    is_fixed = version >= BUG_FIXED or BUG_FIXED_TOO <= version < (3, 51, 0)
    return version >= BUG_SINCE and not is_fixed


async def check_sqlite(
    visit: Visit, version: Version = sqlite3.sqlite_version_info
) -> Iterable[Check]:
    """The version, how it writes, and whether the known bug can strike."""
    mode, synchronous, carried_over = [
        (await visit.connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
        for name in ("journal_mode", "synchronous", "wal_autocheckpoint")
    ]
    name = "SQLite " + ".".join(map(str, version))
    checks = []
    if (mode, synchronous) == ("wal", FULL):
        checks.append(ok("SQLite", f"{name}, with a write-ahead log, each commit on the disk."))
    else:
        found = f"{name} writes with journal_mode {mode} and synchronous {synchronous}."
        checks.append(fault("SQLite", found, "Let no other program set how it writes."))
    if has_reset_bug(version):
        checks.append(_reset_bug(name, is_held_off=carried_over == 0 and sys.platform != "win32"))
    return checks


def _reset_bug(name: str, *, is_held_off: bool) -> Check:
    found = f"{name} has the WAL-reset bug, which can corrupt a database that many write to"
    to_do = "Use a Python whose SQLite is 3.51.3 or newer"
    if is_held_off:
        found += "; it cannot strike while the register alone writes, each process in its turn."
        return note("SQLite", found, f"{to_do} when you can; let no other program write to it.")
    return warning("SQLite", f"{found}, and nothing holds it off here.", f"{to_do}.")


def check_room(settings: Settings, free: Free = free_bytes) -> Iterable[Check]:
    """Room on every disk that the register writes to. The database may need twice its size."""
    places = (settings.data, settings.guard, settings.ledger_files, settings.documents)
    disks: dict[int, Path] = {}
    for place in (each for each in places if isinstance(each, Path)):
        there = next(each for each in (place, *place.absolute().parents) if each.exists())
        disks.setdefault(there.stat().st_dev, there)
    for place in disks.values():
        left = free(place)
        said = f"{left / GIBIBYTE:,.1f} GiB free below {place}."
        if left < ROOM_NEEDED:
            yield fault("disk", said, "Make room: a full disk stops every act.")
        elif left < ROOM_WANTED:
            yield warning("disk", said, "Make room before it runs full, which stops every act.")
        else:
            yield ok("disk", said)


async def check_steadiness(clock: Clock, watched: float = WATCHED) -> Iterable[Check]:
    """Whether the clock goes as fast as time does, for a moment."""
    loop = asyncio.get_running_loop()
    begun, begun_at = loop.time(), clock.now()
    await asyncio.sleep(watched)
    passed = timedelta(seconds=loop.time() - begun)
    told = clock.now() - begun_at
    if abs(told - passed) > STEADY:
        found = f"The clock went {told.total_seconds():.3f} s in {passed.total_seconds():.3f} s."
        return [warning("clock", found, "Let it be set by NTP, little by little.")]
    return []
