"""`make failover`: the primary is killed under load, and its synchronous standby promoted.

What was killed becomes the standby of what took over, and so on in turns. All address the two by
one URL that names both.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

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
from tests.cluster.load import Load, NotBackError

TIMES = 20
WORKERS = (1, 1, 2)
ACTS_BETWEEN = 30
LONGEST_WAIT = 1.0  # Seconds, by chance, before the primary is killed.
GOAL = 5.0  # Seconds from the end of a promotion to an act begun after it and acknowledged.


async def fail_over(cluster: Cluster, load: Load, times: int) -> Verdict:
    verdict, back, promotions = Verdict(), list[float](), list[float]()
    async with kept_running(cluster.fleet):
        for _ in range(times):
            cluster.tell("following the primary", 0)
            standby = cluster.databases[1]
            await standby.copy(cluster.primary)
            await cluster.primary.wait_for(standby)
            try:
                cluster.tell("killing the primary", 0)
                await load.until_more(ACTS_BETWEEN)
                await asyncio.sleep(cluster.random.uniform(0, LONGEST_WAIT))
                await asyncio.to_thread(cluster.primary.kill)
                begun = time.monotonic()
                await standby.promote()
                cluster.databases.reverse()
                promoted = time.monotonic()
                promotions.append(promoted - begun)
                back.append(await load.until_newly_begun(promoted) - promoted)
            except NotBackError as error:
                verdict.wrong.append(f"after a promotion: {error}")
                break
            cluster.tell("killing the primary", 1)
    late = sum(seconds > GOAL for seconds in back)
    if late:
        verdict.wrong.append(f"{late} times service was not back {GOAL} s after a promotion")
    verdict.figures += [
        (
            f"{len(back)} × kill -9 the primary; seconds from promotion until an act begun after "
            f"it was acknowledged: {spread(back)}"
        ),
        f"seconds the promotion itself took: {spread(promotions)}",
    ]
    return verdict


async def run(
    scratch: Path, given: argparse.Namespace, tell: Tell, workers: Sequence[int] = WORKERS
) -> Verdict:
    async with cluster_in(scratch, workers, given.seed, tell, databases=2) as cluster:
        return await hold(cluster, lambda cluster, load: fail_over(cluster, load, given.times))


if __name__ == "__main__":
    main("failover", TIMES, run)
