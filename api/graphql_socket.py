"""GraphQL over a WebSocket, by the graphql-transport-ws protocol (github.com/enisdenjo/graphql-ws).

A message that is none of the protocol's ends the connection with a code that says so. Each
operation has a context of its own, and is asked for its next result when the last one was sent.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry import Schema
from strawberry.types import ExecutionResult

from api.authentication import Doorkeeper, Visitor, shown_in
from api.graphql_errors import tell
from api.graphql_request import LARGEST_BODY, GraphQLRequest
from api.graphql_running import results_of
from api.graphql_view import MakeContext
from api.racing import first_of
from api.tokens import Unauthenticated

logger = logging.getLogger(__name__)

PROTOCOL = "graphql-transport-ws"
LONGEST_INIT = 10.0  # Seconds until a client has to have said who it is.
LONGEST_SEND = 30.0  # Seconds that a client may leave a message unread.
LONGEST_FAREWELL = 1.0
MOST_OPERATIONS = 20
TRY_AGAIN_LATER = (1013, "Try again later")
LONGEST_REASON = 123  # Bytes (RFC 6455, section 5.5).

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Payload = dict[str, Any] | None


class ConnectionInit(msgspec.Struct, tag_field="type", tag="connection_init"):
    payload: Payload = None


class Ping(msgspec.Struct, tag_field="type", tag="ping"):
    payload: Payload = None


class Pong(msgspec.Struct, tag_field="type", tag="pong"):
    payload: Payload = None


class Subscribe(msgspec.Struct, tag_field="type", tag="subscribe"):
    id: Id
    payload: GraphQLRequest


class Complete(msgspec.Struct, tag_field="type", tag="complete"):
    id: Id


Message = ConnectionInit | Ping | Pong | Subscribe | Complete
_decoder = msgspec.json.Decoder(Message)


class Farewell(Exception):  # noqa: N818 - how a conversation ends.
    """The connection is to be closed, with a code of the protocol or of RFC 6455."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason.encode()[:LONGEST_REASON].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class GraphQLSockets:
    """Where WebSockets are answered. `stopping` is set when the server is about to stop."""

    schema: Schema
    doorkeeper: Doorkeeper
    make_context: MakeContext
    stopping: asyncio.Event

    async def answer(self, socket: WebSocket) -> None:
        if not _is_of_this_place(socket):
            await socket.close()  # Before it is accepted: HTTP's 403.
            return
        is_spoken = PROTOCOL in socket.scope["subprotocols"]
        await socket.accept(PROTOCOL if is_spoken else None)
        if is_spoken:
            farewell = await Conversation(self, socket).hold()
        else:
            farewell = Farewell(4406, "Subprotocol not acceptable")
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(LONGEST_FAREWELL):
                await socket.close(farewell.code, farewell.reason)


def _is_of_this_place(socket: WebSocket) -> bool:
    """Pages of other sites ask nothing over HTTP either, where browsers hold them back."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")


@dataclass(slots=True)
class Conversation:
    """What is said over one socket, from `connection_init` to the farewell."""

    place: GraphQLSockets
    socket: WebSocket
    shown: Sequence[str] = ()
    visitor: Visitor | None = None
    operations: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    _is_broken: asyncio.Event = field(default_factory=asyncio.Event)

    async def hold(self) -> Farewell:
        """Talk until something ends it, and say what."""
        try:
            await first_of(
                self._listen(), self._until_outstayed(), self._until_stopped(), self._until_broken()
            )
        except Farewell as farewell:
            return farewell
        except WebSocketDisconnect as gone:
            return Farewell(gone.code, "")
        except TimeoutError:
            return Farewell(*TRY_AGAIN_LATER)
        except Exception:
            logger.exception("fault in a conversation over a socket")
        finally:
            tasks = list(self.operations.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return Farewell(1011, "Internal error")

    async def _listen(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_INIT) as limit:
                while self.visitor is None:
                    await self._heed(await self._hear())
        except TimeoutError:
            if limit.expired():
                raise Farewell(4408, "Connection initialisation timeout") from None
            raise
        self._has_begun.set()
        while True:
            await self._heed(await self._hear())

    async def _until_outstayed(self) -> None:
        await self._has_begun.wait()
        assert self.visitor is not None
        await self.place.doorkeeper.watch_over(self.visitor, self.shown)
        raise Farewell(4403, "Forbidden")

    async def _until_stopped(self) -> None:
        await self.place.stopping.wait()
        raise Farewell(1012, "Service restart")

    async def _until_broken(self) -> None:
        await self._is_broken.wait()
        raise Farewell(*TRY_AGAIN_LATER)

    async def _hear(self) -> Message:
        received = await self.socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text = received.get("text")
        if text is None:
            raise Farewell(4400, "Messages are text")
        if len(text) > LARGEST_BODY:
            raise Farewell(1009, f"A message may have at most {LARGEST_BODY} bytes")
        try:
            message: Message = _decoder.decode(text)
        except (ValueError, RecursionError) as error:
            raise Farewell(4400, f"This is no message of {PROTOCOL}: {error}") from None
        return message

    async def _heed(self, message: Message) -> None:
        match message:
            case ConnectionInit(payload):
                await self._begin(payload or {})
            case Ping():
                await self._say(type="pong")
            case Subscribe(key, asked):
                await self._subscribe(key, asked)
            case Complete(key) if key in self.operations:
                self.operations.pop(key).cancel()
            case _:
                pass

    async def _begin(self, parameters: dict[str, Any]) -> None:
        """Sign in with what a request over HTTP says in `Authorization`."""
        if self.visitor is not None:
            raise Farewell(4429, "Too many initialisation requests")
        given = [value for name, value in parameters.items() if name.lower() == "authorization"]
        self.shown = [*shown_in(self.socket), *map(str, given)]
        self.visitor = await self._let_in()
        await self._say(type="connection_ack")

    async def _let_in(self) -> Visitor:
        try:
            return await self.place.doorkeeper.let_in(self.shown)
        except Unauthenticated:
            raise Farewell(4403, "Forbidden") from None

    async def _subscribe(self, key: str, asked: GraphQLRequest) -> None:
        if self.visitor is None:
            raise Farewell(4401, "Unauthorized")
        if key in self.operations:
            raise Farewell(4409, f"Subscriber for {key} already exists")
        if len(self.operations) >= MOST_OPERATIONS:
            message = f"At most {MOST_OPERATIONS} operations can run on one connection."
            error = {"message": message, "extensions": {"code": "LIMIT_EXCEEDED"}}
            await self._say(type="error", id=key, payload=[error])
            return
        visitor = await self._let_in()
        self.operations[key] = asyncio.create_task(self._run(key, asked, visitor))

    async def _run(self, key: str, asked: GraphQLRequest, visitor: Visitor) -> None:
        """Run one operation to its end. What keeps it from being told ends the conversation."""
        try:
            request_id = uuid4().hex
            context = self.place.make_context(visitor.actor, request_id)
            async with aclosing(results_of(asked, self.place.schema, context)) as results:
                async for result in results:
                    if not await self._tell(key, result, request_id):
                        return
            del self.operations[key]
            await self._say(type="complete", id=key)
        except Exception as fault:
            if not isinstance(fault, WebSocketDisconnect | TimeoutError):
                logger.exception("fault in an operation over a socket")
            self._is_broken.set()

    async def _tell(self, key: str, result: ExecutionResult, request_id: str) -> bool:
        """Send a result; False when it is an error that ends the operation."""
        told = tell(result, request_id)
        if told.was_run:
            await self._say(type="next", id=key, payload=told.content)
            return True
        del self.operations[key]
        await self._say(type="error", id=key, payload=told.content["errors"])
        return False

    async def _say(self, **message: Any) -> None:
        async with asyncio.timeout(LONGEST_SEND):
            await self.socket.send_text(msgspec.json.encode(message).decode())
