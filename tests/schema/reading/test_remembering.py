"""What the compiled reader remembers: one plan for all who ask alike, and only so many."""

import pytest

from schema import schema
from schema.guard import MOST_DOCUMENTS_REMEMBERED
from schema.reading.documents import Documents, UnplannableError, query_of
from schema.reading.planning import Contract
from schema.reading.reader import PLANS_REMEMBERED, CompiledReader
from services.actors import Role
from services.reading.answering import answerer_of

PAGE = """query ($industry: String, $first: Int! = 3) {
    certificates(filter: {industry: $industry}, first: $first) {nodes {id}}
}"""
DOCUMENTS = Documents(Contract.of(schema).schema)


@pytest.fixture
def reader(registry):
    return CompiledReader(registry, answerer_of(registry), schema)


def compiled(reader, text, roles=None, **variables):
    query = DOCUMENTS.query(text, None)
    return reader.compiled(query, query.variables.read(variables), roles)


def test_one_plan_serves_all_who_ask_alike(reader):
    first = compiled(reader, PAGE, industry="steel")
    again = compiled(reader, PAGE, industry="glass")
    assert again is first
    [value_of] = first.plan.parameters.values()
    assert [value_of({"industry": each}) for each in ("steel", "glass")] == ["steel", "glass"]


@pytest.mark.parametrize(
    ("roles", "variables"),
    [
        (None, {"industry": None}),
        (None, {}),
        (None, {"industry": "steel", "first": 4}),
        (frozenset(), {"industry": "steel"}),
        (frozenset({Role.EXAMINER}), {"industry": "steel"}),
    ],
)
def test_who_asks_otherwise_has_another_plan(reader, roles, variables):
    first = compiled(reader, PAGE, industry="steel")
    assert compiled(reader, PAGE, roles, **variables) is not first


def test_plans_last_asked_for_are_kept_and_no_more(reader):
    first = compiled(reader, PAGE)
    for number in range(PLANS_REMEMBERED + 10):
        assert compiled(reader, PAGE) is first
        # Of these there are no plans, which is remembered alike.
        with pytest.raises(UnplannableError):
            compiled(reader, PAGE, first=501 + number)
    assert len(reader._plans) == PLANS_REMEMBERED


def test_documents_last_asked_for_are_kept_and_no_more():
    documents = Documents(Contract.of(schema).schema)
    first = documents.query("{me {id}}", None)
    for number in range(MOST_DOCUMENTS_REMEMBERED + 10):
        assert documents.query("{me {id}}", None) is first
        documents.query(f"{{me {{a{number}: id}}}}", None)
    assert documents._queries.cache_info().currsize == MOST_DOCUMENTS_REMEMBERED
    assert query_of.cache_info().maxsize == MOST_DOCUMENTS_REMEMBERED
