"""While a log grows, whatever of it is fetched is proven up to one signed checkpoint."""

from tests.hammer import hammer

LONGEST = 5.0  # Seconds, on a machine that runs other tests beside.


async def test_readers_prove_all_they_read_while_writers_write(tmp_path):
    tally = await hammer(tmp_path, seconds=3.0, writers=2, readers=1)
    assert len(tally.latencies) == len(tally.answered) > 10
    assert tally.in_order > len(tally.answered)
    assert tally.at_random > 20
    assert max(tally.latencies) < LONGEST
