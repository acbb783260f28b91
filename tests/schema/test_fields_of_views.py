"""Every field of a type that is read through a view is the view's own, or says how it is answered.

So the compiled reader knows of each what the reference reader does, and neither leaves one out.
"""

import pytest
from graphql import GraphQLNonNull, get_named_type, get_nullable_type, is_list_type

from schema import Query, schema
from schema.node import Node
from schema.reading import answers
from schema.reading.answers import ANSWER
from schema.reading.kinds import type_of, types_and_views, view_of
from services.identifiers import Kind, new_id

# What resolvers alone answer: reports and assessments, which rules judge, and the feed of changes,
# which is read off the ledger. They stand at the root; no type with a view has any.
RESOLVED = {
    "Query.certificate_changes",
    "Query.collateral_report",
    "Query.license_grantability",
    "Query.listing_eligibility",
}
CONTRACT = schema._schema
PAGED = {"first", "after"}
READ = [pytest.param(cls, view, id=f"{cls.__name__}-{view}") for cls, view in types_and_views()]


def fields_of(cls):
    """Each of its fields with the answer it has, if any."""
    return [(each, each.metadata.get(ANSWER)) for each in cls.__strawberry_definition__.fields]


def in_contract(cls, field):
    """A field as graphql-core knows it."""
    name_of = schema.config.name_converter.get_graphql_name
    return CONTRACT.type_map[cls.__strawberry_definition__.name].fields[name_of(field)]


@pytest.mark.parametrize(("cls", "view"), READ)
def test_a_type_is_made_of_fields_of_its_view(cls, view):
    own = {field.python_name for field, _ in fields_of(cls)}
    plain = {field.python_name for field, _ in fields_of(cls) if not field.base_resolver}
    private = set(cls.__dataclass_fields__) - own
    assert (plain | private) - set(view.fields) == set()


def test_every_other_field_has_an_answer_or_is_one_that_a_resolver_alone_gives():
    resolved = {
        f"{cls.__name__}.{field.python_name}"
        for cls in {cls for cls, _ in types_and_views()} | {Query}
        for field, answer in fields_of(cls)
        if field.base_resolver and answer is None
    }
    assert resolved == RESOLVED


@pytest.mark.parametrize(("cls", "view"), READ)
def test_what_an_answer_rests_on_is_in_the_view(cls, view):
    for field, answer in fields_of(cls):
        match answer:
            case answers.One(relation) | answers.Many(relation) | answers.ManyByPage(relation):
                rests_on = {relation.key}
                assert relation.by in relation.view.fields, field.python_name
            case answers.Amount(amount, currency):
                rests_on = {amount, currency}
            case answers.Spelled(_, name):
                rests_on = {name}
            case answers.Batched(batch):
                rests_on = {batch.key}
            case answers.Fixed() | None:
                rests_on = set()
        assert rests_on - set(view.fields) == set(), field.python_name


@pytest.mark.parametrize(("cls", "_view"), READ)
def test_a_relation_leads_to_the_type_its_view_is_shown_as(cls, _view):
    for field, answer in fields_of(cls):
        if not isinstance(answer, answers.One | answers.Many | answers.ManyByPage):
            continue
        told = in_contract(cls, field).type
        inner = get_named_type(told)
        if isinstance(answer, answers.ManyByPage):
            inner = get_named_type(inner.fields["nodes"].type)
        shown = type_of(answer.relation.view).__strawberry_definition__.name
        assert inner.name == shown, field.python_name
        # What may be hidden may be absent, and a list of nothing is a list.
        is_one = isinstance(answer, answers.One)
        assert isinstance(told, GraphQLNonNull) is not is_one, field.python_name
        is_many = isinstance(answer, answers.Many)
        assert is_list_type(get_nullable_type(told)) is is_many, field.python_name


def test_the_arguments_of_a_list_are_its_flags_or_those_of_a_page():
    for cls in {cls for cls, _ in types_and_views()}:
        for field, answer in fields_of(cls):
            taken = {argument.python_name for argument in field.arguments}
            if isinstance(answer, answers.Many):
                assert taken == set(answer.relation.unless), field.python_name
            if isinstance(answer, answers.ManyByPage):
                assert taken == PAGED, field.python_name


def test_what_a_page_is_asked_to_meet_are_criteria_of_its_view():
    for field, answer in fields_of(Query):
        if not isinstance(answer, answers.PageOf):
            continue
        taken = {argument.python_name for argument in field.arguments} - PAGED
        asked = set(answer.criteria)
        if answer.argument is not None:
            argument = in_contract(Query, field).args[answer.argument]
            filtered = schema.get_type_by_name(get_named_type(argument.type).name)
            names = {each.python_name for each in filtered.fields}
            assert names == set(answer.view.criteria), field.python_name
        assert taken == asked | ({answer.argument} - {None}), field.python_name
        assert asked - set(answer.view.criteria) == set(), field.python_name
        assert set(answer.unless) - asked == set(), field.python_name


def test_a_record_is_found_by_fields_of_its_view():
    for field, answer in fields_of(Query):
        if not isinstance(answer, answers.Find):
            continue
        argument = in_contract(Query, field).args[answer.argument]
        chosen = schema.get_type_by_name(get_named_type(argument.type).name)
        by = {each.python_name for each in getattr(chosen, "fields", ())} or {"id"}
        assert by - set(answer.view.fields) == set(), field.python_name


@pytest.mark.parametrize("kind", Kind)
def test_whatever_has_an_identifier_is_found_by_it(kind):
    view = view_of(new_id(kind))
    assert "id" in view.fields
    assert Node in type_of(view).__mro__
