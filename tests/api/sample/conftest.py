"""The sample register, loaded, to be looked at."""

import shutil

import pytest

from api.opening import open_registry
from api.settings import read_settings


@pytest.fixture
def settings(tmp_path, sample_folder):
    shutil.copytree(sample_folder, tmp_path / "data")
    return read_settings({"DATATITLE_DATA": str(tmp_path / "data")})


@pytest.fixture
async def loaded(settings):
    """A copy of the sample register, by the real clock."""
    registry = await open_registry(settings)
    yield registry
    await registry.close()
