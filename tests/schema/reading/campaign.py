"""Tens of thousands of documents to both readers on both databases: `make campaign-reading`."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import SystemRandom

from rich.console import Console
from rich.progress import Progress

from tests.conftest import KINDS, START
from tests.databases import PostgresqlServer, SqliteFiles
from tests.postgres import begin_run, end_run, server_of_run
from tests.schema.reading.both_readers import Score
from tests.schema.reading.busy_register import make_busy_register
from tests.schema.reading.compiled import compiled_reader
from tests.schema.reading.rounds import dice_of, play_round

DOCUMENTS = 20_000  # On each kind of database.
OF_A_ROUND = 250  # Documents; then another register is made.
ACTS = 60, 350  # At least and at most in a register before the first document.
LEAST_SHARE = 0.8  # Of what has an answer, the compiled reader gives so much.


@dataclass(frozen=True)
class Round:
    """The same seed makes the same acts and documents, but for identifiers."""

    kind: str
    seed: str


@dataclass(frozen=True)
class Outcome:
    score: Score
    faults: list[str]


def play(given: Round) -> Outcome:
    return asyncio.run(_play(given))


async def _play(given: Round) -> Outcome:
    databases = SqliteFiles() if given.kind == "sqlite" else PostgresqlServer(server_of_run())
    dice = dice_of(given.kind, given.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        acts = dice.randint(*ACTS)
        register = await make_busy_register(databases, folder, START, acts, dice)
        async with (
            register.copied(databases, folder, dice) as playing,
            compiled_reader(playing.registry) as compiled,
        ):
            score, faults = await play_round(playing, compiled, OF_A_ROUND)
        databases.drop(register.address)
    return Outcome(score, [f"{given}\n{fault}" for fault in faults])


def rounds(documents: int, seed: int) -> Iterator[Round]:
    for number in range(-(-documents // OF_A_ROUND)):
        for kind in KINDS:
            yield Round(kind, f"{seed}/{number}")


@contextmanager
def a_run() -> Iterator[None]:
    """One server of PostgreSQL for all of them."""
    lock = begin_run()
    try:
        server_of_run()
        yield
    finally:
        end_run(lock)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=DOCUMENTS, help="documents on each database")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args()
    console = Console()
    console.print(f"Seed {given.seed}")
    with a_run():
        score, faults = _play_all(list(rounds(given.times, given.seed)), given.processes, console)
    share = score.share("compiled")
    console.print(f"{score}\nThe compiled reader gave {share:.1%} of all answers.")
    console.print(f"{len(faults)} faults. Seed {given.seed}")
    return 1 if faults or share < LEAST_SHARE else 0


def _play_all(every: list[Round], processes: int, console: Console) -> tuple[Score, list[str]]:
    total = Score()
    faults: list[str] = []
    with (
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        Progress(console=console) as progress,
    ):
        task = progress.add_task("Asking", total=len(every))
        for played in as_completed([pool.submit(play, each) for each in every]):
            outcome = played.result()
            total.counted.update(outcome.score.counted)
            total.handed_over.update(outcome.score.handed_over)
            faults += outcome.faults
            for fault in outcome.faults:
                console.print(fault, markup=False)
            progress.advance(task)
            if not console.is_terminal:
                console.print(f"{total.counted['asked']:,} asked, {len(faults)} faults")
    return total, faults


if __name__ == "__main__":
    sys.exit(main())
