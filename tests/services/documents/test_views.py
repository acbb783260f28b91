"""Who may see a document: the depositor, the office, and whom it was opened to."""

import pytest

from services.documents.store import open_document_to
from services.documents.views import DOCUMENT
from services.reading.records import read_one
from tests.builders.documents import deposit_document


@pytest.fixture
async def document(registry, holder):
    return await deposit_document(registry, holder)


@pytest.fixture
def sees(registry, document):
    async def ask(actor):
        async with registry.reading() as tx:
            return await read_one(tx, actor, DOCUMENT, id=document.id) is not None

    return ask


async def test_the_depositor_and_the_office_see_a_document(sees, holder, office):
    assert await sees(holder)
    assert await sees(office)


async def test_strangers_and_the_public_do_not(sees, stranger):
    assert not await sees(stranger)
    assert not await sees(None)


async def test_a_party_it_was_opened_to_sees_it_from_then_on(
    registry, document, sees, stranger, bank
):
    for _ in range(2):
        async with registry.deciding() as tx:
            await open_document_to(tx, document.id, stranger.party_id)

    assert await sees(stranger)
    assert not await sees(bank)
