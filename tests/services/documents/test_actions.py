"""Acts on documents: permitted, received, refused, broken off, raced."""

import asyncio
from datetime import timedelta
from hashlib import sha256

import pytest

from services.documents.actions import receive_document, request_upload
from services.documents.model import MediaType, Upload
from services.documents.store import get_document
from services.permits import UploadPermit
from services.refusals import RefusalCode, Refused
from tests.builders.documents import PDF, TEXT, an_upload, deposit_document
from tests.conftest import START
from tests.founding import UPLOAD_LIMIT, a_key
from tests.ledger_counts import kinds_on
from tests.upload_traces import trace_of_uploads

HASH_OF_PDF = sha256(PDF).hexdigest()


@pytest.fixture
def trace(registry, tmp_path):
    return lambda: trace_of_uploads(registry, tmp_path / "documents")


async def test_an_upload_is_permitted_for_fifteen_minutes_and_leaves_no_trace(
    registry, holder, trace
):
    before = await trace()
    granted = request_upload(registry, holder, "说明.pdf")

    permit = registry.permits.open(granted.permit)
    assert permit == UploadPermit(
        subject=holder.subject,
        party_id=holder.party_id,
        name="说明.pdf",
        nonce=permit.nonce,
        expires_at=START + timedelta(minutes=15),
    )
    assert (granted.expires_at, granted.limit) == (permit.expires_at, UPLOAD_LIMIT)
    assert await trace() == before


async def test_an_upload_without_a_name_is_not_permitted(registry, holder):
    with pytest.raises(Refused) as refused:
        request_upload(registry, holder, " ")
    assert [r.code for r in refused.value.refusals] == [RefusalCode.TEXT_MISSING]


async def test_a_received_document_is_on_the_register_in_the_ledger_and_on_the_disk(
    registry, holder
):
    upload = an_upload(PDF[:10], b"", PDF[10:], name=" 说明.pdf ")
    document = await receive_document(registry, holder, upload, a_key())

    async with registry.reading() as tx:
        assert await get_document(tx, document.id) == document
        (event,) = await tx.log.events_of(tx.connection, document.id)
    assert (document.depositor_id, document.name) == (holder.party_id, "说明.pdf")
    assert (document.media_type, document.size) == (MediaType.PDF, len(PDF))
    assert (document.sha256, document.received_at) == (HASH_OF_PDF, START)
    assert await kinds_on(registry, document.id) == ["document-received"]
    assert event.public == {"sha256": HASH_OF_PDF}
    assert event.private["name"] == "说明.pdf"
    assert b"".join([chunk async for chunk in await registry.blobs.open(HASH_OF_PDF)]) == PDF


@pytest.mark.parametrize(
    ("chunks", "changes", "refusal"),
    [
        ([b""], {}, RefusalCode.DOCUMENT_EMPTY),
        ([b"GIF89a\x01\x00\x01\x00"], {}, RefusalCode.DOCUMENT_TYPE_NOT_ACCEPTED),
        ([b"a" * UPLOAD_LIMIT, b"a"], {}, RefusalCode.DOCUMENT_TOO_LARGE),
        ([PDF], {"announced_size": UPLOAD_LIMIT + 1}, RefusalCode.DOCUMENT_TOO_LARGE),
        ([PDF], {"name": "名" * 201}, RefusalCode.TEXT_TOO_LONG),
    ],
)
async def test_a_refused_document_leaves_no_trace(
    registry, holder, trace, chunks, changes, refusal
):
    before = await trace()
    brought = an_upload(*chunks, **changes)

    with pytest.raises(Refused) as refused:
        await receive_document(registry, holder, brought, a_key())

    assert [r.code for r in refused.value.refusals] == [refusal]
    assert await trace() == before


async def test_as_many_bytes_as_the_limit_are_received(registry, holder):
    document = await deposit_document(registry, holder, b"a" * UPLOAD_LIMIT)
    assert document.size == UPLOAD_LIMIT


async def test_an_upload_broken_off_leaves_no_trace(registry, holder, trace):
    async def broken():
        yield PDF[:20]
        raise ConnectionResetError

    before = await trace()
    upload = Upload(name="说明.pdf", content=broken())
    with pytest.raises(ConnectionResetError):
        await receive_document(registry, holder, upload, a_key())
    assert await trace() == before


async def test_refused_bytes_stay_when_another_document_consists_of_them(registry, holder):
    first = await deposit_document(registry, holder)
    with pytest.raises(Refused):
        await deposit_document(registry, holder, name="名" * 201)
    assert registry.blobs.path(first.sha256).read_bytes() == PDF


async def test_the_same_key_and_bytes_answer_the_same_document(registry, holder, trace):
    key = a_key()
    first = await receive_document(registry, holder, an_upload(PDF), key)
    after_first = await trace()

    again = await receive_document(registry, holder, an_upload(PDF), key)

    assert again == first
    assert await trace() == after_first


async def test_the_same_key_with_other_bytes_is_refused_and_leaves_no_trace(
    registry, holder, trace
):
    key = a_key()
    await receive_document(registry, holder, an_upload(PDF), key)
    after_first = await trace()

    with pytest.raises(Refused) as refused:
        await receive_document(registry, holder, an_upload(TEXT), key)

    assert [r.code for r in refused.value.refusals] == [RefusalCode.IDEMPOTENCY_KEY_REUSED]
    assert await trace() == after_first


async def test_of_eight_rivals_with_one_key_one_brings_a_document(registry, holder, trace):
    rows, events, files = await trace()
    key = a_key()
    rivals = [
        receive_document(registry, holder, an_upload(f"rival {n}".encode()), key) for n in range(8)
    ]
    outcomes = await asyncio.gather(*rivals, return_exceptions=True)

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert [r.refusals[0].code for r in refused] == [RefusalCode.IDEMPOTENCY_KEY_REUSED] * 7
    assert await trace() == (rows + 1, events + 1, files + 1)


async def test_the_same_bytes_from_two_parties_are_two_documents_and_one_file(
    registry, holder, stranger, trace
):
    rows, events, files = await trace()
    both = await asyncio.gather(
        deposit_document(registry, holder), deposit_document(registry, stranger)
    )
    assert len({document.id for document in both}) == 2
    assert await trace() == (rows + 2, events + 2, files + 1)
