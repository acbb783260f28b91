"""A log that can be sealed, and what is kept of it."""

import pytest

from tests.ledger.sealing_log import grow_sealed, sealing_of


@pytest.fixture
def sealing(engine, tmp_path):
    """What seals the empty log of `engine`."""
    return sealing_of(engine, tmp_path)


@pytest.fixture
async def sealed(sealing):
    """The same when three subjects have ten events, and the log was sealed after 3, 7 and 10."""
    await grow_sealed(sealing, sizes=(3, 7, 10))
    return sealing
