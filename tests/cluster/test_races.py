"""A short run of every race across processes. `make races` runs a thousand of each."""

from tests.cluster.contests import CONTESTS
from tests.cluster.races import Campaign, run
from tests.conftest import on_postgresql

ROUNDS, RIVALS = 2, 8


@on_postgresql
async def test_every_race_across_processes_has_just_the_winners_it_may_have(databases, tmp_path):
    address = databases.create(tmp_path)
    scores = await run(Campaign(ROUNDS, RIVALS, seed=1), address, tmp_path, lambda _: None)
    databases.drop(address)
    assert {name: score.wrong for name, score in scores.items() if score.wrong} == {}
    assert {name: scores[name].rounds for name in CONTESTS} == dict.fromkeys(CONTESTS, ROUNDS)
