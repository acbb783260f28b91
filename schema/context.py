"""All that a resolver may know of the request: who asks, and how to read and act."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry
from graphql import GraphQLError
from strawberry.dataloader import DataLoader

from services import views
from services.actors import Actor
from services.registry import Registry
from services.views import Record, Relation, View

Loader: TypeAlias = DataLoader[str, Record | None]
ManyLoader: TypeAlias = DataLoader[str, list[Record]]


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
    _one: dict[tuple[str, str], Loader] = field(default_factory=dict)
    _many: dict[tuple[str, str], ManyLoader] = field(default_factory=dict)

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
        self._one.clear()
        self._many.clear()

    async def find(self, view: View, **equal: str) -> Record | None:
        """The one record of `view` whose named field has this value, if it may be seen."""
        async with self.registry.reading() as tx:
            return await views.read_one(tx, self.actor, view, **equal)

    async def one(self, view: View, key: str | None, *, by: str = "id") -> Record | None:
        """The record of `view` with this id, or key in the field `by`, if the asker may see it."""
        if key is None:
            return None

        async def load(keys: Sequence[str]) -> list[Record | None]:
            async with self.registry.reading() as tx:
                return await views.read_each(tx, self.actor, view, keys, by=by)

        return await self._one.setdefault((view.name, by), DataLoader(load_fn=load)).load(key)

    async def many(self, relation: Relation, key: str) -> list[Record]:
        """The records of `relation` for this key that the asker may see."""

        async def load(keys: Sequence[str]) -> list[list[Record]]:
            async with self.registry.reading() as tx:
                return await views.read_related(tx, self.actor, relation, keys)

        place = (relation.view.name, relation.by)
        return await self._many.setdefault(place, DataLoader(load_fn=load)).load(key)


Info: TypeAlias = strawberry.Info[Context, None]
