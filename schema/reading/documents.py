"""Documents: parsed, found to be valid, and kept with the operation that is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    validate,
)
from graphql.utilities import value_from_ast_untyped

from schema.guard import MOST_DOCUMENTS_REMEMBERED, read_document


class UnplannableError(Exception):
    """The reference reader is to answer this; the message says why, and is counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A query operation of a valid document."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]

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
        if (directive.name.value, bool(holds)) in {("skip", True), ("include", False)}:
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


class Documents:
    """The documents last asked for, by their text."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.query = lru_cache(MOST_DOCUMENTS_REMEMBERED)(self._query)

    def _query(self, text: str, name: str | None) -> Query:
        """The query of this name. Raises what the guard raises, and `UnplannableError`."""
        document = read_document(text)
        operations = [
            part
            for part in document.definitions
            if isinstance(part, OperationDefinitionNode)
            and name in {None, part.name.value if part.name else None}
        ]
        if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
            raise UnplannableError("not one query")
        if name is None and _operations(document) > 1:
            raise UnplannableError("not one query")
        if validate(self._schema, document):
            raise UnplannableError("not valid")
        fragments = {
            part.name.value: part
            for part in document.definitions
            if isinstance(part, FragmentDefinitionNode)
        }
        return Query(operations[0], fragments)


def _operations(document: Any) -> int:
    return sum(isinstance(part, OperationDefinitionNode) for part in document.definitions)
