"""Acts on SQLite in one process."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

from bench.register import open_bench
from bench.writes.timing import ACTS, EVENTS_OFF, SQL, Figures, Round, timed_acts, without_events
from bench.yardstick import EVERYTHING, Write, copied, write_bare, writes_of

ACTS_PER_ROUND = 400
CLIENTS = 16


async def measure(folder: Path, rounds: int, tell: Callable[[str], None]) -> dict[str, Figures]:
    """Each in turn, so that a busy moment falls on all of them."""
    figures = {name: Figures() for name in (SQL, EVENTS_OFF, ACTS)}
    async with open_bench(folder / "data") as bench:
        silent = replace(bench, registry=without_events(bench.registry))
        before = copied(bench.database, folder / "before.sqlite3")
        await timed_acts(bench.act, CLIENTS, CLIENTS)
        for _ in range(rounds):
            tell("acts on SQLite")
            writes = await writes_of(bench.registry, bench.act, ACTS_PER_ROUND, EVERYTHING)
            again = copied(before, folder / "again.sqlite3")
            figures[SQL].add([await _timed_bare(again, writes)])
            figures[EVENTS_OFF].add([await timed_acts(silent.act, ACTS_PER_ROUND, CLIENTS)])
            figures[ACTS].add([await timed_acts(bench.act, ACTS_PER_ROUND, CLIENTS)])
    return figures


async def _timed_bare(database: Path, transactions: Sequence[Sequence[Write]]) -> Round:
    """One after the other, as SQLite lets them write however many clients there are."""
    begun = monotonic()
    rate = await write_bare(database, transactions)
    seconds = len(transactions) / rate
    return Round(begun, begun + seconds, [1 / rate] * len(transactions))
