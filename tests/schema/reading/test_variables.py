"""Variables: the short cut finds what graphql-core does, and the shape tells what plans rest on."""

import pytest
from graphql import OperationDefinitionNode, get_variable_values, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from schema import schema
from schema.reading.planning import Contract
from schema.reading.variables import Variables

CORE = Contract.of(schema).schema
TYPES = [
    *("String", "String!", "ID", "ID!", "Int", "Int!", "Boolean", "Boolean!"),
    *("ProductKind", "ProductKind!", "[ID!]!", "[ID]", "[CertificateStatus!]", "[[Int!]]"),
    *("Instant", "Day!", "BigInt", "CertificateFilterInput", "CertificateBy!"),
    *('String = "x"', "Int! = 20", "[ID!] = []", "ProductKind = ALGORITHM", "Boolean = null"),
    *('CertificateFilterInput = {industry: "x"}', "[CertificateStatus!] = [ACTIVE]"),
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**33), 2**33)
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "ACTIVE", "ALGORITHM", "certificate_1", "a_b", "2026-06-01", "12"])
    | st.just("2026-06-01T09:00:00+08:00")
)
FIELDS = st.sampled_from(["number", "id", "industry", "effectiveStatus", "kind", "nothing"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=2),
    max_leaves=5,
)


def definitions_of(text):
    [operation] = parse(f"query ({text}) {{ me {{ id }} }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    return operation.variable_definitions


def shape_of(kind, value):
    return Variables(CORE, definitions_of(f"$a: {kind}")).read({"a": value}).shape


@settings(max_examples=1_000, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(TYPES), min_size=1, max_size=3),
    values=st.dictionaries(st.sampled_from("abcd"), VALUES),
)
def test_values_are_those_that_graphql_core_finds(kinds, values):
    definitions = definitions_of(
        ", ".join(f"${name}: {kind}" for name, kind in zip("abc", kinds, strict=False))
    )
    expected = get_variable_values(CORE, definitions, values)
    taken = Variables(CORE, definitions).read(values)
    if isinstance(expected, list):
        assert taken is None
    else:
        assert repr(taken.values) == repr(expected.coerced)  # Tells 1 from True, and from 1.0.


@pytest.mark.parametrize(
    ("kind", "one", "another"),
    [
        ("String", "steel", "glass"),
        ("ID", "certificate_1", "certificate_2"),
        ("ID", "nobody_1", "x"),
        ("Instant", "2026-06-01T00:00:00Z", "2027-06-01T00:00:00Z"),
        ("[CertificateFilterInput]", [{"industry": "steel"}], [{"industry": "glass"}]),
        ("[ID!]!", ["party_1", "offer_1"], ["party_2", "offer_2"]),
    ],
)
def test_values_alike_share_a_plan(kind, one, another):
    assert shape_of(kind, one) == shape_of(kind, another)


@pytest.mark.parametrize(
    ("kind", "one", "another"),
    [
        ("String", "steel", None),
        ("Boolean", True, False),
        ("Boolean", False, None),
        ("Int", 20, 21),
        ("Int", 0, None),
        ("ID", "certificate_1", "offer_1"),
        ("ID", "nobody_1", None),
        ("CertificateStatus", "ACTIVE", "REVOKED"),
        ("[ID!]!", ["party_1"], ["party_1", "party_2"]),
        ("[ID!]!", ["party_1", "offer_1"], ["offer_1", "party_1"]),
        ("[ID!]", [], None),
        ("CertificateFilterInput", {"industry": "steel"}, {"industry": None}),
        ("CertificateFilterInput", {}, None),
        ("CertificateBy", {"number": "1"}, {"id": "1"}),
    ],
)
def test_values_that_are_read_in_other_ways_have_other_plans(kind, one, another):
    assert shape_of(kind, one) != shape_of(kind, another)


def test_what_is_left_out_is_not_null():
    variables = Variables(CORE, definitions_of("$a: Int, $b: Int"))
    left_out, null = variables.read({"b": 1}), variables.read({"a": None, "b": 1})
    assert left_out.values == {"b": 1}
    assert null.values == {"a": None, "b": 1}
    assert left_out.shape != null.shape


def test_what_is_not_declared_is_not_looked_at():
    assert Variables(CORE, definitions_of("$a: Int")).read({"a": 1, "b": 2}).values == {"a": 1}
