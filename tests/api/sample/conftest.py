"""The sample register, loaded, to be looked at."""

import pytest

from api.opening import open_registry


@pytest.fixture
def settings(tmp_path, sample_register, databases):
    copy = sample_register.copied_to(tmp_path / "data", databases)
    yield copy.settings()
    databases.drop(copy.database)


@pytest.fixture
async def loaded(settings):
    """A copy of the sample register, by the real clock."""
    registry = await open_registry(settings)
    yield registry
    await registry.close()
