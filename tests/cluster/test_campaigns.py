"""Each campaign once, and short: what is killed, promoted or replaced loses nothing."""

from argparse import Namespace

import pytest

from tests.cluster import chaos, failover, rolling
from tests.cluster.servers import scratch_folder

SEED = 20_260_105
WORKERS = (1, 2)


@pytest.mark.parametrize(
    ("campaign", "times"),
    [(chaos, len(chaos.BLOWS)), (failover, 1), (rolling, 1)],
    ids=["chaos", "failover", "rolling"],
)
async def test_nothing_that_was_acknowledged_is_lost(campaign, times):
    with scratch_folder() as scratch:
        given = Namespace(times=times, seed=SEED)
        verdict = await campaign.run(scratch, given, lambda _words, _more: None, WORKERS)
    assert verdict.wrong == []
