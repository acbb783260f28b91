"""Acts with their events, beside the same acts on a register that records none."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import truediv
from statistics import median
from time import perf_counter

from sqlalchemy.ext.asyncio import AsyncConnection

from bench.ledger.rows import Row, Setting, a_second
from bench.register import open_bench
from ledger.formats.hashing import NO_HASH
from ledger.keeping.append import Recorded
from ledger.keeping.log import Log

ACTS = 150
PAIRS_PER_ROUND = 6
CALLERS = 8
GOAL = 0.75


@dataclass(frozen=True, slots=True)
class NumberingLog(Log):
    """Says where an event would go, and forgets it."""

    numbers: Counter[str] = field(default_factory=Counter)

    async def append(
        self,
        connection: AsyncConnection,
        *,
        subject: str,
        kind: str,
        at: datetime,
        public: Mapping[str, str],
        private: Mapping[str, str],
        begins: bool = False,
    ) -> Recorded:
        del connection, kind, at, public, private, begins
        place = self.numbers.total()
        recorded = Recorded(place, place, subject, self.numbers[subject], NO_HASH)
        self.numbers[subject] += 1
        return recorded


async def rate_of(work: Callable[[int], Awaitable[None]], times: int) -> float:
    """How often a second `work` was done, by several callers at once."""
    numbers = iter(range(times))

    async def caller() -> None:
        for number in numbers:
            await work(number)

    begun = perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return times / (perf_counter() - begun)


async def measure(setting: Setting) -> list[Row]:
    with_events, without = list[float](), list[float]()
    async with open_bench(setting.folder / "acts") as bench:
        forgetful = replace(
            bench, registry=replace(bench.registry, log=NumberingLog(bench.registry.log.origin))
        )
        pairs = setting.rounds * PAIRS_PER_ROUND
        for number in range(pairs):
            setting.tell("acts with and without events", number / pairs)
            with_events.append(await rate_of(bench.act, ACTS))
            without.append(await rate_of(forgetful.act, ACTS))
    # Of each pair by itself, so that a machine that is busier for a while is so for both.
    ratio = median(map(truediv, with_events, without))
    return [
        Row(
            "acts with their events, through the services",
            f"≥ {GOAL} of the rate without",
            a_second(median(with_events)),
            f"{a_second(median(without))} without events",
            f"{ratio:.2f}",
            ratio >= GOAL,
        )
    ]
