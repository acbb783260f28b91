"""The application put together: routes, what runs beside them, and how they begin and end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from strawberry import Schema

from api.answers import BadRequest, answer_bad_request, json_answer, problem
from api.authentication import ActorOf, Doorkeeper, answer_unauthenticated
from api.draining import STOPPING
from api.envelope import Envelope
from api.graphiql import graphiql_routes
from api.graphql_socket import GraphQLSockets
from api.graphql_view import GraphQLView, MakeContext
from api.hot_way import HotWay, Read
from api.known_tokens import KnownTokens
from api.provider_keys import ProviderKeys
from api.public_log import public_log_routes
from api.readiness import Seen
from api.repeating import Beside, Repeated, Work
from api.settings import Settings
from api.tokens import OwnIssuer, Unauthenticated

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[dict[str, Any]]]
MoreRoutes = Callable[[Doorkeeper], Sequence[BaseRoute]]

BETWEEN_KEY_FETCHES = 300.0
OK, NOT_FOUND, UNAVAILABLE = 200, 404, 503


@dataclass(frozen=True, slots=True)
class Parts:
    """What the door opens to. It calls these and knows nothing more of the register.

    `read` answers queries, and what it leaves is run by the schema.
    `make_context` makes the context of one operation from the actor and the request's id;
    `actor_of` finds the member that checked claims stand for, `None` for nobody known;
    `readiness` says what serves and what does not; `beside` goes on while requests are answered;
    `close` is called once, last; `more_routes` are those of the capabilities.
    """

    schema: Schema
    read: Read
    make_context: MakeContext
    actor_of: ActorOf
    readiness: Callable[[], Awaitable[Seen]]
    beside: Sequence[Beside]
    close: Work
    more_routes: MoreRoutes


def create_app(settings: Settings, parts: Parts) -> Starlette:
    """The application for an ASGI server. Makes the sign-in key on a first start.

    A server that is about to stop sets `state.stopping`: streams and sockets end then.
    """
    stopping = asyncio.Event()
    beside = [*parts.beside]
    keys: OwnIssuer | ProviderKeys
    if settings.jwks_url is None:
        keys = OwnIssuer.at(settings.data)
    else:
        keys = ProviderKeys(settings.jwks_url)
        beside.append(Repeated("fetching the provider's keys", keys.refresh, BETWEEN_KEY_FETCHES))
    tokens = KnownTokens(keys, settings.issuer, settings.audience)
    doorkeeper = Doorkeeper(tokens, parts.actor_of)
    asking = (parts.schema, doorkeeper, parts.make_context, stopping)
    app = Starlette(
        routes=[
            Route("/graphql", GraphQLView(*asking).answer, methods=["POST"]),
            WebSocketRoute("/graphql", GraphQLSockets(*asking).answer),
            *(graphiql_routes() if settings.graphiql else []),
            *public_log_routes(settings.ledger_files),
            *_health_routes(parts.readiness),
            *parts.more_routes(doorkeeper),
        ],
        middleware=[Middleware(Envelope)],
        exception_handlers={
            BadRequest: answer_bad_request,
            HTTPException: _answer_unroutable,
            Unauthenticated: answer_unauthenticated,
        },
        lifespan=_lifespan(beside, parts.close, stopping),
    )
    app.state.stopping = stopping
    # The redirect would be built from the Host header, which anybody may write.
    app.router.redirect_slashes = False
    # Around everything else: what catches faults of the application is nothing to it.
    app.middleware_stack = HotWay(app.build_middleware_stack(), doorkeeper, parts.read)
    return app


def _lifespan(beside: Sequence[Beside], close: Work, stopping: asyncio.Event) -> Lifespan:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        stop = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in beside:
                    tasks.create_task(_until(work, stop))
                yield {STOPPING: stopping}
                stop.set()
        finally:
            await close()

    return lifespan


async def _until(work: Beside, stop: asyncio.Event) -> None:
    await work(stop)


def _health_routes(look: Callable[[], Awaitable[Seen]]) -> list[Route]:
    async def health(_request: Request) -> Response:
        return json_answer({"status": "alive"})

    async def readiness(_request: Request) -> Response:
        seen = await look()
        return json_answer(seen.shown(), status=UNAVAILABLE if seen.failing else OK)

    return [Route("/healthz", health), Route("/readyz", readiness)]


async def _answer_unroutable(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = "NOT_FOUND" if error.status_code == NOT_FOUND else "BAD_REQUEST"
    content = problem(code, error.detail)
    return json_answer(content, status=error.status_code, headers=error.headers)
