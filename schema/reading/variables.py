"""The variables of a query: their values, and the shape of them that a plan rests on.

What clients mostly send is taken as it is after a look at its type, which costs a tenth of asking
graphql-core. Graphql-core takes all the rest, and it alone says what fits and what does not.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    type_from_ast,
)
from graphql.execution.values import get_variable_values

from services.identifiers import kind_of

# Gives the value of a variable, or `Undefined` for what graphql-core has to look at.
Take = Callable[[Any], Any]
Shape = Callable[[Any], Hashable]
LEFT_OUT = object()  # Unlike `Undefined`, it is not equal to None.


class Taken(NamedTuple):
    """The values by name, and what the plan depends on in them.

    That is truth, for `@skip`; numbers, for the sizes of pages; names of an enum; what is null or
    left out; how long a list is; of an identifier, the kind it claims to be of.
    """

    values: Mapping[str, Any]
    shape: tuple[Hashable, ...]


class _Declared(NamedTuple):
    """`otherwise` are the values without one for this variable; None when it must have one."""

    name: str
    definition: VariableDefinitionNode
    take: Take
    shape: Shape
    otherwise: Mapping[str, Any] | None


class Variables:
    """The variables that an operation declares."""

    def __init__(
        self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]
    ) -> None:
        self._schema = schema
        self._declared = tuple(map(self._declare, definitions))

    def read(self, given: Mapping[str, Any]) -> Taken | None:
        """None when the values do not fit."""
        values: dict[str, Any] = {}
        shape: list[Hashable] = []
        for name, definition, take, shape_of, otherwise in self._declared:
            value = given.get(name, Undefined)
            if value is not Undefined:
                value = take(value)
            if value is Undefined:
                found = self._found(definition, given) if name in given else otherwise
                if found is None:
                    return None
                value = found.get(name, Undefined)
            if value is Undefined:
                shape.append(LEFT_OUT)
            else:
                values[name] = value
                shape.append(shape_of(value))
        return Taken(values, tuple(shape))

    def _declare(self, definition: VariableDefinitionNode) -> _Declared:
        kind: Any = type_from_ast(self._schema, definition.type)
        name = definition.variable.name.value
        otherwise = self._found(definition, {})
        return _Declared(name, definition, _taking(kind), _shaping(kind), otherwise)

    def _found(
        self, definition: VariableDefinitionNode, given: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """What graphql-core makes of it."""
        values = get_variable_values(self._schema, [definition], dict(given))
        return None if isinstance(values, list) else values.coerced


def _taking(kind: Any) -> Take:
    if isinstance(kind, GraphQLNonNull):
        return _taking_some(kind.of_type)
    some = _taking_some(kind)
    return lambda value: None if value is None else some(value)


def _taking_some(kind: Any) -> Take:
    """How what is not null is taken."""
    if isinstance(kind, GraphQLList):
        each = _taking(kind.of_type)
        return lambda value: _listed(value, each)
    if isinstance(kind, GraphQLEnumType):
        names = {name: kind.coerce_input_value(name) for name in kind.values}
        return lambda value: names.get(value, Undefined) if type(value) is str else Undefined
    return _SCALARS.get(kind.name, lambda _: Undefined)


def _listed(value: Any, take: Take) -> Any:
    if type(value) is not list:
        return Undefined
    items = [take(item) for item in value]
    return Undefined if any(item is Undefined for item in items) else items


def _whole(value: Any) -> Any:
    fits = type(value) is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT
    return value if fits else Undefined


def _text(value: Any) -> Any:
    return value if type(value) is str else Undefined


def _truth(value: Any) -> Any:
    return value if type(value) is bool else Undefined


_SCALARS: dict[str, Take] = {"String": _text, "ID": _text, "Int": _whole, "Boolean": _truth}


def _shaping(kind: Any) -> Shape:
    if isinstance(kind, GraphQLNonNull):
        return _shaping(kind.of_type)
    if isinstance(kind, GraphQLList):
        each = _shaping(kind.of_type)
        return lambda value: None if value is None else tuple(map(each, value))
    if isinstance(kind, GraphQLInputObjectType):
        return _shaping_object(kind)
    if kind.name == "ID":
        return lambda value: None if value is None else (kind_of(value),)
    if kind.name in {"Int", "Boolean"} or isinstance(kind, GraphQLEnumType):
        return lambda value: value
    return lambda value: value is None


def _shaping_object(kind: GraphQLInputObjectType) -> Shape:
    fields = [(name, _shaping(field.type)) for name, field in kind.fields.items()]

    def shape(value: Any) -> Hashable:
        if value is None:
            return None
        return tuple(of(value[name]) if name in value else LEFT_OUT for name, of in fields)

    return shape
