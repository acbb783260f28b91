"""The contract as committed, and what it promises of every type in it."""

from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    build_schema,
)

import schema as package
from schema import schema

COMMITTED = Path(package.__file__).parent / "schema.graphql"
TYPES = build_schema(schema.as_str()).type_map
OURS = {name: kind for name, kind in TYPES.items() if not name.startswith("__")}


def test_the_committed_contract_is_the_one_the_code_gives():
    assert COMMITTED.read_text(encoding="utf-8") == schema.as_str() + "\n"


def test_everything_is_described():
    silent = [
        f"{name}.{field}"
        for name, kind in OURS.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
        for field, value in kind.fields.items()
        if not value.description
    ]
    silent += [
        name
        for name, kind in OURS.items()
        if not kind.description and name not in {"String", "Int", "Boolean", "ID", "Float"}
    ]
    assert silent == []


def test_every_mutation_takes_one_input_and_answers_with_a_payload():
    mutations = TYPES["Mutation"].fields
    taken = {name: tuple(field.args) for name, field in mutations.items()}
    assert taken == dict.fromkeys(mutations, ("input", "waitForProof"))
    given = {name: field.type.of_type.interfaces for name, field in mutations.items()}
    assert given == dict.fromkeys(mutations, (TYPES["Payload"],))


def test_what_a_query_finds_at_its_root_may_be_absent():
    lists = {"nodes"}
    never_null = {
        name
        for name, field in TYPES["Query"].fields.items()
        if isinstance(field.type, GraphQLNonNull)
        and name not in lists
        and not str(field.type.of_type).endswith("Connection")
    }
    assert never_null == set()
