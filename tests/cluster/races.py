"""Races across processes: sixteen rivals for one thing, a thousand times for each kind of thing.

    python -m tests.cluster.races [--rounds 1000] [--rivals 16] [--seed N] [--only "pledge rank"]

Four processes with a register each run the rivals, who begin at the same instant; several races
for different things are run at once, and events are given their places meanwhile.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ledger.keeping.sequencing import sequence
from services.certificates.model import Certificate
from services.registry import Registry
from tests.cluster.contests import CONTESTS, Lane
from tests.cluster.judging import OUT_OF_ORDER, PLACES, SIZE
from tests.cluster.rivals import field_of
from tests.cluster.stage import Size, Stage, build
from tests.databases import rows
from tests.postgres import begin_run, end_run, server_of_run

PROCESSES = 4
LANES = 4
RACES_OF_A_CERTIFICATE = 25  # The more lies on one, the longer acts on it take.
BETWEEN_PLACES = 0.05
LAST = "expire while granting"
CONSOLE = Console(width=None if sys.stdout.isatty() else 110, soft_wrap=True)
# A certificate's version says how many events there are on it.
MISCOUNTED = """
SELECT number FROM certificates
WHERE version <> (SELECT count(*) FROM ledger_entry WHERE subject = certificates.number)
"""

Tell = Callable[[str], None]


@dataclass(slots=True)
class Score:
    """What the races of one contest came to."""

    rounds: int = 0
    won: int = 0
    lost: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Campaign:
    """Which races are to be run, and how often each."""

    rounds: int
    rivals: int
    seed: int
    contests: Sequence[str] = tuple(CONTESTS)

    @property
    def lanes(self) -> int:
        return min(LANES, self.rounds)

    @property
    def certificates(self) -> int:
        """How many each contest uses up."""
        return self.lanes + self.rounds // RACES_OF_A_CERTIFICATE


async def run(campaign: Campaign, address: str, folder: Path, tell: Tell) -> dict[str, Score]:
    """The score of each contest, and under "ledger" what is wrong with that afterwards."""
    expiring = campaign.rounds if LAST in campaign.contests else 0
    certificates = len(campaign.contests) * campaign.certificates
    size = Size(rivals=campaign.rivals, certificates=certificates, expiring=expiring)
    with field_of(PROCESSES, address, folder) as rivals:
        listening = asyncio.create_task(rivals.listen())
        tell("building")
        stage = await build(address, folder, rivals, size)
        placing = asyncio.create_task(_place_for_ever(stage.registry))
        certificates = iter(stage.certificates)
        scores = {
            name: await _contest(
                stage, campaign, name, list(islice(certificates, campaign.certificates)), tell
            )
            for name in campaign.contests
        }
        for task in (placing, listening):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        while await _place(stage.registry):
            pass
        await stage.registry.close()
    scores["ledger"] = Score(wrong=_wrong_in_the_ledger(address))
    return scores


async def _contest(
    stage: Stage, campaign: Campaign, name: str, certificates: list[Certificate], tell: Tell
) -> Score:
    """All races of a contest, each in the next lane that is free."""
    score, numbers, begun = Score(), iter(range(campaign.rounds)), time.monotonic()

    async def race_in_lanes() -> None:
        while certificates:
            certificate = certificates.pop()
            random = Random(f"{campaign.seed} {name} {len(certificates)}")
            lane = Lane(len(certificates), certificate, random)
            for number in islice(numbers, RACES_OF_A_CERTIFICATE):
                result = await CONTESTS[name](stage, lane, number)
                score.rounds += 1
                score.won += result.won
                score.lost += result.lost
                score.wrong += [f"race {number}: {sentence}" for sentence in result.wrong]
                tell(name)

    async with asyncio.TaskGroup() as lanes:
        for _ in range(campaign.lanes):
            lanes.create_task(race_in_lanes())
    score.seconds = time.monotonic() - begun
    return score


async def _place_for_ever(registry: Registry) -> None:
    while True:
        await _place(registry)
        await asyncio.sleep(BETWEEN_PLACES)


async def _place(registry: Registry) -> int:
    async with registry.deciding() as tx:
        return await sequence(tx.connection)


def _wrong_in_the_ledger(address: str) -> list[str]:
    places = [place for (place,) in rows(address, PLACES)]
    wrong = []
    if places != list(range(len(places))) or rows(address, SIZE) != [(len(places),)]:
        wrong.append("the indexes of the ledger are not dense")
    wrong += [
        f"event {n} of {subject} is out of order" for subject, n in rows(address, OUT_OF_ORDER)
    ]
    wrong += [f"version and events of {number} differ" for (number,) in rows(address, MISCOUNTED)]
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.races")
    parser.add_argument("--rounds", type=int, default=1000, help="of each contest (default 1000)")
    parser.add_argument("--rivals", type=int, default=16)
    parser.add_argument("--seed", type=int, default=Random().randrange(10**6))
    parser.add_argument("--only", choices=CONTESTS, action="append", help="this contest")
    given = parser.parse_args()
    contests = given.only or tuple(CONTESTS)
    campaign = Campaign(given.rounds, given.rivals, given.seed, contests)
    CONSOLE.print(f"races: {given.rounds} × {given.rivals} rivals, seed {given.seed}")
    lock = begin_run()
    try:
        address = server_of_run().create()
        with tempfile.TemporaryDirectory() as folder:
            scores = asyncio.run(_shown(campaign, address, Path(folder)))
    finally:
        end_run(lock)
    _print(scores)
    sys.exit(any(score.wrong for score in scores.values()))


async def _shown(campaign: Campaign, address: str, folder: Path) -> dict[str, Score]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=CONSOLE, transient=True) as progress:
        task = progress.add_task("", total=campaign.rounds * len(campaign.contests))

        def tell(words: str) -> None:
            progress.update(task, description=words, advance=words in CONTESTS)

        return await run(campaign, address, folder, tell)


def _print(scores: dict[str, Score]) -> None:
    table = Table("contest", "races", "winners", "refused", "seconds", "violations")
    for name, score in scores.items():
        figures = (score.rounds, score.won, score.lost, round(score.seconds), len(score.wrong))
        table.add_row(name, *map(str, figures))
    CONSOLE.print(table)
    for name, score in scores.items():
        for sentence in score.wrong[:20]:
            CONSOLE.print(f"WRONG: {name}, {sentence}", highlight=False, markup=False)


if __name__ == "__main__":
    main()
