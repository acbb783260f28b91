"""Acts and status queries per second of one process, beside the same rows moved with nothing else.

`python -m bench.figures` prints a table. Acts are half drafts of applications, half registrations
of parties. HTTP means the whole application, sign-in included, called without a network, on the
event loop the server runs on.
"""

import asyncio
import os
import platform
import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import uvloop
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.register import Bench, open_bench
from bench.yardstick import copied, read_bare, write_bare, writes_of

ROUNDS = 5
ACTS = 200
QUESTIONS = 500
CALLERS = 8
BARE_QUESTIONS = 20_000
CONSOLE = Console()

ACTING, ACTING_BY_HTTP, BARE_ACTING = "acts, services", "acts, HTTP", "acts, bare rows"
ASKING, BARE_ASKING = "status queries, HTTP", "status queries, bare rows"
YARDSTICK = {ACTING: BARE_ACTING, ACTING_BY_HTTP: BARE_ACTING, ASKING: BARE_ASKING}


async def rate_of(work: Callable[[int], Awaitable[None]], times: int) -> float:
    """How often a second `work` was done, by several callers at once."""
    numbers = iter(range(times))

    async def caller() -> None:
        for number in numbers:
            await work(number)

    begun = perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return times / (perf_counter() - begun)


async def measure(bench: Bench, folder: Path) -> dict[str, list[float]]:
    """Each figure once a round, in turn, so that a busy moment falls on all of them."""
    before = copied(bench.database, folder / "before.sqlite3")
    transactions = await writes_of(bench.registry, bench.act, ACTS)
    await rate_of(bench.act_by_http, CALLERS)
    await rate_of(bench.ask_status, CALLERS)
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in track(range(ROUNDS), "Measuring ...", console=CONSOLE, transient=True):
        again = copied(before, folder / "again.sqlite3")
        rates[BARE_ACTING].append(await write_bare(again, transactions))
        rates[ACTING].append(await rate_of(bench.act, ACTS))
        rates[ACTING_BY_HTTP].append(await rate_of(bench.act_by_http, ACTS))
        bare = read_bare(bench.database, bench.numbers, BARE_QUESTIONS)
        rates[BARE_ASKING].append(bare)
        rates[ASKING].append(await rate_of(bench.ask_status, QUESTIONS))
    return rates


def table_of(rates: dict[str, list[float]]) -> Table:
    machine = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    table = Table(title=f"{machine}, {os.cpu_count()} cores, one process, {ROUNDS} rounds")
    for heading in ("a second", "median", "least", "most", "bare rows take"):
        table.add_column(heading, justify="left" if heading == "a second" else "right")
    for name in (ACTING, ACTING_BY_HTTP, BARE_ACTING, ASKING, BARE_ASKING):
        figures = (median(rates[name]), min(rates[name]), max(rates[name]))
        share = ""
        if name in YARDSTICK:
            share = f"{median(rates[name]) / median(rates[YARDSTICK[name]]):.1%}"
        table.add_row(name, *(f"{figure:,.0f}" for figure in figures), share)
    return table


async def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with open_bench(folder / "data") as bench:
            rates = await measure(bench, folder)
    CONSOLE.print(table_of(rates))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
