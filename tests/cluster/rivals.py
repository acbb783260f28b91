"""Rivals for a race: processes with a register each, whose attempts begin at the same instant."""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from services.clock import SystemClock
from services.limits import Limits
from services.refusals import RefusalCode, Refused
from services.registry import Registry
from tests.founding import registry_on

TO_THE_START = 0.03  # Seconds in which every process learns of a race.
# More connections than ever race at once in one process, and time on a machine that is busy with
# other things: that somebody waits for too long is not what is raced for.
LIMITS = Limits(
    connections=24, lock_timeout=timedelta(minutes=1), statement_timeout=timedelta(minutes=2)
)
NO_SHIFT = timedelta(0)


class Attempt(NamedTuple):
    """Something of a module that is asked with a registry, and with these after it."""

    of: Callable[..., Coroutine[Any, Any, Any]]
    told: tuple[Any, ...]


class Outcome(NamedTuple):
    """What an attempt came to: a record, the codes of a refusal, or a fault in words."""

    record: Any = None
    codes: tuple[RefusalCode, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """The time of day, and so much more: every process with the same shift agrees."""

    shift: timedelta

    def now(self) -> datetime:
        return SystemClock().now() + self.shift


class _Race(NamedTuple):
    number: int
    begin: float
    shift: timedelta
    attempts: Sequence[Attempt]


def shifted(registry: Registry, shift: timedelta) -> Registry:
    """The same register by another clock."""
    return replace(registry, clock=ShiftedClock(shift)) if shift else registry


def compete(connection: Connection, address: str, folder: Path) -> None:
    """What a process of rivals does until its connection is closed."""
    asyncio.run(_compete(connection, address, folder))


async def _compete(connection: Connection, address: str, folder: Path) -> None:
    registry = registry_on(address, folder, SystemClock(), LIMITS)
    async with asyncio.TaskGroup() as races:
        while (race := await asyncio.to_thread(_received, connection)) is not None:
            races.create_task(_run(connection, registry, race))
    await registry.close()


def _received(connection: Connection) -> Any:
    try:
        return connection.recv()
    except EOFError:
        return None


async def _run(connection: Connection, registry: Registry, race: _Race) -> None:
    registry = shifted(registry, race.shift)
    await asyncio.sleep(race.begin - time.monotonic())
    outcomes = await asyncio.gather(*(_outcome(registry, each) for each in race.attempts))
    connection.send((race.number, outcomes))


async def _outcome(registry: Registry, attempt: Attempt) -> Outcome:
    try:
        return Outcome(record=await attempt.of(registry, *attempt.told))
    except Refused as refused:
        return Outcome(codes=tuple(refusal.code for refusal in refused.refusals))
    except Exception as fault:  # noqa: BLE001 - whatever it is, it must not have been.
        return Outcome(fault=f"{attempt.of.__name__}: {fault!r}, for {fault.__cause__!r}")


@dataclass(slots=True)
class Field:
    """Several processes of rivals, each of which runs its share of every race."""

    _connections: Sequence[Connection]
    _numbers: Iterator[int] = field(default_factory=count)
    _running: dict[tuple[int, int], asyncio.Future[list[Outcome]]] = field(default_factory=dict)

    async def race(self, attempts: Sequence[Attempt], shift: timedelta = NO_SHIFT) -> list[Outcome]:
        """What each attempt came to, in their order. The first begins when the last does."""
        processes, number = len(self._connections), next(self._numbers)
        begin = time.monotonic() + TO_THE_START
        shares = [attempts[place::processes] for place in range(processes)]
        told = [self._answer(place, number) for place in range(processes)]
        for connection, share in zip(self._connections, shares, strict=True):
            connection.send(_Race(number, begin, shift, share))
        outcomes: list[Outcome] = [Outcome()] * len(attempts)
        for place, answer in enumerate(told):
            outcomes[place::processes] = await answer
        return outcomes

    async def listen(self) -> None:
        """Take what the processes tell, for as long as there are any."""
        await asyncio.gather(*(self._listen(place) for place in range(len(self._connections))))

    async def _listen(self, place: int) -> None:
        connection = self._connections[place]
        while (told := await asyncio.to_thread(_received, connection)) is not None:
            number, outcomes = told
            self._running.pop((place, number)).set_result(outcomes)

    def _answer(self, place: int, number: int) -> asyncio.Future[list[Outcome]]:
        answer = asyncio.get_running_loop().create_future()
        self._running[place, number] = answer
        return answer


@contextmanager
def field_of(processes: int, address: str, folder: Path) -> Iterator[Field]:
    """So many processes of rivals over one database; they end with the context."""
    spawn = multiprocessing.get_context("spawn")
    pairs = [spawn.Pipe() for _ in range(processes)]
    started = [
        spawn.Process(target=compete, args=(theirs, address, folder), daemon=True)
        for _, theirs in pairs
    ]
    for process, (_, theirs) in zip(started, pairs, strict=True):
        process.start()
        theirs.close()
    try:
        yield Field([ours for ours, _ in pairs])
    finally:
        for process, (ours, _) in zip(started, pairs, strict=True):
            process.terminate()
            process.join()
            ours.close()
