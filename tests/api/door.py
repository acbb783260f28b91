"""A door that opens to a small register of its own: enough schema to ask anything of HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import strawberry
from starlette.applications import Starlette

from api.app import Parts, create_app
from api.hot_way import Read
from api.readiness import Seen
from api.repeating import Repeated
from api.settings import Settings, read_settings
from api.tokens import Claims, OwnIssuer, issue_token
from schema.guard import GuardedSchema
from services.actors import Actor, Role
from services.clock import SystemClock


@strawberry.input
class Tree:
    left: "Tree | None" = None
    names: list[str] | None = None


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "stranger") -> str:
        return f"hello {name}"

    @strawberry.field
    def count(self, tree: Tree) -> int:
        return len(tree.names or [])

    @strawberry.field
    def me(self) -> "Query":
        return Query()

    @strawberry.field
    def actor(self, info: strawberry.Info) -> str | None:
        actor: Actor | None = info.context["actor"]
        return actor and f"{actor.subject} for {actor.party_id}"

    @strawberry.field
    async def slow(self) -> bool:
        return await asyncio.Event().wait()

    @strawberry.field
    def fault(self) -> str | None:
        raise LookupError("the secret is 42")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def write(self, info: strawberry.Info) -> int:
        info.context["written"].append(1)
        return len(info.context["written"])


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, most: int = 1) -> AsyncIterator[int]:
        for tick in range(most):
            yield tick

    @strawberry.subscription
    async def forever(self, info: strawberry.Info) -> AsyncIterator[str]:
        """Says who asks, and then nothing more. `followed` knows who is still there."""
        followed: list[object] = info.context["followed"]
        here = object()
        followed.append(here)
        try:
            actor: Actor | None = info.context["actor"]
            yield actor.subject if actor else "the public"
            await asyncio.Event().wait()
        finally:
            followed.remove(here)

    @strawberry.subscription
    async def flood(self, info: strawberry.Info) -> AsyncIterator[str]:
        """As much as the asker takes. `written` counts the messages."""
        while True:
            info.context["written"].append(1)
            yield "x" * 50_000

    @strawberry.subscription
    async def breaking(self) -> AsyncIterator[int]:
        yield 1
        raise LookupError("the secret is 42")


ALL_WELL = Seen(())


async def _nothing(*_: object) -> None:
    return None


@dataclass
class Door:
    """A small register behind a real door. `written` counts the acts that reached it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    written: list[int] = field(default_factory=list)
    followed: list[object] = field(default_factory=list)
    expelled: set[str] = field(default_factory=lambda: {"expelled"})
    ready: Seen = ALL_WELL
    read: Read = _nothing
    work: Callable[[], Awaitable[None]] = _nothing
    close: Callable[[], Awaitable[None]] = _nothing

    async def _actor_of(self, claims: Claims) -> Actor | None:
        """Everybody but the expelled acts for the party named in the token."""
        if claims.subject in self.expelled or claims.party_id is None:
            return None
        return Actor(claims.subject, claims.party_id, frozenset({Role.REGISTRANT}))

    async def _read(self, *asked: Any) -> bytes | None:
        return await self.read(*asked)

    async def _readiness(self) -> Seen:
        return self.ready

    @property
    def settings(self) -> Settings:
        return read_settings({"DATATITLE_DATA": str(self.folder), **self.environment})

    def app(self) -> Starlette:
        parts = Parts(
            schema=GuardedSchema(Query, Mutation, Subscription),
            read=self._read,
            make_context=lambda actor, _request_id: {
                "actor": actor,
                "written": self.written,
                "followed": self.followed,
            },
            actor_of=self._actor_of,
            readiness=self._readiness,
            beside=[Repeated("the work", self.work, 0.1)],
            close=self.close,
            more_routes=lambda _doorkeeper: [],
        )
        return create_app(self.settings, parts)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            yield client

    def token(
        self,
        subject: str = "li.wei",
        party_id: str | None = "party_1",
        lifetime: timedelta = timedelta(minutes=5),
    ) -> str:
        return issue_token(
            OwnIssuer.at(self.folder),
            issued_by=self.settings.issuer,
            audience=self.settings.audience,
            subject=subject,
            party_id=party_id,
            role="REGISTRANT",
            now=SystemClock().now(),
            lifetime=lifetime,
        )
