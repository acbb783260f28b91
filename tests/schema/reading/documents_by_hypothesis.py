"""Documents that hypothesis-graphql makes of the contract, some asking for what there is."""

import random

from graphql import (
    GraphQLSchema,
    Node,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from tests.schema.reading.documents_at_random import Asked
from tests.schema.reading.values_at_random import Known

SCALARS = {
    "Instant": ["2026-02-01T02:00:00Z", "2026-06-01T09:00:00+08:00", "soon"],
    "Day": ["2026-06-01", "2026-02-30"],
    "BigInt": ["0", "5", "9223372036854775807", "x"],
    "Hash": ["0" * 64, "x"],
}


def asked_by_hypothesis(
    schema: GraphQLSchema, text: str, known: Known, dice: random.Random, times: int
) -> list[Asked]:
    """So many of them: the same for the same dice."""
    made: list[str] = []
    scalars = {name: st.sampled_from(values).map(nodes.String) for name, values in SCALARS.items()}

    @seed(dice.getrandbits(64))
    @settings(
        max_examples=times,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(queries(text, custom_scalars=scalars))
    def collect(document: str) -> None:
        made.append(document)

    collect()
    return [Asked(_asking_for_what_is_there(each, schema, known, dice)) for each in made]


def _asking_for_what_is_there(
    document: str, schema: GraphQLSchema, known: Known, dice: random.Random
) -> str:
    every = [key for keys in known.ids.values() for key in keys]
    types = TypeInfo(schema)

    class PutIds(Visitor):
        """Most ids become some that exist."""

        def enter(self, node: Node, *_: object) -> object:
            declared = types.get_input_type()
            is_value = node.kind in {"string_value", "int_value"}
            is_id = is_value and declared and get_named_type(declared).name == "ID"
            if is_id and dice.random() < 0.8:
                return StringValueNode(value=dice.choice(every), block=False)
            return None

    return print_ast(visit(parse(document), TypeInfoVisitor(types, PutIds())))
