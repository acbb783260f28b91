"""The guard: what a document may ask for at once, and that measuring it stays cheap."""

import pytest
from graphql import FragmentDefinitionNode, get_introspection_query, parse

from schema.guard import GuardedSchema, Measurer, Size, TooLarge, read_document
from tests.api.door import Query

SCHEMA = GuardedSchema(Query)


def nested(depth):
    return "{me " * (depth - 1) + "{hello}" + "}" * (depth - 1)


def nested_in_fragments(depth):
    return "{me {...F}} fragment F on Query " + nested(depth - 1)


def side_by_side(count):
    return "{" + "hello " * count + "}"


def aliased(count):
    return "{me {" + " ".join(f"a{n}: hello" for n in range(count)) + "}}"


def aliased_in_fragments(count):
    return f"{{me {{{'...F ' * count}}}}} fragment F on Query {{a: hello}}"


def many(count):
    """As many fields in all, a hundred of them written once and used again and again."""
    rest = count - 1 - 19 * 100
    fields = "...F " * 19 + "hello " * rest
    return f"{{me {{{fields}}}}} fragment F on Query {side_by_side(100)}"


def inline(levels):
    return "{..." * (levels - 1) + "{hello}" + "}" * (levels - 1)


def chained(length, spreads):
    """Fragments of which each spreads the next: `spreads` to the power of `length` fields."""
    links = [
        f"fragment F{n} on Query {{{f'...F{n + 1} ' * spreads}}}" for n in range(1, length + 1)
    ]
    return " ".join(["{...F1}", *links, f"fragment F{length + 1} on Query {{hello}}"])


def of_tokens(count):
    return "{count(tree: {names: [" + '"" ' * (count - 13) + "]})}"


@pytest.mark.parametrize(
    ("document", "most"),
    [
        (nested, 12),
        (nested_in_fragments, 12),
        (side_by_side, 10),
        (aliased, 30),
        (aliased_in_fragments, 30),
        (many, 2_000),
        (inline, 40),
        (lambda levels: chained(levels - 2, spreads=1), 40),
        (of_tokens, 2_000),
    ],
    ids=[
        "depth",
        "depth in fragments",
        "root fields",
        "aliases",
        "aliases in fragments",
        "fields",
        "levels",
        "levels of fragments",
        "tokens",
    ],
)
async def test_a_document_may_be_as_large_as_the_limit_and_no_larger(document, most):
    assert (await SCHEMA.execute(document(most))).errors is None
    [error] = (await SCHEMA.execute(document(most + 1))).errors
    assert error.extensions == {"code": "LIMIT_EXCEEDED"}
    assert f"at most {most}" in error.message


def measurer_of(document):
    parts = [part for part in document.definitions if isinstance(part, FragmentDefinitionNode)]
    return Measurer({part.name.value: part for part in parts})


@pytest.mark.parametrize("spreads", [1, 2, 3])
def test_a_fragment_is_measured_once_however_often_it_is_spread(spreads):
    """804 bytes like these kept a limiter that walks every path busy for 15 seconds."""
    document = parse(chained(22, spreads))
    measurer = measurer_of(document)
    size = measurer.measure(document.definitions[0].selection_set)
    fields = spreads**22
    assert size == Size(depth=1, levels=24, breadth=fields, fields=fields, aliases=0)
    assert measurer.steps == 1 + 22 * spreads + 1


@pytest.mark.parametrize(
    "document",
    [
        chained(22, spreads=2),
        chained(240, spreads=1),
        " ".join(reversed(chained(240, spreads=1).replace("} ", "}\n").split("\n"))),
        "{" + " ".join(f"...F{n}" for n in range(200, 0, -20)) + chained(220, 1)[len("{...F1") :],
        "{hello} " + chained(22, spreads=2)[len("{...F1} ") :],
        "{me " * 190 + "{hello}" + "}" * 190,
    ],
    ids=["doubling", "long", "long from its end", "long in parts", "not spread", "deep"],
)
def test_documents_made_to_be_slow_are_refused_before_validation(document):
    with pytest.raises(TooLarge):
        read_document(document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{...A} fragment A on Query {...A}", "Cannot spread fragment 'A' within itself."),
        (
            "{...A} fragment A on Query {...B ...B} fragment B on Query {...A ...A}",
            "Cannot spread fragment 'A' within itself via 'B'.",
        ),
        ("{...A}", "Unknown fragment 'A'."),
        (
            "{__schema {types {fields {type {fields {type {fields {name}}}}}}}}",
            "Maximum introspection depth exceeded",
        ),
    ],
)
async def test_what_validation_refuses_better_is_left_to_it(document, message):
    assert (await SCHEMA.execute(document)).errors[0].message == message


@pytest.mark.parametrize("detailed", [True, False])
async def test_the_schema_may_be_asked_to_describe_itself(detailed):
    query = get_introspection_query(
        descriptions=detailed,
        specified_by_url=detailed,
        directive_is_repeatable=detailed,
        schema_description=detailed,
        input_value_deprecation=detailed,
    )
    assert (await SCHEMA.execute(query)).errors is None


async def test_a_document_is_parsed_once_and_not_every_document_is_remembered():
    assert read_document("{hello me {hello}}") is read_document("{hello me {hello}}")
    for number in range(600):
        read_document(f"{{hello}} # {number}")
    assert read_document.cache_info().currsize == 512


async def test_what_was_refused_once_is_refused_again():
    first, second = [await SCHEMA.execute(nested(13)) for _ in range(2)]
    assert [error.message for error in first.errors] == [error.message for error in second.errors]
