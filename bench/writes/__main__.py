"""Measure acts beside their SQL in bare transactions, and print a table: `make bench-writes`."""

import os
import platform
import sqlite3
import sys
from asyncio import Runner
from operator import truediv
from statistics import median
from typing import NamedTuple

import uvloop
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.writes import on_postgresql, on_sqlite
from bench.writes.timing import ACTS, SQL, Figures
from tests.cluster.servers import scratch_folder

ROUNDS = 5
TAIL = 10  # p99 is at most so many times p50.
CONSOLE = Console(width=None if sys.stdout.isatty() else 120)


class Place(NamedTuple):
    """Where acts are measured, and what part of the bare rate they are to reach."""

    name: str
    goal: float


SQLITE = Place(f"SQLite, 1 process, {on_sqlite.CLIENTS} clients", 0.6)
POSTGRESQL = Place(
    f"PostgreSQL, {on_postgresql.PROCESSES} processes, {on_postgresql.CLIENTS} clients", 0.5
)


def add_rows(table: Table, place: Place, figures: dict[str, Figures]) -> bool:
    """A row for each thing measured in one place. Whether the goals were met."""
    bare, is_met = figures[SQL].rates, True
    for name, figure in figures.items():
        half, most = figure.percentiles
        # Of each round by itself, so that a machine that is busier for a while is so for both.
        ratio = median(map(truediv, figure.rates, bare))
        verdict = ""
        if name == ACTS:
            is_met = ratio >= place.goal and most <= TAIL * half
            verdict = "met" if is_met else "missed"
        table.add_row(
            name,
            f"{figure.rate:,.0f}/s",
            "" if name == SQL else f"{ratio:.2f}",
            f"≥ {place.goal}" if name == ACTS else "",
            f"{half * 1e3:,.1f} ms",
            f"{most * 1e3:,.1f} ms",
            f"{most / half:.1f}",
            f"≤ {TAIL}" if name == ACTS else "",
            verdict,
        )
    table.add_section()
    return is_met


async def main(rounds: int) -> bool:
    table = Table(
        title=f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} cores, one run, medians of {rounds} rounds"
    )
    for heading in ("", "a second", "of bare", "goal", "p50", "p99", "p99/p50", "goal", ""):
        table.add_column(heading)
    are_met = []
    with scratch_folder() as scratch, Progress(console=CONSOLE, transient=True) as progress:
        task = progress.add_task("", total=2 * rounds)

        def tell(words: str) -> None:
            progress.update(task, description=words, advance=words.startswith("acts"))

        for place, measure in ((SQLITE, on_sqlite.measure), (POSTGRESQL, on_postgresql.measure)):
            folder = scratch / measure.__module__
            folder.mkdir(mode=0o711)
            figures = await measure(folder, rounds, tell)
            table.add_row(f"[bold]{place.name}")
            are_met.append(add_rows(table, place, figures))
    CONSOLE.print(table)
    return all(are_met)


if __name__ == "__main__":
    with Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
