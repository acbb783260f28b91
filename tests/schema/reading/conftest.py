"""A register where much has happened, of each kind of database: made once, copied by each test."""

import asyncio

import pytest

from tests.conftest import START
from tests.schema.reading.busy_register import make_busy_register
from tests.schema.reading.rounds import dice_of

ACTS = 350


@pytest.fixture(scope="session")
def busy_register(databases, tmp_path_factory):
    folder = tmp_path_factory.mktemp("busy")
    made = asyncio.run(make_busy_register(databases, folder, START, ACTS, dice_of("busy")))
    yield made
    databases.drop(made.address)


@pytest.fixture
async def play(busy_register, databases, tmp_path, request):
    """A copy of it, with dice of the test's own."""
    async with busy_register.copied(databases, tmp_path, dice_of(request.node.name)) as play:
        yield play
