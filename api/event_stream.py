"""Results as server-sent events: the distinct connections mode of GraphQL over SSE."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send
from strawberry.types import ExecutionResult

from api.graphql_errors import tell
from api.racing import first_of

BETWEEN_SIGNS_OF_LIFE = 12.0  # Seconds.
LONGEST_SEND = 30.0  # Seconds that a client may leave a message unread.
COMPLETE = b"event: complete\ndata:\n\n"
SIGN_OF_LIFE = b":\n\n"


@dataclass(frozen=True, slots=True)
class EventStream:
    """The answer to one operation: a `next` for each result, and at the end `complete`.

    Nothing more is asked of `results` until the client has taken what there was. Without
    `complete` the stream ends when one of `ends` does, or the client goes; then it was cut short,
    and a client that wants the rest asks for it anew.
    """

    results: AsyncGenerator[ExecutionResult, None]
    request_id: str
    ends: Sequence[Callable[[], Coroutine[Any, Any, object]]]

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _send(send, _START)
            await first_of(
                self._send_results(send),
                _send_signs_of_life(send),
                _until_gone(receive),
                *(end() for end in self.ends),
            )
            await _send(send, {"type": "http.response.body"})
        except TimeoutError:
            raise ClientDisconnect from None

    async def _send_results(self, send: Send) -> None:
        async with aclosing(self.results) as results:
            async for result in results:
                data = msgspec.json.encode(tell(result, self.request_id).content)
                await _send_chunk(send, b"event: next\ndata: " + data + b"\n\n")
        await _send_chunk(send, COMPLETE)


_START: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        # A proxy that gathers answers before it passes them on would keep events to itself.
        (b"x-accel-buffering", b"no"),
    ],
}


async def _send_signs_of_life(send: Send) -> None:
    """Comments, so that nobody on the way takes the quiet for the end."""
    while True:
        await asyncio.sleep(BETWEEN_SIGNS_OF_LIFE)
        await _send_chunk(send, SIGN_OF_LIFE)


async def _send_chunk(send: Send, chunk: bytes) -> None:
    await _send(send, {"type": "http.response.body", "body": chunk, "more_body": True})


async def _send(send: Send, message: Message) -> None:
    async with asyncio.timeout(LONGEST_SEND):
        await send(message)


async def _until_gone(receive: Receive) -> None:
    with suppress(ClientDisconnect):
        while (await receive())["type"] != "http.disconnect":
            pass
