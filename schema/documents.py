"""Documents in the contract: type, inputs, payloads, queries, mutations."""

from datetime import datetime

import strawberry

from schema.acts import Payload, act
from schema.context import Info
from schema.node import Node
from schema.parties import Party
from schema.reading.fields import find, one, spelled
from schema.reading.kinds import shows
from schema.scalars import BigInt, Hash
from services.announcements.views import EVIDENCE
from services.documents import actions, model
from services.documents.views import DOCUMENT
from services.identifiers import Kind
from services.parties.views import PARTY
from services.views import ToOne

strawberry.enum(model.MediaType, description="The kinds of documents, each told by its content.")


@shows(DOCUMENT, EVIDENCE, kind=Kind.DOCUMENT)
@strawberry.type(
    description="A document on the register. Open to its depositor, the office, and the parties "
    "to a procedure it was put to use in."
)
class Document(Node):
    depositor_id: strawberry.Private[str]
    name: str = strawberry.field(description="The name its depositor gave it.")
    media_type: model.MediaType = strawberry.field(description="What it is, told by its content.")
    size: BigInt = strawberry.field(description="Its size in bytes.")
    sha256: Hash = strawberry.field(description="The SHA-256 of its bytes.")
    received_at: datetime = strawberry.field(description="When it was received.")

    depositor: Party | None = one("The party that deposited it.", ToOne(PARTY, "depositor_id"))

    download_url: str = spelled(
        "The path of its bytes at this server; needs the same token.", "/documents/{}", "id"
    )


@strawberry.type(description="Leave to bring one document: PUT its bytes to the URL.")
class Upload:
    url: str = strawberry.field(description="The path at this server to PUT the bytes to.")
    permit: str = strawberry.field(
        description="The last part of the URL. Whoever has it may bring the document: keep it."
    )
    expires_at: datetime = strawberry.field(description="From then on it no longer permits.")
    limit_bytes: BigInt = strawberry.field(description="The largest document that is taken.")
    accepted_types: list[model.MediaType] = strawberry.field(description="The kinds that are.")

    @classmethod
    def of(cls, granted: model.GrantedUpload) -> "Upload":
        return cls(
            url=f"/uploads/{granted.permit}",
            permit=granted.permit,
            expires_at=granted.expires_at,
            limit_bytes=BigInt(granted.limit),
            accepted_types=list(model.MediaType),
        )


@strawberry.input(description="A document to be brought.")
class RequestUploadInput:
    name: str = strawberry.field(description="A name for people to know it by.")


@strawberry.type(description="Where to bring the document, or why nowhere.")
class RequestUploadPayload(Payload):
    upload: Upload | None = strawberry.field(default=None, description="Where to bring it.")


@strawberry.type
class DocumentQueries:
    document: Document | None = find("The document with this id, if it may be seen.", DOCUMENT)


@strawberry.type
class DocumentMutations:
    @act("Ask for leave to bring a document (rule 2.3). Nothing is recorded until it has come.")
    async def request_upload(self, info: Info, input: RequestUploadInput) -> RequestUploadPayload:
        context = info.context
        granted = actions.request_upload(context.registry, context.signed_in, input.name)
        return RequestUploadPayload(upload=Upload.of(granted))
