"""How long acts take when so many clients are at them, and the same SQL with nothing around it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from statistics import median, quantiles
from time import monotonic
from typing import Any, NamedTuple

import asyncpg

from bench.ledger.act import NumberingLog
from bench.yardstick import Write
from services.registry import Registry

SQL, EVENTS_OFF, ACTS = "the same SQL, bare", "acts, the ledger event off", "acts"


class Round(NamedTuple):
    """Between two instants of the machine's steady clock, each taking so many seconds."""

    begun: float
    ended: float
    seconds: list[float]


@dataclass(slots=True)
class Figures:
    """Of several rounds: acts per second in each, and how long each act took."""

    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, rounds: Sequence[Round]) -> None:
        """What several processes did at the same time."""
        done = [one for each in rounds for one in each.seconds]
        duration = max(each.ended for each in rounds) - min(each.begun for each in rounds)
        self.rates.append(len(done) / duration)
        self.seconds += done

    @property
    def rate(self) -> float:
        return median(self.rates)

    @property
    def percentiles(self) -> tuple[float, float]:
        """Seconds that half of the acts, and that 99 of 100, take at most."""
        hundredths = quantiles(self.seconds, n=100)
        return hundredths[49], hundredths[98]


def without_events(registry: Registry) -> Registry:
    return replace(registry, log=NumberingLog(registry.log.origin))


async def timed(works: Sequence[Callable[[Any], Awaitable[object]]], given: Sequence[Any]) -> Round:
    """Each of several clients works off what is given, one after the other."""
    rest, seconds = iter(given), list[float]()

    async def client(work: Callable[[Any], Awaitable[object]]) -> None:
        for each in rest:
            begun = monotonic()
            await work(each)
            seconds.append(monotonic() - begun)

    begun = monotonic()
    await asyncio.gather(*map(client, works))
    return Round(begun, monotonic(), seconds)


async def timed_acts(act: Callable[[int], Awaitable[None]], acts: int, clients: int) -> Round:
    return await timed(list(repeat(act, clients)), range(acts))


async def timed_bare(url: str, transactions: Sequence[Sequence[Write]], clients: int) -> Round:
    """The same over asyncpg, on a database that has none of these rows."""
    connections = [await asyncpg.connect(url) for _ in range(clients)]

    def on(connection: Any) -> Callable[[Sequence[Write]], Awaitable[None]]:
        async def run(writes: Sequence[Write]) -> None:
            async with connection.transaction():
                for write in writes:
                    if write.is_many:
                        await connection.executemany(write.statement, write.parameters)
                    else:
                        await connection.fetch(write.statement, *write.parameters)

        return run

    try:
        return await timed([on(connection) for connection in connections], transactions)
    finally:
        for connection in connections:
            await connection.close()
