"""Measure reading beside its peers, print tables, and write them down: `make bench`.

`--quick` takes small registers and short rounds, and writes nothing down.
"""

import argparse
import asyncio
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median

import uvloop
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.reading import bare, trials
from bench.reading.findings import MEBIBYTE, Findings, Goal, Rate
from bench.reading.measuring import QUERIES, Asked, compare, play_rounds, ready
from bench.reading.places import Place, Places, places_in
from bench.reading.report import show, write_down
from bench.reading.rows import CERTIFICATES
from bench.reading.servers import BARE_HANDS, PEERS_BY_NAME, ours, peer_on
from tests.cluster.servers import scratch_folder

CONSOLE = Console(width=None if sys.stdout.isatty() else 120)


@dataclass(frozen=True, slots=True)
class Extent:
    """How large and how long. Seconds are those of one question to one server in one round."""

    certificates: int
    small: int
    large: int
    documents: int
    rounds: int
    seconds: float


FULL = Extent(CERTIFICATES, 10_000, 1_000_000, 100_000, 5, 3)
QUICK = Extent(10_000, 1_000, 10_000, 2_000, 2, 1)


@dataclass(frozen=True, slots=True)
class Bench:
    """One run: its extent, its registers, what it has found so far, and who is told."""

    extent: Extent
    places: Places
    findings: Findings
    tell: trials.Tell

    async def on_postgresql(self) -> None:
        place = await self.places.postgresql(self.extent.certificates)
        async with AsyncExitStack() as stack:
            servers = [await self._begin(stack, place, name) for name in (None, *PEERS_BY_NAME)]
            await self._play(place, servers, "PostgreSQL")
            self.findings.judge_postgresql(servers)
        if bare.has_pgbench():
            for query in QUERIES:
                self.tell(f"pgbench: {query}")
                rates = [
                    await bare.rate_of_pgbench(place, query, self.extent.seconds) for _ in range(3)
                ]
                self.findings.rates["PostgreSQL"].append(
                    Rate("pgbench, the statement by hand", query, median(rates))
                )

    async def on_sqlite(self) -> None:
        place = await self.places.sqlite(self.extent.certificates)
        async with AsyncExitStack() as stack:
            servers = [await self._begin(stack, place, name) for name in (None, BARE_HANDS)]
            await self._play(place, servers, "SQLite")
            self.findings.judge_sqlite(servers)
        for query in QUERIES:
            rate = await asyncio.to_thread(bare.rate_of_sqlite3, place, query, self.extent.seconds)
            self.findings.rates["SQLite"].append(
                Rate("sqlite3, the statement by hand", query, rate)
            )

    async def _begin(self, stack: AsyncExitStack, place: Place, name: str | None) -> Asked:
        """Our server is the one without a name."""
        self.tell(f"starting {name or 'our server'}")
        start = (
            ours(place.installation, place.register)
            if name is None
            else peer_on(PEERS_BY_NAME[name], place.installation, place.register)
        )
        return await ready(await stack.enter_async_context(start), place.register)

    async def _play(self, place: Place, servers: list[Asked], name: str) -> None:
        for each in servers[1:]:
            self.tell(f"comparing the answers of {each.target.name}")
            await compare(servers[0].target, each.target, place.register)
        self.tell(f"{name}: rounds")
        await play_rounds(servers, self.extent.rounds, self.extent.seconds, self.tell)
        self.findings.add_rates(name, servers)

    async def processes(self) -> None:
        self.tell("four processes beside one")
        place = await self.places.postgresql(self.extent.certificates)
        found = await trials.processes(place, self.extent.seconds, self.extent.rounds)
        for query, ratio in found.items():
            name = f"{query}: 4 processes of one, {os.cpu_count()} cores for all, 128 connections"
            self.findings.goals.append(Goal(name, ratio, 3, is_least=True))

    async def sizes(self) -> None:
        small = await self.places.postgresql(self.extent.small)
        large = await self.places.postgresql(self.extent.large)
        self.tell("a large register beside a small one")
        found = await trials.sizes(small, large, self.extent.seconds / 2, self.extent.rounds)
        for query, ratio in found.items():
            name = f"{query}: {self.extent.large:,} of {self.extent.small:,} certificates, time"
            self.findings.goals.append(Goal(name, ratio, 1.2, is_least=False))

    async def documents(self) -> None:
        place = await self.places.postgresql(self.extent.certificates)
        async with ours(place.installation, place.register) as target:
            each = await ready(target, place.register)
            self.tell("pages of 500")
            ratio = await trials.large_pages(each, self.extent.seconds / 2, self.extent.rounds)
            later = await trials.new_documents(target, place.register)
            held = await trials.memory(target, place.register, self.extent.documents, self.tell)
        growth = (held[-1] - held[len(held) // 2]) / MEBIBYTE
        self.findings.goals += [
            Goal("page of 500 of one of 50, time", ratio, 9, is_least=False),
            Goal("a new document beside a known one", later * 1e3, 10, is_least=False, unit="ms"),
            Goal(
                f"memory, second half of {self.extent.documents:,} different documents",
                growth,
                8,
                is_least=False,
                unit="MiB more",
            ),
        ]
        tenths = ", ".join(f"{each / MEBIBYTE:.0f}" for each in held)
        self.findings.remarks.append(f"MiB held after each tenth of the documents: {tenths}.")


async def main(extent: Extent, *, is_kept: bool) -> None:
    findings = Findings(extent.certificates, extent.rounds)
    shown = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with scratch_folder() as scratch, Progress(*shown, console=CONSOLE, transient=True) as progress:
        task = progress.add_task("")

        def tell(words: str) -> None:
            progress.update(task, description=words)

        async with places_in(scratch, tell) as places:
            bench = Bench(extent, places, findings, tell)
            for part in (
                bench.on_postgresql,
                bench.on_sqlite,
                bench.processes,
                bench.sizes,
                bench.documents,
            ):
                await part()
                if is_kept:
                    write_down(findings)
    show(findings, CONSOLE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench.reading", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small, short, nothing written down")
    is_quick = parser.parse_args().quick
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(QUICK if is_quick else FULL, is_kept=not is_quick))
