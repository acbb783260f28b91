"""What every campaign does: a cluster put up, load on it, strangers who watch, and a verdict."""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import quantiles

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.cluster.fleet import ApiServer, Installation, fleet_of
from tests.cluster.judging import judge
from tests.cluster.load import Load, load_on
from tests.cluster.register import Register, found_register
from tests.cluster.servers import PostgresServer, scratch_folder, servers_in, url_of
from tests.cluster.watching import Watch, watch_on

LONGEST_SETTLING = 60.0  # Seconds until what was done is published and told.
BETWEEN_LOOKS = 0.1
STATE = """
SELECT (SELECT count(*) FROM ledger_entry WHERE idx IS NULL),
    (SELECT max(idx) FROM ledger_entry WHERE kind = 'event'),
    (SELECT max(idx) FROM ledger_entry WHERE subject IN (SELECT number FROM certificates)),
    (SELECT max(size) FROM ledger_checkpoint WHERE published_at IS NOT NULL)
"""
CONSOLE = Console(width=None if sys.stdout.isatty() else 110, soft_wrap=True)

Tell = Callable[[str, int], None]


@dataclass(slots=True)
class Cluster:
    """One register on several processes. `databases` are its servers, the primary first."""

    installation: Installation
    databases: list[PostgresServer]
    fleet: list[ApiServer]
    register: Register
    random: Random
    tell: Tell

    @property
    def primary(self) -> PostgresServer:
        return self.databases[0]

    @property
    def addresses(self) -> list[str]:
        return [server.address for server in self.fleet]


@dataclass(slots=True)
class Verdict:
    """What a campaign has found: `wrong` in sentences, and figures for a person."""

    wrong: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)


Campaign = Callable[[Cluster, Load], Awaitable[Verdict]]


@asynccontextmanager
async def cluster_in(
    scratch: Path, workers: Sequence[int], seed: int, tell: Tell, *, databases: int = 1
) -> AsyncIterator[Cluster]:
    """A register with an API server for each number of workers; the first database runs alone."""
    names = [f"database-{number}" for number in range(1, databases + 1)]
    async with AsyncExitStack() as stack:
        servers = stack.enter_context(servers_in(scratch, *names))
        installation = Installation(scratch, url_of(*servers))
        fleet = stack.enter_context(fleet_of(installation, *workers))
        tell("founding a register", 0)
        await servers[0].create()
        register = await found_register(installation)
        await asyncio.gather(*(server.start() for server in fleet))
        yield Cluster(installation, servers, fleet, register, Random(seed), tell)


async def hold(cluster: Cluster, campaign: Campaign) -> Verdict:
    """Let a campaign run while clients act and strangers watch; then look at all of it."""
    async with watch_on(cluster.addresses, Random(cluster.random.random())) as watch:
        begun = time.monotonic()
        async with load_on(
            cluster.addresses, cluster.register, Random(cluster.random.random())
        ) as load:
            verdict = await campaign(cluster, load)
        seconds = time.monotonic() - begun
        cluster.tell("waiting until all is published and told", 0)
        verdict.wrong += await settled(cluster, watch)
    for server in cluster.fleet:
        await server.stop()
    cluster.tell("looking at what is left", 0)
    verdict.wrong += await judge(cluster.installation, cluster.primary, load.acts, watch)
    verdict.wrong += [f"{times} × {fault}" for fault, times in load.faults.items()]
    verdict.figures += _figures(load, watch, seconds)
    return verdict


async def settled(cluster: Cluster, watch: Watch) -> list[str]:
    """Wait until every event has its place, is published, and was told to who follows."""
    end = time.monotonic() + LONGEST_SETTLING
    while time.monotonic() < end:
        ((waiting, last, change, published),) = await cluster.primary.ask(STATE)
        told = min(watch.asking.after, watch.subscribed.after)
        if not waiting and published > last and told >= change:
            return []
        await asyncio.sleep(BETWEEN_LOOKS)
    return [
        (
            f"after {LONGEST_SETTLING:.0f} s {waiting} events wait for their place; the last is "
            f"{last}, published are {published}; told are {watch.asking.after} and "
            f"{watch.subscribed.after} of {change}"
        )
    ]


@asynccontextmanager
async def kept_running(fleet: Sequence[ApiServer]) -> AsyncIterator[None]:
    """Start again whatever ends, as systemd does, while the context lasts; then all run."""

    async def keep() -> None:
        while True:
            for server in fleet:
                if not server.is_running:
                    server.begin()
            await asyncio.sleep(BETWEEN_LOOKS)

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
    await asyncio.gather(*(server.start() for server in fleet if not server.is_running))


def _figures(load: Load, watch: Watch, seconds: float) -> list[str]:
    answers = [act.answered - act.begun for act in load.acts if act.answered is not None]
    repeated = sum(act.attempts > 1 for act in load.acts)
    troubles = ", ".join(f"{times} × {told}" for told, times in load.troubles.most_common())
    return [
        (
            f"{load.acknowledged} acts acknowledged in {seconds:.0f} s, {repeated} of them after "
            f"more than one attempt; {len(load.acts) - load.acknowledged} not acknowledged"
        ),
        f"seconds to an acknowledgement: {spread(answers)}",
        f"told instead of an acknowledgement: {troubles or 'nothing'}",
        (
            f"{len(watch.checkpoints.notes)} checkpoints seen, the last of "
            f"{watch.checkpoints.greatest} entries"
        ),
        (
            f"{len(watch.asking.heard)} changes heard by asking {watch.asking.connections} times, "
            f"{len(watch.subscribed.heard)} by subscribing {watch.subscribed.connections} times"
        ),
    ]


def spread(values: Sequence[float]) -> str:
    """Median, 99th percentile and greatest."""
    if len(values) < 2:
        return ", ".join(f"{value:.2f}" for value in values) or "none"
    hundredths = quantiles(values, n=100, method="inclusive")
    return f"p50 {hundredths[49]:.3f}, p99 {hundredths[98]:.3f}, most {max(values):.3f}"


Run = Callable[[Path, argparse.Namespace, Tell], Awaitable[Verdict]]


def main(name: str, times: int, run: Run) -> None:
    """Run a campaign from the command line: exit code 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.cluster.{name}")
    parser.add_argument("--times", type=int, default=times, help=f"how often (default {times})")
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of a run")
    given = parser.parse_args()
    given.seed = Random().randrange(10**6) if given.seed is None else given.seed
    CONSOLE.print(f"{name}: {given.times} times, seed {given.seed}")
    verdict = asyncio.run(_shown(run, given))
    for line in verdict.figures:
        CONSOLE.print(line, highlight=False)
    for sentence in verdict.wrong:
        CONSOLE.print(f"WRONG: {sentence}", highlight=False, markup=False)
    CONSOLE.print(f"{name}, seed {given.seed}: {len(verdict.wrong)} things wrong.")
    sys.exit(bool(verdict.wrong))


async def _shown(run: Run, given: argparse.Namespace) -> Verdict:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        scratch_folder() as scratch,
        Progress(*columns, TimeElapsedColumn(), console=CONSOLE, transient=True) as progress,
    ):
        task = progress.add_task("", total=given.times)
        done = 0

        def tell(words: str, more: int) -> None:
            nonlocal done
            done += more
            progress.update(task, description=words, completed=done)

        return await run(scratch, given, tell)
