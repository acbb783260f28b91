"""Reading a GraphQL request off the wire: strictly, and never further than the limit."""

from typing import Any

import msgspec
from starlette.requests import Request

from api.answers import JSON, BadRequest
from api.bodies import read_body
from api.trusted_documents import TRUSTED

GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
LARGEST_BODY = 256 * 1024


class GraphQLRequest(msgspec.Struct, frozen=True, rename="camel"):
    """The members of a request (GraphQL over HTTP, section 5.2)."""

    query: str | msgspec.UnsetType = msgspec.UNSET
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None

    def __post_init__(self) -> None:
        """A document that is trusted may be named instead of sent (Appendix A)."""
        if self.document_id is None:
            if self.query is msgspec.UNSET:
                raise ValueError("Object missing required field `query`")
            return
        if self.query is not msgspec.UNSET:
            raise ValueError("Either `query` or `documentId` is to be given")
        if self.document_id not in TRUSTED:
            raise ValueError("No document is known by this `documentId`")
        msgspec.structs.force_setattr(self, "query", TRUSTED[self.document_id].text)

    @property
    def text(self) -> str:
        """The document."""
        assert isinstance(self.query, str)
        return self.query


_decoder = msgspec.json.Decoder(GraphQLRequest)


async def read_request(request: Request) -> GraphQLRequest:
    """The request in the body. Raises `BadRequest` for anything but one JSON object in UTF-8."""
    _require_json(request)
    body = await read_body(request, LARGEST_BODY)
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise BadRequest(400, f"This is not a GraphQL request: {error}") from None
    except (ValueError, RecursionError):
        raise BadRequest(400, "The body is not JSON in UTF-8, or is nested too deeply.") from None


def _require_json(request: Request) -> None:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if media_type.strip().lower() != JSON or charset not in {"", "utf-8", "utf8"}:
        raise BadRequest(415, f"The body must be {JSON} in UTF-8.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise BadRequest(415, "The body must not be compressed.")


def answer_media_type(accept: str | None) -> str:
    """The media type to answer in (RFC 9110 section 12.5.1); raises `BadRequest` for neither.

    Who names none, or nothing in particular, gets the plain type: older clients know no other.
    Who names any type of JSON gets JSON: many clients name all they know with every request,
    and a stream is for those who can take nothing else.
    """
    if not accept:
        return JSON
    wishes = sorted(map(_wish, accept.split(",")), key=lambda wish: -wish[1])
    for media_range, weight in wishes:
        if weight > 0 and media_range in _ANSWERS:
            return _ANSWERS[media_range]
    if any(media_range == EVENT_STREAM and weight > 0 for media_range, weight in wishes):
        return EVENT_STREAM
    raise BadRequest(406, f"Answers are given as {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}.")


_ANSWERS = {GRAPHQL_JSON: GRAPHQL_JSON, JSON: JSON, "application/*": JSON, "*/*": JSON}


def _wish(text: str) -> tuple[str, float]:
    """A media range and its weight; a weight that cannot be read counts as 0."""
    media_range, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    return media_range, float(weight) if weight.replace(".", "", 1).isdecimal() else 0.0
