"""Measure every row and print the table: `make bench-ledger`."""

import os
import platform
import sqlite3
import sys
from asyncio import Runner
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.ledger.rows import Row, Setting

MEASURES = ("memory", "durable", "state_map", "act", "proofs", "status_proof", "start", "fsck")
# In a file or a pipe there is room for what a terminal may have to fold.
CONSOLE = Console(width=None if sys.stdout.isatty() else 160)


def table_of(rows: list[Row]) -> Table:
    machine = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    table = Table(title=f"The ledger: {machine}, {os.cpu_count()} cores, one run, medians")
    for heading in ("work", "goal", "ours", "yardstick", "ratio", ""):
        table.add_column(heading)
    for row in rows:
        *figures, is_met = row
        verdict = "met" if is_met else "missed"
        table.add_row(*figures, verdict if row.goal else "")
    return table


async def main(names: list[str]) -> None:
    """Measure the rows of these files, or of all when none is named."""
    measures = [import_module(f"bench.ledger.{name}") for name in names or MEASURES]
    rows = list[Row]()
    with TemporaryDirectory() as folder, Progress(console=CONSOLE, transient=True) as progress:
        all_of_it = progress.add_task("all rows", total=len(measures))
        at_hand = progress.add_task("", total=1)
        setting = Setting(
            Path(folder),
            lambda words, done: progress.update(at_hand, description=words, completed=done),
        )
        for each in measures:
            rows += await each.measure(setting)
            progress.advance(all_of_it)
    CONSOLE.print(table_of(rows))


if __name__ == "__main__":
    with Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1:]))
