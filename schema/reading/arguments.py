"""Arguments of fields: what they are now, and how they come from the variables each time."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
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
    get_nullable_type,
)
from graphql.utilities import value_from_ast

from schema.reading.documents import UnplannableError

Variables = Mapping[str, Any]


class Given(NamedTuple):
    """A value as it is for the variables at hand, and where it comes from for others alike.

    `fields` are those of an input object that is written out in the document.
    """

    now: Any
    of: Callable[[Variables], Any]
    fields: Mapping[str, "Given"] | None = None
    is_fixed: bool = False

    def item(self, name: str) -> "Given":
        """What stands under a name in an input object."""
        if self.fields is not None:
            return self.fields[name]
        return Given(self.now[name], lambda variables: self.of(variables)[name])


def fixed(value: Any) -> Given:
    return Given(value, lambda _: value, is_fixed=True)


def arguments_of(
    definition: GraphQLField, node: FieldNode, variables: Variables
) -> dict[str, Given]:
    """All arguments of a field by their names in the contract, defaults among them.

    Raises `UnplannableError` for a null where none may be.
    """
    written = {argument.name.value: argument.value for argument in node.arguments or ()}
    return {
        name: _given(written[name], argument.type, variables)
        if _is_there(written.get(name), variables)
        else fixed(None if argument.default_value is Undefined else argument.default_value)
        for name, argument in definition.args.items()
    }


def _is_there(node: ValueNode | None, variables: Variables) -> bool:
    """A variable that was left out is as if it had not been written."""
    if isinstance(node, VariableNode):
        return node.name.value in variables
    return node is not None


def _given(node: ValueNode, kind: GraphQLInputType, variables: Variables) -> Given:
    is_required = isinstance(kind, GraphQLNonNull)
    given = _given_perhaps(node, get_nullable_type(kind), variables)
    # A variable that may be null can stand where there is a default instead.
    if given.now is Undefined or (is_required and given.now is None):
        raise UnplannableError("a null where none may be")
    return given


def _given_perhaps(node: ValueNode, kind: Any, variables: Variables) -> Given:
    if isinstance(node, VariableNode):
        name = node.name.value
        return Given(variables.get(name), itemgetter(name)) if name in variables else fixed(None)
    if isinstance(node, NullValueNode):
        return fixed(None)
    if isinstance(kind, GraphQLList) and isinstance(node, ListValueNode):
        return _list([_given(item, kind.of_type, variables) for item in node.values])
    if isinstance(kind, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        return _object(node, kind, variables)
    return fixed(value_from_ast(node, kind))


def _list(items: Sequence[Given]) -> Given:
    now = [item.now for item in items]
    if all(item.is_fixed for item in items):
        return fixed(now)
    return Given(now, lambda told: [item.of(told) for item in items])


def _object(node: ObjectValueNode, kind: GraphQLInputObjectType, variables: Variables) -> Given:
    written = {each.name.value: each.value for each in node.fields}
    fields = {}
    for name, field in kind.fields.items():
        if _is_there(written.get(name), variables):
            fields[name] = _given(written[name], field.type, variables)
        elif field.default_value is not Undefined:
            fields[name] = fixed(field.default_value)
    return Given(
        {name: each.now for name, each in fields.items()},
        lambda told: {name: each.of(told) for name, each in fields.items()},
        fields,
    )
