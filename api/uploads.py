"""Documents on their way in and out: bytes against a permit, and bytes to those entitled."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.answers import BadRequest, json_answer
from api.authentication import Doorkeeper
from services.actors import Actor
from services.documents.actions import receive_document
from services.documents.model import Document, Upload
from services.documents.views import DOCUMENT
from services.parties.views import find_actor
from services.permits import UploadPermit
from services.reading.records import read_one
from services.refusals import Refusal, RefusalCode, Refused
from services.registry import Registry

STATUS_OF = {RefusalCode.DOCUMENT_TOO_LARGE: 413, RefusalCode.DOCUMENT_TYPE_NOT_ACCEPTED: 415}
STATUS_OF_OTHERS = 422
LONGEST_ANNOUNCEMENT = 19  # Digits of the largest number of 64 bits.


def upload_routes(registry: Registry, doorkeeper: Doorkeeper) -> list[Route]:
    async def put_document(request: Request) -> Response:
        permit = _open_permit(registry, request)
        asking = await doorkeeper.admit(request)
        actor = await _depositor(registry, permit, asking)
        upload = Upload(
            name=permit.name,
            content=request.stream(),
            announced_size=_announced_size(request),
        )
        try:
            document = await receive_document(registry, actor, upload, permit.nonce)
        except Refused as refused:
            return _answer_refused(refused)
        return _answer_received(document)

    async def get_document(request: Request) -> Response:
        actor = await doorkeeper.admit(request)
        async with registry.reading() as tx:
            seen = await read_one(tx, actor, DOCUMENT, id=request.path_params["id"])
        if seen is None:
            raise BadRequest(404, "There is no such document to be seen.", code="NOT_FOUND")
        return await _answer_with_bytes(registry, Document(**seen))

    return [
        Route("/uploads/{permit}", put_document, methods=["PUT"]),
        Route("/documents/{id}", get_document, methods=["GET"]),
    ]


def _open_permit(registry: Registry, request: Request) -> UploadPermit:
    permit = registry.permits.open(request.path_params["permit"])
    if permit is None:
        raise BadRequest(404, "There is no such permit.", code="NOT_FOUND")
    if permit.has_expired(registry.clock.now()):
        raise BadRequest(410, "The permit has expired.", code="EXPIRED")
    if "content-range" in request.headers:  # RFC 9110, section 14.5: PUT in parts.
        raise BadRequest(400, "A document must come whole.")
    return permit


async def _depositor(registry: Registry, permit: UploadPermit, asking: Actor | None) -> Actor:
    """The member the permit was given to, who must still be one.

    The permit alone suffices; but who shows a token too must be of the same party.
    """
    actor = await find_actor(registry, permit.subject, permit.party_id, role=None)
    if actor is None or not (asking is None or asking.acts_for(actor.party_id)):
        message = "The permit was given to somebody else."
        raise BadRequest(403, message, code="NOT_AUTHORISED")
    return actor


def _announced_size(request: Request) -> int:
    """Bytes; 0 when the size is not announced. What really comes is counted in any case."""
    announced = request.headers.get("content-length", "")
    is_number = announced.isdecimal() and len(announced) <= LONGEST_ANNOUNCEMENT
    return int(announced) if is_number else 0


def _answer_received(document: Document) -> Response:
    content = {
        "documentId": document.id,
        "sha256": document.sha256,
        "size": document.size,
        "mediaType": document.media_type,
    }
    return json_answer(content, status=201, headers={"Location": f"/documents/{document.id}"})


def _answer_refused(refused: Refused) -> Response:
    """The connection stays open, and the server passes over what is still to come of the body.

    If it closed, a client still sending would see a broken connection instead of the answer.
    """
    status = STATUS_OF.get(refused.refusals[0].code, STATUS_OF_OTHERS)
    content = {"errors": [_told(refusal) for refusal in refused.refusals]}
    return json_answer(content, status=status)


def _told(refusal: Refusal) -> dict[str, object]:
    """A refusal in the shape of every other error at the door."""
    extensions = {
        "code": refusal.code,
        "path": refusal.path,
        "legalBasis": refusal.legal_basis,
        "cure": refusal.cure,
    }
    return {"message": refusal.message, "extensions": extensions}


async def _answer_with_bytes(registry: Registry, document: Document) -> Response:
    """To be saved, never shown: what a stranger has written must not run in this origin.

    The door's own headers forbid guessing the type, scripts, frames and caches (RFC 6266 for
    the name).
    """
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.file_name, safe='')}",
        "Content-Length": str(document.size),
        "ETag": f'"{document.sha256}"',
    }
    content = await registry.blobs.open(document.sha256)
    return StreamingResponse(content, media_type=document.media_type, headers=headers)
