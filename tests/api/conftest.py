"""A door for each test, and a client that stands before it."""

import pytest

from tests.api.door import Door


@pytest.fixture
def door(tmp_path):
    return Door(tmp_path)


@pytest.fixture
async def client(door):
    async with door.client() as client:
        yield client
