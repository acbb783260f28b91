"""Arguments of fields: what they are now, and how they come from the variables each time."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
)
from graphql.utilities import value_from_ast

from services.identifiers import kind_of

Variables = Mapping[str, Any]


class Given(NamedTuple):
    """A value as it is for the variables at hand, and where it comes from for others alike."""

    now: Any
    of: Callable[[Variables], Any]

    def item(self, name: str) -> "Given":
        """What stands under a name in an input object."""
        return Given(self.now[name], lambda variables: self.of(variables)[name])


def fixed(value: Any) -> Given:
    return Given(value, lambda _: value)


def arguments_of(
    definition: GraphQLField, node: FieldNode, variables: Variables
) -> dict[str, Given]:
    """All arguments of a field by their names in the contract, defaults among them."""
    written = {argument.name.value: argument.value for argument in node.arguments or ()}
    given = {}
    for name, argument in definition.args.items():
        value = written.get(name)
        is_absent = value is None or (
            isinstance(value, VariableNode) and value.name.value not in variables
        )
        if is_absent:
            given[name] = fixed(
                None if argument.default_value is Undefined else argument.default_value
            )
        else:
            assert value is not None
            given[name] = _given(value, argument.type, variables)
    return given


def _given(node: ValueNode, kind: GraphQLInputType, variables: Variables) -> Given:
    if isinstance(node, VariableNode):
        name = node.name.value
        if name not in variables:
            return fixed(None)
        return Given(variables[name], lambda told: told[name])
    if isinstance(kind, GraphQLNonNull):
        return _given(node, kind.of_type, variables)
    if isinstance(node, NullValueNode):
        return fixed(None)
    if isinstance(kind, GraphQLList) and isinstance(node, ListValueNode):
        items = [_given(item, kind.of_type, variables) for item in node.values]
        return Given([item.now for item in items], lambda told: [item.of(told) for item in items])
    if isinstance(kind, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        return _object(node, kind, variables)
    return fixed(value_from_ast(node, kind))


def _object(node: ObjectValueNode, kind: GraphQLInputObjectType, variables: Variables) -> Given:
    written = {each.name.value: each.value for each in node.fields}
    fields = {}
    for name, field in kind.fields.items():
        if name in written:
            value = written[name]
            if isinstance(value, VariableNode) and value.name.value not in variables:
                continue
            fields[name] = _given(value, field.type, variables)
        elif field.default_value is not Undefined:
            fields[name] = fixed(field.default_value)
    return Given(
        {name: each.now for name, each in fields.items()},
        lambda told: {name: each.of(told) for name, each in fields.items()},
    )


def shape_of(value: Any) -> Any:
    """What a plan depends on in a variable's value.

    Truth and numbers, for `@skip` and the sizes of pages; which fields of an input are there;
    how long a list is; of a text, the kind of identifier it may be.
    """
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return value.name
        case str():
            return kind_of(value) or ""
        case list():
            return tuple(map(shape_of, value))
        case dict():
            return tuple((name, shape_of(each)) for name, each in value.items())
        case _:
            return type(value)
