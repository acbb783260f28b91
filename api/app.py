"""The application put together: routes, what runs beside them, and how they begin and end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from strawberry import Schema

from api.answers import BadRequest, answer_bad_request, json_answer, problem
from api.authentication import ActorOf, Doorkeeper, answer_unauthenticated
from api.envelope import Envelope
from api.graphiql import graphiql_routes
from api.graphql_view import GraphQLView, MakeContext
from api.provider_keys import ProviderKeys
from api.public_log import public_log_routes
from api.settings import Settings
from api.tokens import OwnIssuer, Unauthenticated

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[object]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]
MoreRoutes = Callable[[Doorkeeper], Sequence[BaseRoute]]

BETWEEN_CHECKPOINTS = 1.0
BETWEEN_COPIES = 1.0
BETWEEN_KEY_FETCHES = 300.0
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Parts:
    """What the door opens to. It calls these and knows nothing more of the register.

    `make_context` makes the context of one operation from the actor and the request's id;
    `actor_of` finds the member that checked claims stand for, `None` for nobody known;
    `is_ready` returns when the database answers and raises when it does not;
    `seal` signs and publishes a checkpoint if there is reason to, and is called every second;
    `close` is called once, last; `more_routes` are those of the capabilities;
    `mirror` brings the copy of the public log up to it, every second, where there is one.
    """

    schema: Schema
    make_context: MakeContext
    actor_of: ActorOf
    is_ready: Work
    seal: Work
    close: Work
    more_routes: MoreRoutes
    mirror: Work | None = None


class Repeated(NamedTuple):
    """Work done again and again while the server runs, with a rest of `seconds` between."""

    work: Work
    seconds: float


def create_app(settings: Settings, parts: Parts) -> Starlette:
    """The application for an ASGI server. Makes the sign-in key on a first start."""
    repeated = [Repeated(parts.seal, BETWEEN_CHECKPOINTS)]
    if parts.mirror is not None:
        repeated.append(Repeated(parts.mirror, BETWEEN_COPIES))
    keys: OwnIssuer | ProviderKeys
    if settings.jwks_url is None:
        keys = OwnIssuer.at(settings.data)
    else:
        keys = ProviderKeys(settings.jwks_url)
        repeated.append(Repeated(keys.refresh, BETWEEN_KEY_FETCHES))
    doorkeeper = Doorkeeper(keys, settings.issuer, settings.audience, parts.actor_of)
    view = GraphQLView(parts.schema, doorkeeper, parts.make_context)
    app = Starlette(
        routes=[
            Route("/graphql", view.answer, methods=["POST"]),
            *(graphiql_routes() if settings.graphiql else []),
            *public_log_routes(settings.ledger_files),
            *_health_routes(parts.is_ready),
            *parts.more_routes(doorkeeper),
        ],
        middleware=[Middleware(Envelope)],
        exception_handlers={
            BadRequest: answer_bad_request,
            HTTPException: _answer_unroutable,
            Unauthenticated: answer_unauthenticated,
        },
        lifespan=_lifespan(repeated, parts.close),
    )
    # The redirect would be built from the Host header, which anybody may write.
    app.router.redirect_slashes = False
    return app


def _lifespan(repeated: Sequence[Repeated], close: Work) -> Lifespan:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        stop = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as beside:
                for work, seconds in repeated:
                    beside.create_task(_repeat(work, seconds, stop))
                yield
                stop.set()
        finally:
            await close()

    return lifespan


async def _repeat(work: Work, seconds: float, stop: asyncio.Event) -> None:
    """Work that fails is logged and tried again; work in hand is finished before the end."""
    while not stop.is_set():
        try:
            await work()
        except Exception:
            logger.exception("fault beside the requests; trying again in %s s", seconds)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


def _health_routes(is_ready: Work) -> list[Route]:
    async def health(_request: Request) -> Response:
        return json_answer({"status": "alive"})

    async def readiness(_request: Request) -> Response:
        try:
            await is_ready()
        except Exception:
            logger.exception("not ready")
            return json_answer({"status": "not ready"}, status=503)
        return json_answer({"status": "ready"})

    return [Route("/healthz", health), Route("/readyz", readiness)]


async def _answer_unroutable(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = "NOT_FOUND" if error.status_code == NOT_FOUND else "BAD_REQUEST"
    content = problem(code, error.detail)
    return json_answer(content, status=error.status_code, headers=error.headers)
