"""`make rolling`: four processes are replaced one after the other, under load.

Two of them are servers of their own, stopped and started; two are workers of one, replaced by its
SIGHUP. A client may be refused a connection and then goes to another; every request that was
taken is answered.
"""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.campaign import Cluster, Tell, Verdict, cluster_in, hold, main
from tests.cluster.fleet import LONGEST_START, ApiServer
from tests.cluster.load import REFUSED, Load

TIMES = 10
WORKERS = (1, 1, 2)
ACTS_BETWEEN = 20
BETWEEN_LOOKS = 0.1


async def roll(cluster: Cluster, load: Load, times: int) -> Verdict:
    verdict = Verdict()
    for _ in range(times):
        for server in cluster.fleet:
            cluster.tell(f"replacing {server.name}", 0)
            await load.until_more(ACTS_BETWEEN)
            await (_restart(server) if server.workers == 1 else _replace_workers(server))
        cluster.tell("replaced", 1)
    processes = sum(server.workers for server in cluster.fleet) * times
    verdict.figures.append(f"{processes} processes replaced one after the other")
    verdict.wrong += [
        f"{count} requests failed: {told}"
        for told, count in load.troubles.items()
        if told != REFUSED
    ]
    return verdict


async def _restart(server: ApiServer) -> None:
    await server.stop()
    await server.start()


async def _replace_workers(server: ApiServer) -> None:
    """Until none of those that answered before is there any more."""
    before = set(server.worker_pids())
    server.signal(signal.SIGHUP)
    async with asyncio.timeout(2 * LONGEST_START):
        now = before
        while now & before or len(now) != len(before):
            await asyncio.sleep(BETWEEN_LOOKS)
            now = set(server.worker_pids())


async def run(
    scratch: Path, given: argparse.Namespace, tell: Tell, workers: Sequence[int] = WORKERS
) -> Verdict:
    async with cluster_in(scratch, workers, given.seed, tell) as cluster:
        return await hold(cluster, lambda cluster, load: roll(cluster, load, given.times))


if __name__ == "__main__":
    main("rolling", TIMES, run)
