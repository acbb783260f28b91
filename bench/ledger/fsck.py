"""A full check of a log of a million events, beside reading it and hashing every entry once."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter

from api.inspecting import surroundings_of
from api.opening import open_registry
from api.sealing import open_sealing
from api.settings import Settings, read_settings
from bench.ledger.million import AT, BATCH, EVENTS, SUBJECTS, event_on
from bench.ledger.rows import Row, Setting
from ledger.inspecting.databases import reading
from ledger.inspecting.fsck import Surroundings, inspect_file, inspect_fully
from ledger.inspecting.report import Report
from ledger.keeping.append import append_events
from services.clock import ManualClock

GOAL_SECONDS = 12
EVENTS_BETWEEN_SEALS = 10_000
PROCESSES = os.cpu_count() or 1


async def measure(setting: Setting) -> list[Row]:
    settings = read_settings({"DATATITLE_DATA": str(setting.folder / "sealed")})
    await _build(settings, setting.tell)
    file, around = settings.data / "register.sqlite3", surroundings_of(settings)
    ours, hashed = list[float](), list[float]()
    for number in range(setting.rounds):
        setting.tell("checking a million events", number / setting.rounds)
        hashed.append(_timed(lambda: _hash_once(file)))
        ours.append(_timed(lambda: _checked(_without_openings(file, around))))
    setting.tell("checking them with their openings", 0.0)
    alone = _timed(lambda: _checked(inspect_file(file, around)))
    setting.tell("checking them with their openings", 0.5)
    together = _timed(lambda: _checked(inspect_file(file, around, jobs=PROCESSES)))
    seals = EVENTS // EVENTS_BETWEEN_SEALS
    return [
        _row(
            f"full fsck of 10⁶ events and {seals} checkpoints: log, tiles, chains, map, notes",
            f"≤ {GOAL_SECONDS} s on one core",
            median(ours),
            median(hashed),
            is_met=median(ours) <= GOAL_SECONDS,
        ),
        _row("the same with 4·10⁶ openings", "", alone, median(hashed)),
        _row(f"the same in {PROCESSES} processes", "", together, median(hashed)),
    ]


async def _build(settings: Settings, tell: Callable[[str, float], None]) -> None:
    """A register with a million events that was sealed after every so many."""
    registry = await open_registry(settings, ManualClock(AT))
    sealing = open_sealing(settings, registry)
    for start in range(0, EVENTS, BATCH):
        tell("a sealed register with a million events", start / EVENTS)
        events = [event_on(number % SUBJECTS) for number in range(start, start + BATCH)]
        async with registry.deciding() as tx:
            await append_events(tx.connection, events)
        if (start + BATCH) % EVENTS_BETWEEN_SEALS == 0:
            await sealing.seal()
    await registry.close()


def _without_openings(file: Path, around: Surroundings) -> Report:
    with reading(file) as connection:
        return inspect_fully(connection, around, with_openings=False)


def _hash_once(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for (entry,) in connection.execute("SELECT entry FROM ledger_entry"):
            sha256(entry).digest()


def _checked(report: Report) -> None:
    assert report.is_sound, report.findings[:3]


def _timed(work: Callable[[], None]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def _row(work: str, goal: str, seconds: float, yardstick: float, *, is_met: bool = True) -> Row:
    reading_once = f"{yardstick:.2f} s to read and hash each once"
    ratio = f"{seconds / yardstick:.1f} ×"
    return Row(work, goal, f"{seconds:.1f} s", reading_once, ratio, is_met)
