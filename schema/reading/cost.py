"""What a document may ask for in all, told by its pages and lists before anything is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
    is_object_type,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.reading.answers import ANSWER, Batched
from schema.reading.arguments import Given, arguments_of
from schema.reading.documents import Query, UnplannableError, query_of
from services.views import LARGEST_PAGE

# Of 200 bytes each, which is what a record with a few fields takes, they make 10 MB. A page of 500
# certificates, each with its holder and three offers, has some 3,000.
MOST_OBJECTS = 50_000
# A list without pages has no bound but what happens in life: few things bind one certificate.
IN_A_LIST = 10
# To be counted, all that there are have to be found.
FOR_A_COUNT = 10
# A proof takes as long as reading some dozens of records.
FOR_A_BATCH = 25


class TooCostly(GraphQLError):  # noqa: N818 - a finding about a document.
    """The answer could be larger than any may be."""

    def __init__(self) -> None:
        super().__init__(
            f"This document asks for too much: an answer may have at most {MOST_OBJECTS:,} objects,"
            f" where pages count as full, and each list that has no pages as {IN_A_LIST}.",
            extensions={"code": "LIMIT_EXCEEDED"},
        )


def require_affordable(schema: GraphQLSchema, query: Query, variables: Mapping[str, Any]) -> None:
    """Raise `TooCostly` for what could have more than `MOST_OBJECTS`."""
    if objects_in(schema, query, variables) > MOST_OBJECTS:
        raise TooCostly


def objects_in(schema: GraphQLSchema, query: Query, variables: Mapping[str, Any]) -> int:
    """The most objects that an answer could have, by the sizes of its pages.

    Raises `UnplannableError` where an argument is null that may not be.
    """
    root = schema.get_root_type(query.operation.operation)
    assert root is not None
    return _Counting(schema, query, variables).within(root, [query.operation.selection_set])


@dataclass(frozen=True, slots=True)
class _Counting:
    schema: GraphQLSchema
    query: Query
    variables: Mapping[str, Any]

    def within(
        self, kind: Any, selections: Sequence[SelectionSetNode], in_a_list: int = IN_A_LIST
    ) -> int:
        """The objects below one of this type, when its lists have so many items."""
        if is_abstract_type(kind):
            types = self.schema.get_possible_types(kind)
            return max(self.within(each, selections, in_a_list) for each in types)
        fields = self.query.collected(self.schema, kind, [*selections], self.variables)
        return sum(self._of(kind, nodes, in_a_list) for nodes in fields.values())

    def _of(self, kind: GraphQLObjectType, nodes: list[FieldNode], in_a_list: int) -> int:
        name = nodes[0].name.value
        if name.startswith("__"):
            return 0  # Validation has a bound of its own for the schema's description of itself.
        field = kind.fields[name]
        given = arguments_of(field, nodes[0], self.variables)
        times = _length(given, in_a_list) if is_list_type(get_nullable_type(field.type)) else 1
        itself = _beside(field.extensions, name)
        inner = get_named_type(field.type)
        if not (is_object_type(inner) or is_abstract_type(inner)):
            return itself
        selections = [node.selection_set for node in nodes if node.selection_set]
        # What has a size is a page, and its lists are as long as that.
        below = self.within(inner, selections, _size(given))
        return itself + times * (1 + below)


def _size(given: Mapping[str, Given]) -> int:
    """Of the lists in a page. Sizes that no page has are refused where they are asked for."""
    return min(max(given["first"].now, 0), LARGEST_PAGE) if "first" in given else IN_A_LIST


def _length(given: Mapping[str, Given], in_a_list: int) -> int:
    """Of a list: as many as were named, where they are."""
    return len(given["ids"].now) if "ids" in given else in_a_list


def _beside(extensions: Mapping[str, Any], name: str) -> int:
    """What it takes to find the value of a field, in objects."""
    definition = extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if definition is not None and isinstance(definition.metadata.get(ANSWER), Batched):
        return FOR_A_BATCH
    return FOR_A_COUNT if name == "totalCount" else 0


class CostGuard(SchemaExtension):
    """Lets a valid document pass only if it asks for no more than an answer may have.

    To be entered after the validation, whose findings it adds to.
    """

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        if context.pre_execution_errors == []:
            try:
                self._require_affordable()
            except TooCostly as error:
                context.pre_execution_errors = [error]
        yield

    def _require_affordable(self) -> None:
        context = self.execution_context
        schema: GraphQLSchema = context.schema._schema  # noqa: SLF001 - there is no other way to it.
        assert context.graphql_document is not None
        query = query_of(schema, context.graphql_document, context.operation_name)
        taken = query.variables.read(context.variables or {})
        if taken is None:
            return  # The execution says better what does not fit.
        try:
            require_affordable(schema, query, taken.values)
        except UnplannableError:
            return  # The same.
