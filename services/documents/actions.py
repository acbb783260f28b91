"""Acts on documents: permit an upload, and receive what comes."""

import asyncio
from datetime import timedelta
from pathlib import Path

from services.actors import Actor
from services.blobs import Draft, TooLarge
from services.documents.content import media_type_of
from services.documents.model import Document, DocumentReceived, GrantedUpload, MediaType, Upload
from services.documents.rules import (
    refusals_to_receive_document,
    refusals_to_request_upload,
    require_moderate_size,
)
from services.documents.store import add_document, get_document
from services.identifiers import Kind, new_id
from services.once import Once, answer_given, keep_answer
from services.recording import record
from services.refusals import Refused, found, raise_if_refused
from services.registry import Registry, Transaction
from services.retrying import retried

PERMIT_LIFETIME = timedelta(minutes=15)


def request_upload(registry: Registry, actor: Actor, name: str) -> GrantedUpload:
    """Permit a document to be brought (rule 2.3).

    Nothing has happened yet: there is no row and no event until the document is received.
    """
    raise_if_refused(refusals_to_request_upload(name))
    expires_at = registry.clock.now() + PERMIT_LIFETIME
    permit = registry.permits.issue(actor, name, expires_at)
    return GrantedUpload(permit=permit, expires_at=expires_at, limit=registry.permits.limit)


async def receive_document(registry: Registry, actor: Actor, upload: Upload, key: str) -> Document:
    """Take the bytes of a document and enter it in the register (rule 2.1).

    They are read, hashed, looked at and brought near their place before the transaction begins,
    so that a slow sender or store keeps nobody waiting. They are kept before it ends: a document
    never lacks its bytes, and only a crash between the two leaves bytes without a document.
    """
    limit = registry.permits.limit
    raise_if_refused(require_moderate_size(upload.announced_size, limit))
    try:
        async with registry.blobs.receive(upload.content, limit) as draft:
            media_type = await asyncio.to_thread(_media_type_of, draft.path)
            received = DocumentReceived(
                name=upload.name, sha256=draft.sha256, size=draft.size, media_type=media_type
            )
            return await _receive_document(registry, actor, received, draft, key=key)
    except TooLarge:
        raise Refused(*require_moderate_size(limit + 1, limit)) from None


@retried
async def _receive_document(
    registry: Registry, actor: Actor, received: DocumentReceived, draft: Draft, *, key: str
) -> Document:
    once = Once.of(key, "document-received", received)
    async with registry.reading() as tx:
        if earlier := await answer_given(tx, actor, once):
            return found(await get_document(tx, earlier))
    raise_if_refused(refusals_to_receive_document(received, registry.permits.limit))
    await registry.blobs.prepare(draft)
    async with registry.deciding() as tx:
        if earlier := await answer_given(tx, actor, once):
            return found(await get_document(tx, earlier))
        document = await _enter(tx, actor, received, once)
        await registry.blobs.keep(draft)
        return document


def _media_type_of(path: Path) -> MediaType | None:
    with path.open("rb") as file:
        return media_type_of(file)


async def _enter(tx: Transaction, actor: Actor, received: DocumentReceived, once: Once) -> Document:
    assert received.media_type is not None, received
    document = Document(
        id=new_id(Kind.DOCUMENT),
        depositor_id=actor.party_id,
        name=received.name.strip(),
        media_type=received.media_type,
        size=received.size,
        sha256=received.sha256,
        received_at=tx.now,
    )
    await add_document(tx, document)
    await record(
        tx,
        actor,
        once.act,
        document.id,
        public={"sha256": document.sha256},
        private={
            "name": document.name,
            "size": document.size,
            "media_type": document.media_type.name,
        },
    )
    await keep_answer(tx, actor, once, document.id)
    return document
