"""Relay's Node: any record with an identifier, found by the identifier alone."""

import strawberry

from schema.reading.fields import find_node, find_nodes


@strawberry.interface(description="A record of the register with an identifier of its own.")
class Node:
    id: strawberry.ID = strawberry.field(description="Unique in the whole register.")


@strawberry.type
class NodeQueries:
    node: Node | None = find_node("The record with this id, if it may be seen.")
    nodes: list[Node | None] = find_nodes(
        "The records with these ids, null where none may be seen."
    )
