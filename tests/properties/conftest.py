"""How long the machine plays: a minute among the tests, much longer in `make campaign`."""

import asyncio
from dataclasses import dataclass
from math import ceil

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.conftest import START
from tests.properties.world import prepare

# From its eleventh example on Hypothesis mutates earlier ones: half of them would take one step
# over and over. So there are many short runs in place of a long one.
EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Play:
    """How many runs, whether each is always the same one, and the settings of all of them."""

    runs: int
    is_fixed: bool
    settings: settings

    @property
    def runs_on_server(self) -> int:
        return ceil(self.runs * 0.4)


def _settings(steps: int, *phases: Phase) -> settings:
    return settings(
        max_examples=EXAMPLES,
        stateful_step_count=steps,
        phases=phases,
        deadline=None,
        derandomize=False,  # The runs among the tests have seeds of their own.
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


TEST = Play(5, is_fixed=True, settings=_settings(50, Phase.generate))
CAMPAIGN = Play(200, is_fixed=False, settings=_settings(80, Phase.generate, Phase.shrink))
settings.register_profile("campaign", CAMPAIGN.settings)


def pytest_generate_tests(metafunc):
    if "play" in metafunc.fixturenames:
        play = CAMPAIGN if settings.get_current_profile_name() == "campaign" else TEST
        runs = [(play, run) for run in range(play.runs)]
        metafunc.parametrize(("play", "run"), runs, ids=[f"run {run}" for _, run in runs])


def pytest_collection_modifyitems(config, items):
    """On a server the rules are the same and an act takes longer: there are fewer runs."""
    spared = [item for item in items if _is_spared(getattr(item, "callspec", None))]
    config.hook.pytest_deselected(items=spared)
    items[:] = [item for item in items if item not in spared]


def _is_spared(call):
    chosen = {} if call is None else call.params
    on_server = chosen.get("databases") == "postgresql"
    return "play" in chosen and on_server and chosen["run"] >= chosen["play"].runs_on_server


@pytest.fixture(scope="session")
def world(databases, empty_database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    database = databases.copy(empty_database, folder)
    yield asyncio.run(prepare(databases, database, folder, START))
    databases.drop(database)
