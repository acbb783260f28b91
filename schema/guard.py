"""What a document may ask for at once, measured after it is parsed and before it is validated.

Measuring comes first because validation itself is slow on documents made to be slow. Each
fragment is measured once and its size remembered: 22 fragments that each spread the next one
twice stand for four million fields, and are measured in 22 steps.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError, parse
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension, ValidationCache
from strawberry.types import ExecutionContext

MOST_TOKENS = 2_000
MOST_DOCUMENTS_REMEMBERED = 512


class Size(NamedTuple):
    """How large a selection is with all its fragments in place.

    `depth` counts fields within fields, `levels` also the fragments around them, `breadth` the
    fields at the top, `fields` and `aliases` all there are.
    """

    depth: int = 0
    levels: int = 0
    breadth: int = 0
    fields: int = 0
    aliases: int = 0


LARGEST = Size(depth=12, levels=40, breadth=10, fields=2_000, aliases=30)
UNMEASURED = Size()


class TooLarge(GraphQLError):  # noqa: N818 - a finding about a document.
    """The document asks for more than one request may."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(
            f"This document is too large: a request may have at most {most} {what}.",
            extensions={"code": "LIMIT_EXCEEDED"},
        )


@dataclass(slots=True)
class Measurer:
    """Measures the selections of one document. `steps` counts the selections looked at."""

    fragments: dict[str, FragmentDefinitionNode]
    sizes: dict[str, Size] = field(default_factory=dict)
    steps: int = 0

    def measure(self, selections: SelectionSetNode, level: int = 0) -> Size:
        """The size of a selection set found `level` levels down; raises `TooLarge`.

        The levels are checked on the way down as well, since this calls itself once for each.
        """
        if level > LARGEST.levels:
            raise TooLarge("levels of fields and fragments", LARGEST.levels)
        size = _together(self._size_of(node, level) for node in selections.selections)
        if level + size.levels > LARGEST.levels:
            raise TooLarge("levels of fields and fragments", LARGEST.levels)
        return size

    def _size_of(self, node: SelectionNode, level: int) -> Size:
        self.steps += 1
        if isinstance(node, FieldNode):
            return self._size_of_field(node, level)
        if isinstance(node, InlineFragmentNode):
            size = self.measure(node.selection_set, level + 1)
        else:
            assert isinstance(node, FragmentSpreadNode)
            size = self.size_of_fragment(node.name.value, level)
        return size._replace(levels=size.levels + 1)

    def _size_of_field(self, node: FieldNode, level: int) -> Size:
        inner = self.measure(node.selection_set, level + 1) if node.selection_set else UNMEASURED
        # The schema's description of itself is deep by nature: validation has its own bound.
        is_introspection = node.name.value in {"__schema", "__type"}
        return Size(
            depth=1 if is_introspection else inner.depth + 1,
            levels=inner.levels + 1,
            breadth=1,
            fields=inner.fields + 1,
            aliases=inner.aliases + (node.alias is not None),
        )

    def size_of_fragment(self, name: str, level: int = 0) -> Size:
        if name not in self.sizes:
            # A fragment that spreads itself, or is missing, counts as nothing: validation
            # refuses both, and says so better.
            self.sizes[name] = UNMEASURED
            if name in self.fragments:
                selections = self.fragments[name].selection_set
                self.sizes[name] = self.measure(selections, level + 1)
        if level + self.sizes[name].levels > LARGEST.levels:
            raise TooLarge("levels of fields and fragments", LARGEST.levels)
        return self.sizes[name]


def _together(sizes: Iterable[Size]) -> Size:
    depth = levels = breadth = fields = aliases = 0
    for size in sizes:
        depth = max(depth, size.depth)
        levels = max(levels, size.levels)
        breadth += size.breadth
        fields += size.fields
        aliases += size.aliases
    return Size(depth, levels, breadth, fields, aliases)


def require_moderate(document: DocumentNode) -> Measurer:
    """Raise `TooLarge` for a document of which any part is larger than `LARGEST`."""
    parts = document.definitions
    fragments = {
        part.name.value: part for part in parts if isinstance(part, FragmentDefinitionNode)
    }
    measurer = Measurer(fragments)
    for part in parts:
        if isinstance(part, FragmentDefinitionNode):
            # Also those nobody spreads: validation walks them all. How deep a fragment is may
            # only be said where it is spread, since introspection is deep by nature.
            size = measurer.size_of_fragment(part.name.value)
            _require_moderate_size(size._replace(breadth=0, depth=0))
        elif isinstance(part, OperationDefinitionNode):
            _require_moderate_size(measurer.measure(part.selection_set))
    return measurer


def _depth_that_counts(fragment: FragmentDefinitionNode, size: Size) -> int:
    """A part of the schema's description may be deep, as the whole may: validation bounds both."""
    is_introspection = fragment.type_condition.name.value.startswith("__")
    return 1 if is_introspection else size.depth


def _require_moderate_size(size: Size) -> None:
    limits = (
        ("levels of nested fields", size.depth, LARGEST.depth),
        ("fields at its root", size.breadth, LARGEST.breadth),
        ("fields, those of fragments counted wherever they are used", size.fields, LARGEST.fields),
        ("aliases", size.aliases, LARGEST.aliases),
    )
    for what, measured, most in limits:
        if measured > most:
            raise TooLarge(what, most)


@lru_cache(maxsize=MOST_DOCUMENTS_REMEMBERED)
def read_document(text: str) -> DocumentNode:
    """The parsed document, once for all requests that send the same text.

    Raises `GraphQLSyntaxError` for what is no document and `TooLarge` for what is too much.
    """
    try:
        document = parse(text, max_tokens=MOST_TOKENS)
    except GraphQLSyntaxError as error:
        if "Parsing aborted" in error.message:
            raise TooLarge("tokens", MOST_TOKENS) from None
        raise
    require_moderate(document)
    return document


class DocumentGuard(SchemaExtension):
    """Parses the document, and lets it pass only if it is moderate and says what to run."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        # Asked before there is a document: afterwards the first operation lends its name.
        is_named = context.operation_name is not None
        document = read_document(context.query or "")
        operations = [
            part for part in document.definitions if isinstance(part, OperationDefinitionNode)
        ]
        if len(operations) > 1 and not is_named:
            raise GraphQLError("This document has several operations: name the one to run.")
        context.graphql_document = document
        yield


class GuardedSchema(strawberry.Schema):
    """A strawberry schema behind the guard, with bounded memories of documents it has met.

    It logs nothing itself: the door does, with the request's id and without the arguments.
    """

    def get_extensions(self, sync: bool = False) -> list[SchemaExtension]:
        validation = ValidationCache(maxsize=MOST_DOCUMENTS_REMEMBERED)
        return [DocumentGuard(), validation, *super().get_extensions(sync)]

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        pass
