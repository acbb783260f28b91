"""`make chaos`: whatever a register consists of is killed at random moments, under load.

A process that dies is started again, as systemd or an orchestrator would. Every act that was
acknowledged must still be there at the end, and be there once.
"""

import argparse
import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import asyncpg

from api.electing import SEATS
from tests.cluster.campaign import (
    Cluster,
    Tell,
    Verdict,
    cluster_in,
    hold,
    kept_running,
    main,
    spread,
)
from tests.cluster.fleet import kill
from tests.cluster.load import LONGEST_SILENCE, Load, NotBackError

TIMES = 200
WORKERS = (1, 1, 2)  # Four processes that answer requests, two of them behind one socket.
ACTS_BETWEEN = 10  # At least so many are acknowledged between one blow and the next.
LONGEST_WAIT = 0.7  # Seconds, by chance, before a blow falls.
LONGEST_OUTAGE = 0.5  # Until somebody starts a database again.
ELECTED = f"""
SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND classid = {SEATS} AND granted AND application_name LIKE $1
"""
BACKENDS = """
SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class NobodyElectedError(Exception):
    """The one before has just died, and there is nobody yet to be killed."""


PASSING = (
    NobodyElectedError,
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)


async def kill_a_server(cluster: Cluster) -> None:
    cluster.random.choice(cluster.fleet).kill()


async def kill_a_worker(cluster: Cluster) -> None:
    kill(cluster.random.choice(_pids(cluster)))


async def kill_the_sequencer(cluster: Cluster) -> None:
    await _kill_who_is(cluster, "sequencer")


async def kill_the_sealer(cluster: Cluster) -> None:
    await _kill_who_is(cluster, "sealer")


async def _kill_who_is(cluster: Cluster, elected: str) -> None:
    named = await cluster.primary.ask(ELECTED, f"datatitle {elected} %")
    found = {int(name.rpartition(" ")[2]) for (name,) in named} & set(_pids(cluster))
    if not found:
        raise NobodyElectedError
    for pid in found:
        kill(pid)


async def cut_connections(cluster: Cluster) -> None:
    await cluster.primary.ask(CUT)


async def kill_a_backend(cluster: Cluster) -> None:
    """The server then ends all others, and recovers from its log."""
    pids = [pid for (pid,) in await cluster.primary.ask(BACKENDS)]
    if pids:
        with suppress(ProcessLookupError):
            os.kill(cluster.random.choice(pids), signal.SIGKILL)


async def kill_the_database(cluster: Cluster) -> None:
    await asyncio.to_thread(cluster.primary.kill)
    await asyncio.sleep(cluster.random.uniform(0, LONGEST_OUTAGE))
    await cluster.primary.start()


BLOWS: dict[str, Callable[[Cluster], Awaitable[None]]] = {
    "kill -9 an API server": kill_a_server,
    "kill -9 a worker": kill_a_worker,
    "kill -9 the sequencer": kill_the_sequencer,
    "kill -9 the sealer": kill_the_sealer,
    "cut all connections": cut_connections,
    "kill -9 a backend": kill_a_backend,
    "kill -9 the database": kill_the_database,
}


async def chaos(cluster: Cluster, load: Load, times: int) -> Verdict:
    verdict, back = Verdict(), {name: list[float]() for name in BLOWS}
    async with kept_running(cluster.fleet):
        for name in _in_turns(cluster.random, times):
            cluster.tell(name, 0)
            try:
                await load.until_more(ACTS_BETWEEN)
                await asyncio.sleep(cluster.random.uniform(0, LONGEST_WAIT))
                begun = time.monotonic()
                await _strike(cluster, name)
                back[name].append(await load.until_newly_begun(begun) - begun)
            except NotBackError as error:
                verdict.wrong.append(f"after {name}: {error}")
                break
            cluster.tell(name, 1)
    verdict.figures += [
        f"{len(seconds):4} × {name}; seconds until an act begun after it was acknowledged: "
        f"{spread(seconds)}"
        for name, seconds in back.items()
    ]
    return verdict


def _pids(cluster: Cluster) -> list[int]:
    """Of all processes that answer requests now."""
    return [pid for server in cluster.fleet if server.is_running for pid in server.worker_pids()]


def _in_turns(random: Random, times: int) -> Iterator[str]:
    """Each as often as the others, in an order nobody knows."""
    for number in range(times):
        if number % len(BLOWS) == 0:
            names = random.sample(list(BLOWS), len(BLOWS))
        yield names[number % len(BLOWS)]


async def _strike(cluster: Cluster, name: str) -> None:
    """While the blow before has its effect there may be nobody to strike, or to ask for him."""
    end = time.monotonic() + LONGEST_SILENCE
    while True:
        try:
            return await BLOWS[name](cluster)
        except PASSING as error:
            if time.monotonic() > end:
                raise NotBackError(f"{name}: {error!r}") from error
            await asyncio.sleep(0.05)


async def run(
    scratch: Path, given: argparse.Namespace, tell: Tell, workers: Sequence[int] = WORKERS
) -> Verdict:
    async with cluster_in(scratch, workers, given.seed, tell) as cluster:
        return await hold(cluster, lambda cluster, load: chaos(cluster, load, given.times))


if __name__ == "__main__":
    main("chaos", TIMES, run)
