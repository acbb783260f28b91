"""Reading a body off the wire, and never further than the limit."""

from starlette.requests import Request

from api.answers import BadRequest


async def read_body(request: Request, largest: int) -> bytes:
    """The whole body. Raises `BadRequest` for one of more than `largest` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            message = f"The body may have at most {largest} bytes."
            raise BadRequest(413, message, code="LIMIT_EXCEEDED")
    return bytes(body)
