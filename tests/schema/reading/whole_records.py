"""Documents that ask for everything there is of some records, one level deep."""

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from tests.schema.reading.contract_by_hand import TABLES
from tests.schema.reading.documents_at_random import Asked
from tests.schema.reading.rows import Register

MOST_IDS = 100
LEFT_OUT = {"proof", "lookupSalt"}  # The ledger's, and open to everybody.


def asked_for_every_record(contract: GraphQLSchema, register: Register) -> Iterator[Asked]:
    """Every record of every kind with all its fields, and the ids of all it leads to."""
    for kind, table in TABLES.items():
        document = _document(contract, kind)
        ids = [row["id"] for row in register.tables[table]]
        for begin in range(0, len(ids), MOST_IDS):
            yield Asked(document, {"ids": ids[begin : begin + MOST_IDS]})


def _document(contract: GraphQLSchema, kind: str) -> str:
    declared = contract.type_map[kind]
    assert isinstance(declared, GraphQLObjectType)
    fields = " ".join(
        _whole(contract, name, field, levels=2)
        for name, field in declared.fields.items()
        if name not in LEFT_OUT
    )
    return (
        f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on {kind} {{ {fields} }} }} }}"
    )


def _whole(contract: GraphQLSchema, name: str, field: GraphQLField, levels: int) -> str:
    """The field with the id of what it leads to, or all of a part that has none."""
    assert not any(map(is_required_argument, field.args.values())), name
    kind = get_named_type(field.type)
    if is_leaf_type(kind):
        return name
    assert isinstance(kind, GraphQLObjectType)
    if "id" in kind.fields:
        return f"{name} {{ id }}"
    parts = (
        _whole(contract, inner, each, levels - 1)
        for inner, each in kind.fields.items()
        if levels > 0 or is_leaf_type(get_named_type(each.type))
    )
    return f"{name} {{ {' '.join(parts)} }}"
