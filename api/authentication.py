"""Who asks: the bearer token of a request, checked, and the member it stands for."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api.answers import json_answer, problem
from api.known_tokens import KnownTokens
from api.tokens import Claims, Unauthenticated
from services.actors import Actor
from services.clock import SystemClock

logger = logging.getLogger(__name__)

ActorOf = Callable[[Claims], Awaitable[Actor | None]]
BETWEEN_LOOKS = 60.0  # Seconds after which a visitor who stays is looked at again.


class Visitor(NamedTuple):
    """Who was let in, `None` for the public, and until when, in seconds since 1970 UTC."""

    actor: Actor | None
    until: float


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Lets members in by token, and everybody as the public."""

    tokens: KnownTokens
    actor_of: ActorOf

    async def admit(self, request: Request) -> Actor | None:
        """The member asking; `None` when no token is shown. Raises `Unauthenticated`."""
        return (await self.let_in(shown_in(request))).actor

    async def let_in(self, shown: Sequence[str]) -> Visitor:
        """Who shows these, which are what `Authorization` says. Raises `Unauthenticated`."""
        if not shown:
            return Visitor(None, math.inf)
        if len(shown) > 1:
            raise Unauthenticated
        scheme, _, token = shown[0].partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        claims = await self.tokens.check(token)
        actor = await self.actor_of(claims)
        if actor is None:
            raise Unauthenticated
        return Visitor(actor, claims.expires_at)

    async def watch_over(self, visitor: Visitor, shown: Sequence[str]) -> None:
        """Return when a visitor who stays has to leave: the token ends, or the membership."""
        while (left := visitor.until - SystemClock().now().timestamp()) > 0:
            await asyncio.sleep(min(left, BETWEEN_LOOKS))
            try:
                await self.let_in(shown)
            except Unauthenticated:
                return
            except Exception:
                logger.exception("fault while a visitor was looked at again")


def shown_in(request: HTTPConnection) -> list[str]:
    """What a request shows of who asks."""
    return request.headers.getlist("authorization")


async def answer_unauthenticated(_request: Request, _error: Exception) -> Response:
    """One answer for every wrong token (RFC 6750 section 3, without its hint of what is wrong)."""
    return json_answer(
        problem("UNAUTHENTICATED", "The sign-in token is not accepted."),
        status=401,
        headers={"WWW-Authenticate": "Bearer"},
    )
