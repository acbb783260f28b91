"""`make lag`: how long after its commit an act is in the ledger, and in a published checkpoint.

Acts are offered at a rate whether or not those before are done. They are performed by the
services, in processes of their own: HTTP clients for so many would take the machine for
themselves. Where even so the machine cannot perform as many, their events alone are offered, each
in a transaction: they are what waits for its place. One API server places, seals and publishes.
"""

import argparse
import asyncio
import sys
import time
from bisect import bisect_right
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import asyncpg

from ledger.keeping.sequencing import CHANNEL
from tests.cluster.campaign import Cluster, Tell, Verdict, cluster_in, main, spread
from tests.cluster.judging import EVENTS
from tests.server_process import ROOT

SECONDS = 30
RATE = 1000  # A second.
PROCESSES = 3
FIRST_BREATH = 4.0  # Seconds for the processes to start.
LONGEST_SETTLING = 60.0
GOAL = 2.0  # Seconds from commit to published checkpoint, for 99 of 100.
LEAST_DONE = 0.9  # Of what was offered; else the machine was too slow for the question.
BETWEEN_LOOKS = 0.005


@dataclass(slots=True)
class Growth:
    """When the log was how long: (size, instant), both growing."""

    steps: list[tuple[int, float]] = field(default_factory=list)

    def note(self, size: int) -> None:
        if size > self.size:
            self.steps.append((size, time.monotonic()))

    @property
    def size(self) -> int:
        return self.steps[-1][0] if self.steps else 0

    def seconds_after(self, acts: Iterable[tuple[int, float]]) -> list[float]:
        """From each act's instant until the log was longer than its index."""
        sizes = [size for size, _ in self.steps]
        return [max(0.0, self.steps[bisect_right(sizes, index)][1] - at) for index, at in acts]


@dataclass(slots=True)
class Measured:
    """What became of what was offered. Seconds, and commits a second."""

    what: str
    left_out: int
    committed: int
    rate: float
    to_place: list[float]
    to_publication: list[float]

    def told(self) -> list[str]:
        return [
            (
                f"{RATE} {self.what} a second offered by the services in {PROCESSES} processes: "
                f"{self.committed} committed, {self.rate:.0f} a second; {self.left_out} not begun"
            ),
            f"seconds from commit to a place in the ledger: {spread(self.to_place)}",
            f"seconds from commit to a published checkpoint: {spread(self.to_publication)}",
        ]


@dataclass(slots=True)
class Watcher:
    """Sees the log grow: in the database, and in public."""

    checkpoint: Path
    placed: Growth = field(default_factory=Growth)
    published: Growth = field(default_factory=Growth)

    async def look(self) -> None:
        while True:
            with suppress(FileNotFoundError):
                self.published.note(int(self._read()))
            await asyncio.sleep(BETWEEN_LOOKS)

    def hear(self, *told: object) -> None:
        self.placed.note(int(str(told[-1])))

    async def until_beyond(self, index: int) -> None:
        end = time.monotonic() + LONGEST_SETTLING
        while min(self.placed.size, self.published.size) <= index:
            assert time.monotonic() < end, f"{index + 1} entries, {self.published.size} published"
            await asyncio.sleep(BETWEEN_LOOKS)

    def _read(self) -> bytes:
        return self.checkpoint.read_bytes().split(b"\n")[1]


async def measure(cluster: Cluster, what: str, seconds: int) -> Measured:
    data = Path(cluster.installation.settings["DATATITLE_DATA"])
    watcher = Watcher(data / "ledger" / "checkpoint")
    listening = await asyncpg.connect(cluster.installation.database_url)
    await listening.add_listener(CHANNEL, watcher.hear)
    looking = asyncio.create_task(watcher.look())
    try:
        committed, left_out = await offered(cluster, what, seconds)
        indexes = await _places(cluster)
        await watcher.until_beyond(max(indexes.values()))
    finally:
        looking.cancel()
        await listening.close()
    acts = [(indexes[subject], at) for subject, at in committed]
    instants = [at for _, at in acts]
    return Measured(
        what,
        left_out,
        len(acts),
        len(acts) / max(seconds, max(instants) - min(instants)),
        watcher.placed.seconds_after(acts),
        watcher.published.seconds_after(acts),
    )


async def offered(cluster: Cluster, what: str, seconds: int) -> tuple[list[tuple[str, float]], int]:
    """What was committed, and how much was not even begun."""
    begin = time.monotonic() + FIRST_BREATH
    words = (what, cluster.register.office.party_id, RATE / PROCESSES, seconds, begin)
    command = (sys.executable, "-m", "tests.cluster.offering", *map(str, words))
    offering = [
        await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=cluster.installation.environment, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(PROCESSES)
    ]
    said = asyncio.gather(*(process.communicate() for process in offering))
    for second in range(seconds):
        await asyncio.sleep(max(0.0, begin + second + 1 - time.monotonic()))
        cluster.tell(f"{RATE} {what} a second", 1)
    committed, left_out = list[tuple[str, float]](), 0
    for lines, _ in await said:
        *acts, rest = lines.decode().splitlines()
        left_out += int(rest)
        committed += [(subject, float(at)) for subject, at in map(str.split, acts)]
    return committed, left_out


async def _places(cluster: Cluster) -> dict[str, int]:
    """The index of every subject's last event, once all have one."""
    end = time.monotonic() + LONGEST_SETTLING
    while True:
        events = await cluster.primary.ask(EVENTS)
        if all(index is not None for _, _, index in events):
            return {subject: index for subject, _, index in events}
        assert time.monotonic() < end, "events wait for their places"
        await asyncio.sleep(0.1)


def judged(of_acts: Measured, of_events: Measured | None) -> Verdict:
    decisive = of_events or of_acts
    told = [of_acts, *([of_events] if of_events else [])]
    verdict = Verdict(figures=[line for each in told for line in each.told()])
    if decisive.rate < LEAST_DONE * RATE:
        verdict.wrong.append(f"this machine commits {decisive.rate:.0f} a second only")
    if quantiles(decisive.to_publication, n=100)[98] > GOAL:
        verdict.wrong.append(f"99 of 100 must be published {GOAL} s after their commit")
    return verdict


async def run(scratch: Path, given: argparse.Namespace, tell: Tell) -> Verdict:
    async with cluster_in(scratch, (1,), given.seed, tell) as cluster:
        of_acts = await measure(cluster, "acts", given.times)
        if of_acts.rate >= LEAST_DONE * RATE:
            return judged(of_acts, None)
        tell("", -given.times)
        return judged(of_acts, await measure(cluster, "events", given.times))


if __name__ == "__main__":
    main("lag", SECONDS, run)
