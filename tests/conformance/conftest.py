"""A sealed log, exported once, and copies of it with one thing wrong."""

import asyncio
import shutil

import pytest

from tests.conformance.damaging import DAMAGES
from tests.conformance.sealed_log import export_sealed_log

# Each is closed by a state leaf: checkpoints at 2, 4, 8, 129, 256, 258, 509 and 700.
EVENTS = (1, 1, 3, 120, 126, 1, 250, 190)


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    return asyncio.run(export_sealed_log(tmp_path_factory.mktemp("sealed"), EVENTS))


@pytest.fixture(params=DAMAGES, ids=lambda damage: damage.__name__)
def damaged(request, tmp_path, exported):
    folder = shutil.copytree(exported, tmp_path / "damaged")
    request.param(folder)
    return folder
