"""The ends of every range and texts too long, in every field of every input: never a fault."""

import pytest
from graphql import GraphQLNamedType, get_named_type

from schema import schema
from tests.scenarios.malformed.test_values import ACTS, CANCEL, an_input, mutation
from tests.scenarios.malformed.world import told

LARGEST = 2**63 - 1
TOO_LONG = "名" * 10_000
EXTREMES = {
    "String": [TOO_LONG],
    "Int": [2**31 - 1, -(2**31)],
    "BigInt": [str(LARGEST), str(-LARGEST)],
    "Instant": ["1900-01-01T00:00:00Z", "9000-12-31T23:59:59.999999Z"],
    "Day": ["1900-01-01", "9000-12-31"],
}


def fields_of(type_name: str) -> dict[str, GraphQLNamedType]:
    fields = schema._schema.type_map[type_name].fields
    return {name: get_named_type(field.type) for name, field in fields.items()}


def is_list(type_name: str, field: str) -> bool:
    return "[" in str(schema._schema.type_map[type_name].fields[field].type)


def extremes(type_name: str, sent: dict):
    """Each input in which one field, or one within it, is at an end of what can be sent."""
    for field, kind in fields_of(type_name).items():
        for value in EXTREMES.get(kind.name, []):
            yield field, {**sent, field: [value] if is_list(type_name, field) else value}
        if kind.name == "MoneyInput":
            for value in EXTREMES["BigInt"]:
                yield field, {**sent, field: {"amountMinor": value, "currency": "CNY"}}


@pytest.mark.parametrize("act", [*ACTS, CANCEL])
async def test_an_extreme_is_accepted_or_refused_and_a_text_too_long_is_refused(world, act):
    who, variables = an_input(world, act)
    for field, sent in extremes(f"{act[0].upper()}{act[1:]}Input", variables["input"]):
        body = {"query": mutation(act), "variables": {"input": sent}}
        answer = await world.client.post("/graphql", json=body, headers=world.signed(who))
        status, codes = told(answer)
        assert status == 200
        assert not {"INTERNAL", "UNAVAILABLE", "TRY_AGAIN"} & set(codes), field
        assert codes or TOO_LONG not in str(sent), field
    assert [record for record in world.log.records if record.levelname == "ERROR"] == []
