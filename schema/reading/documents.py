"""Documents: parsed, found to be valid, and kept with the operation that is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    specified_rules,
)
from graphql.utilities import value_from_ast_untyped
from strawberry.schema.schema import validate_document

from schema.guard import MOST_DOCUMENTS_REMEMBERED, read_document
from schema.reading.variables import Variables


class UnplannableError(Exception):
    """The reference reader is to answer this; the message says why, and is counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """An operation of a valid document. All but queries are looked at for their cost alone."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Variables

    def collected(
        self,
        schema: GraphQLSchema,
        kind: GraphQLObjectType,
        selections: list[SelectionSetNode],
        variables: Mapping[str, Any],
    ) -> dict[str, list[FieldNode]]:
        """The fields to answer for an object of this type, under their response keys.

        (GraphQL specification, section 6.3.2.)
        """
        fields: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selection in selections:
            for node in self._fields(schema, kind, selection, variables, seen):
                key = node.alias.value if node.alias else node.name.value
                fields.setdefault(key, []).append(node)
        return fields

    def _fields(
        self,
        schema: GraphQLSchema,
        kind: GraphQLObjectType,
        selection: SelectionSetNode,
        variables: Mapping[str, Any],
        seen: set[str],
    ) -> Iterator[FieldNode]:
        for node in selection.selections:
            if not _is_included(node, variables):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            inner: Any = node
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                seen.add(node.name.value)
                inner = self.fragments[node.name.value]
            assert isinstance(inner, InlineFragmentNode | FragmentDefinitionNode)
            if _applies(schema, kind, inner):
                yield from self._fields(schema, kind, inner.selection_set, variables, seen)


def _is_included(node: Any, variables: Mapping[str, Any]) -> bool:
    for directive in node.directives or ():
        condition = directive.arguments[0].value
        holds = value_from_ast_untyped(condition, dict(variables))
        if not isinstance(holds, bool):
            raise UnplannableError("a null where none may be")
        if (directive.name.value, holds) in {("skip", True), ("include", False)}:
            return False
        if directive.name.value not in {"skip", "include"}:
            raise UnplannableError(f"@{directive.name.value}")
    return True


def _applies(
    schema: GraphQLSchema,
    kind: GraphQLObjectType,
    fragment: InlineFragmentNode | FragmentDefinitionNode,
) -> bool:
    condition = fragment.type_condition
    if condition is None or condition.name.value == kind.name:
        return True
    other: Any = schema.type_map[condition.name.value]
    return not isinstance(other, GraphQLObjectType) and schema.is_sub_type(other, kind)


def _operations(document: DocumentNode, name: str | None) -> list[OperationDefinitionNode]:
    """Those of this name, or all when none is asked for by name."""
    return [
        part
        for part in document.definitions
        if isinstance(part, OperationDefinitionNode)
        and name in {None, part.name.value if part.name else None}
    ]


@lru_cache(MOST_DOCUMENTS_REMEMBERED)
def query_of(schema: GraphQLSchema, document: DocumentNode, name: str | None) -> Query:
    """The one operation of this name, in a valid document."""
    [operation] = _operations(document, name)
    fragments = {
        part.name.value: part
        for part in document.definitions
        if isinstance(part, FragmentDefinitionNode)
    }
    variables = Variables(schema, operation.variable_definitions or ())
    return Query(operation, fragments, variables)


class Documents:
    """The documents last asked for, by their text."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._queries = lru_cache(MOST_DOCUMENTS_REMEMBERED)(self._query)

    def query(self, text: str, name: str | None) -> Query:
        """The query of this name. Raises what the guard raises, and `UnplannableError`."""
        query = self._queries(text, name)
        if isinstance(query, str):
            raise UnplannableError(query)
        return query

    def _query(self, text: str, name: str | None) -> Query | str:
        """That, or why there is none: it is not looked for again."""
        document = read_document(text)
        operations = _operations(document, name)
        if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
            return "not one query"
        if validate_document(self._schema, document, tuple(specified_rules)):
            return "not valid"
        return query_of(self._schema, document, name)
