"""The shortest way of a query: from the socket to the compiled reader and back.

It knows one shape of request, the one that nearly all clients send. Whatever else comes, or comes
of it, goes the whole way through the application as if nobody had looked.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import JSON
from api.authentication import Doorkeeper
from api.envelope import SAFE_HEADERS, request_id
from api.graphql_request import GRAPHQL_JSON, LARGEST_BODY, GraphQLRequest
from api.graphql_running import LARGEST_ANSWER, LONGEST_QUERY
from api.tokens import Unauthenticated
from api.unavailable import unavailability
from services.actors import Actor

logger = logging.getLogger(__name__)

# A document, its variables, the operation's name and who asks: the answer, or None.
Read = Callable[[str, Mapping[str, Any] | None, str | None, Actor | None], Awaitable[bytes | None]]

SECONDS_UNTIL_WATCHED = 0.1

_decoder = msgspec.json.Decoder(GraphQLRequest)
_MEDIA_TYPES = {
    b"": JSON,
    b"*/*": JSON,
    JSON.encode(): JSON,
    GRAPHQL_JSON.encode(): GRAPHQL_JSON,
}
_JSON_BODIES = {b"application/json", b"application/json; charset=utf-8"}
_SAFE = [(name.lower().encode(), value.encode()) for name, value in SAFE_HEADERS.items()]


class HotWay:
    """Middleware around the application."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper, read: Read) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._read = read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/graphql" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        headers = _Headers(scope["headers"])
        if headers.media_type is None:
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        watch = _Watch(receive)
        try:
            answer = await self._answer(headers, body)
        except asyncio.CancelledError:
            if not watch.has_ended_it():
                raise
            answer = None
        finally:
            watch.end()
        if answer is None or len(answer) > LARGEST_ANSWER:
            await self._app(scope, _again(body, receive), send)
            return
        await send(_start(headers, len(answer)))
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, headers: "_Headers", body: Sequence[Message]) -> bytes | None:
        """None when the application is to answer."""
        whole = body[0].get("body", b"") if len(body) == 1 else b""
        if not whole or len(whole) > LARGEST_BODY or body[0].get("more_body"):
            return None
        try:
            asked = _decoder.decode(whole)
            actor = (await self._doorkeeper.let_in(headers.shown)).actor
            return await self._read(asked.text, asked.variables, asked.operation_name, actor)
        except (msgspec.MsgspecError, ValueError, RecursionError, Unauthenticated):
            return None
        except Exception as error:
            if unavailability(error) is None:  # Of which the application will tell.
                logger.exception("fault in the compiled reader")
            return None


class _Watch:
    """Ends a reading that takes too long, or for which nobody waits any more.

    Whether the client has gone is looked for only once an answer is late: most are not.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._reading = asyncio.current_task()
        self._watching: asyncio.Task[None] | None = None
        self._alarm = asyncio.get_running_loop().call_later(SECONDS_UNTIL_WATCHED, self._begin)
        self._has_cancelled = False

    def has_ended_it(self) -> bool:
        """Whether it was this that cancelled the task, which may then go on."""
        if self._has_cancelled and self._reading is not None:
            self._reading.uncancel()
        return self._has_cancelled

    def end(self) -> None:
        self._alarm.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_QUERY.total_seconds()):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
        assert self._reading is not None
        self._has_cancelled = self._reading.cancel()


class _Headers:
    """What the hot way has to know of a request's headers."""

    __slots__ = ("media_type", "request_id", "shown")

    def __init__(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """`media_type` of the answer; None for a request that the application must look at."""
        accept, content_type, is_plain, request_id = b"", b"", True, b""
        self.shown: list[str] = []
        for name, value in headers:
            if name == b"authorization":
                self.shown.append(value.decode("latin-1"))
            elif name == b"content-type":
                content_type = value
            elif name == b"accept":
                is_plain = is_plain and not accept
                accept = value
            elif name == b"content-encoding":
                is_plain = False
            elif name == b"x-request-id":
                request_id = request_id or value
        self.request_id = request_id.decode("latin-1")
        is_plain = is_plain and content_type.lower() in _JSON_BODIES
        self.media_type = _MEDIA_TYPES.get(accept) if is_plain else None


async def _body(receive: Receive) -> list[Message]:
    """All messages of the body, or as many as no request is longer than."""
    messages = [await receive()]
    size = len(messages[0].get("body", b""))
    while messages[-1].get("more_body") and size <= LARGEST_BODY:
        messages.append(await receive())
        size += len(messages[-1].get("body", b""))
    if len(messages) > 1 and not messages[-1].get("more_body") and size <= LARGEST_BODY:
        whole = b"".join(each.get("body", b"") for each in messages)
        return [{**messages[-1], "body": whole}]
    return messages


def _again(messages: Sequence[Message], receive: Receive) -> Receive:
    """For the application, as if nobody had received them."""
    left = iter(messages)

    async def receive_again() -> Message:
        message = next(left, None)
        return await receive() if message is None else message

    return receive_again


def _start(headers: _Headers, size: int) -> dict[str, Any]:
    fields = [
        (b"content-length", str(size).encode()),
        (b"content-type", f"{headers.media_type}; charset=utf-8".encode()),
        (b"x-request-id", request_id(headers.request_id).encode()),
        *_SAFE,
    ]
    return {"type": "http.response.start", "status": 200, "headers": fields}
