"""Who asks: the bearer token of a request, checked, and the member it stands for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer, problem
from api.tokens import Claims, KeySource, Unauthenticated, check_token
from services.actors import Actor

ActorOf = Callable[[Claims], Awaitable[Actor | None]]


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Lets members in by token, and everybody as the public."""

    keys: KeySource
    issuer: str
    audience: str
    actor_of: ActorOf

    async def admit(self, request: Request) -> Actor | None:
        """The member asking; `None` when no token is shown. Raises `Unauthenticated`."""
        shown = request.headers.getlist("authorization")
        if not shown:
            return None
        if len(shown) > 1:
            raise Unauthenticated
        scheme, _, token = shown[0].partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        claims = await check_token(token, self.keys, issuer=self.issuer, audience=self.audience)
        actor = await self.actor_of(claims)
        if actor is None:
            raise Unauthenticated
        return actor


async def answer_unauthenticated(_request: Request, _error: Exception) -> Response:
    """One answer for every wrong token (RFC 6750 section 3, without its hint of what is wrong)."""
    return json_answer(
        problem("UNAUTHENTICATED", "The sign-in token is not accepted."),
        status=401,
        headers={"WWW-Authenticate": "Bearer"},
    )
