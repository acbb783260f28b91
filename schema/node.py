"""Relay's Node: any record with an identifier, found by the identifier alone."""

import asyncio
from typing import Annotated, Any

import strawberry

from schema.context import Info
from schema.paging import bad_input
from services.identifiers import Kind, kind_of
from services.views import Record, Relation, View


@strawberry.interface(description="A record of the register with an identifier of its own.")
class Node:
    id: strawberry.ID = strawberry.field(description="Unique in the whole register.")


_KINDS: dict[Kind, tuple[type[Any], View]] = {}


def nodes_of(kind: Kind, view: View) -> Any:
    """Decorate a strawberry type: `node(id)` answers with it for identifiers of this kind."""

    def remember(cls: type[Any]) -> type[Any]:
        assert kind not in _KINDS, kind
        _KINDS[kind] = (cls, view)
        return cls

    return remember


def types_and_views() -> list[tuple[type[Any], View]]:
    """Every type that is read through a view."""
    return list(_KINDS.values())


async def find_node(info: Info, id: str) -> Any:
    kind = kind_of(id)
    if kind not in _KINDS:
        return None
    cls, view = _KINDS[kind]
    return shown(cls, await info.context.one(view, id))


def shown(cls: type[Any], record: Record | None) -> Any:
    """A record as its GraphQL type; None stays None."""
    return None if record is None else cls(**record)


async def related(info: Info, relation: Relation, key: str) -> list[Any]:
    """The records of a relation that may be seen, as the GraphQL type of their view."""
    (cls,) = (cls for cls, view in _KINDS.values() if view is relation.view)
    return [cls(**record) for record in await info.context.many(relation, key)]


ManyIds = Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids.")]
LARGEST_BATCH = 100


@strawberry.type
class NodeQueries:
    @strawberry.field(description="The record with this id, if it may be seen.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        found: Node | None = await find_node(info, id)
        return found

    @strawberry.field(description="The records with these ids, null where none may be seen.")
    async def nodes(self, info: Info, ids: ManyIds) -> list[Node | None]:
        if len(ids) > LARGEST_BATCH:
            raise bad_input(f"At most {LARGEST_BATCH} ids can be asked for at once.")
        return list(await asyncio.gather(*(find_node(info, key) for key in ids)))
