"""All that a resolver may know of the request: who asks, and how to read and act."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry.dataloader import DataLoader

from services.actors import Actor
from services.reading import records
from services.reading.records import Page, Wanted
from services.registry import Registry
from services.views import Batch, Record, ToMany, View

T = TypeVar("T")

LONGEST_WAIT = 5.0  # Seconds, for proofs of what was done.


@dataclass(slots=True)
class Context:
    """One per operation. Loaders gather the keys that sibling fields ask for.

    `seconds_to_wait` are left for acts that wait for their proofs.
    """

    registry: Registry
    actor: Actor | None
    request_id: str = ""
    seconds_to_wait: float = field(default_factory=lambda: LONGEST_WAIT)
    _loaders: dict[Hashable, DataLoader[str, Any]] = field(default_factory=dict)

    @property
    def signed_in(self) -> Actor:
        """The actor of an act. Raises a request error for the public: acts need a name."""
        if self.actor is None:
            raise GraphQLError(
                "This needs a signed-in member.", extensions={"code": "UNAUTHENTICATED"}
            )
        return self.actor

    def forget(self) -> None:
        """Read everything anew from here on."""
        self._loaders.clear()

    async def one(self, view: View, key: str | None, *, by: str = "id") -> Record | None:
        """The record of `view` with this id, or key in the field `by`, if the asker may see it."""
        if key is None:
            return None

        async def load(keys: Sequence[str]) -> list[Record | None]:
            async with self.registry.reading() as tx:
                return await records.read_each(tx, self.actor, view, keys, by=by)

        return await self._load(("one", view, by), load, key)

    async def many(
        self, relation: ToMany, key: str, unless: tuple[str, ...] = ()
    ) -> Sequence[Record]:
        """The records of `relation` for this key that the asker may see.

        `unless` names the flags that are not set, whose conditions hold.
        """
        wanted = Wanted(conditions=[relation.unless[flag] for flag in unless])

        async def load(keys: Sequence[str]) -> list[list[Record]]:
            async with self.registry.reading() as tx:
                return await records.read_related(tx, self.actor, relation, keys, wanted)

        return await self._load(("many", relation, unless), load, key)

    async def page(
        self, relation: ToMany, key: str, *, first: int, after: tuple[Any, ...] | None
    ) -> Page:
        """A page of the records of `relation` for this key that the asker may see."""

        async def load(keys: Sequence[str]) -> list[Page]:
            async with self.registry.reading() as tx:
                return await records.read_related_pages(
                    tx, self.actor, relation, keys, first=first, after=after
                )

        return await self._load(("page", relation, first, after), load, key)

    async def count(self, relation: ToMany, key: str) -> int:
        """How many records of `relation` for this key the asker may see."""

        async def load(keys: Sequence[str]) -> list[int]:
            async with self.registry.reading() as tx:
                return await records.count_related(tx, self.actor, relation, keys)

        return await self._load(("count", relation), load, key)

    async def batch(self, batch: Batch, key: str, arguments: Mapping[str, Any]) -> Any:
        """What a batch function gives for this key; None where it gives nothing."""

        async def load(keys: Sequence[str]) -> list[Any]:
            found = await batch.load(self.registry, keys, **arguments)
            return [found.get(key) for key in keys]

        return await self._load(("batch", batch, *sorted(arguments.items())), load, key)

    async def _load(
        self, place: Hashable, load: Callable[[Sequence[str]], Awaitable[list[T]]], key: str
    ) -> T:
        """Gathered with the other keys that are asked for in the same place."""
        if place not in self._loaders:
            self._loaders[place] = DataLoader(load_fn=load)
        loaded: T = await self._loaders[place].load(key)
        return loaded


Info: TypeAlias = strawberry.Info[Context, None]
