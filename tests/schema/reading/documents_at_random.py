"""Documents that a client might send, and some that none would: made of the schema by dice.

What hypothesis-graphql does not reach: fragments on types and interfaces, aliases, fields said
twice, `@skip` and `@include`, variables in every place, pages, cursors and ids that exist.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    ast_from_value,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
    print_ast,
    validate,
)

from tests.schema.reading.values_at_random import Known, Values, type_of

_UNDEFINED = Undefined
LEVELS = 9  # Of 12 that a document may have: fragments and pages take some.
# What only the reference reader answers, and what has little to show.
SELDOM = {
    "certificateChanges": 0.2,
    "collateralReport": 0.3,
    "licenseGrantability": 0.2,
    "listingEligibility": 0.2,
    "me": 0.5,
    "myApplications": 0.6,
    "myLicenses": 0.6,
    "myListings": 0.6,
    "myNegotiations": 0.6,
    "myPledges": 0.6,
    "examinerQueue": 0.6,
}
MOST_ALIASES = 25  # Of 30.


@dataclass(frozen=True)
class Asked:
    """What one request sends."""

    document: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation: str | None = None

    def about_others(self, ids: Mapping[str, list[str]], dice: random.Random) -> "Asked":
        """The same document about other records of the same kinds, where variables name any."""

        def other(value: Any) -> Any:
            if isinstance(value, list):
                return [other(each) for each in value]
            if isinstance(value, dict):
                return {name: other(each) for name, each in value.items()}
            alike = next((keys for keys in ids.values() if value in keys), None)
            return dice.choice(alike) if alike else value

        changed = {name: other(value) for name, value in self.variables.items()}
        return Asked(self.document, changed, self.operation)

    def __str__(self) -> str:
        told = f"{self.document}\n# {json.dumps(self.variables, ensure_ascii=False)}"
        return f"{told}\n# {self.operation}" if self.operation else told


def asked_at_random(schema: GraphQLSchema, known: Known, dice: random.Random) -> Asked:
    """Nearly always valid: both readers must find the same mistakes in the others."""
    while True:
        asked = _Draft(schema, Values(schema, known, dice), dice).finish()
        if dice.random() < 0.01 or not validate(schema, parse(asked.document)):
            return asked


@dataclass
class _Draft:
    schema: GraphQLSchema
    values: Values
    dice: random.Random
    variables: dict[str, str] = field(default_factory=dict)  # How each is declared.
    sent: dict[str, Any] = field(default_factory=dict)
    fragments: dict[str, tuple[str, str]] = field(default_factory=dict)
    aliases: int = 0
    budget: int = 0

    def finish(self) -> Asked:
        self.budget = self.dice.choice([6, 15, 15, 40, 40, 90])
        query = self.schema.query_type
        assert query is not None
        selection = self._roots(query)
        declared = ", ".join(f"${name}: {kind}" for name, kind in self.variables.items())
        head = self.dice.choice(["query", "query Asked", "query Asked"])
        if declared:
            head += f"({declared})"
        elif self.dice.random() < 0.3:
            head = ""
        named = "Asked" if "Asked" in head and self.dice.random() < 0.3 else None
        parts = [f"{head} {selection}", *(text for _, text in self.fragments.values())]
        if named and not declared and self.dice.random() < 0.3:
            parts.append("query Other { __typename }")
        self.dice.shuffle(parts)
        if self.dice.random() < 0.03:
            self.sent["undeclared"] = 1
        return Asked("\n".join(parts), self.sent, named)

    def _roots(self, query: GraphQLObjectType) -> str:
        weights = [SELDOM.get(name, 1.0) for name in query.fields]
        times = self.dice.choice([1, 1, 1, 1, 2, 3])
        names = self.dice.choices(list(query.fields), weights, k=times)
        fields = [self._field(query, name, LEVELS, self.dice.random() < 0.2) for name in names]
        return _braces([*fields, "__typename"] if self.dice.random() < 0.03 else fields)

    def _selection(self, kind: GraphQLNamedType, levels: int) -> str:
        """The fields of an object or interface, in braces."""
        assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        parts = [self._part(kind, levels) for _ in range(self.dice.choice([1, 2, 3, 4, 6]))]
        if isinstance(kind, GraphQLInterfaceType):
            parts += [self._inline(kind, levels) for _ in range(self.dice.choice([0, 1, 3]))]
        if self.dice.random() < 0.12:
            named = self.dice.choice(["__typename", "__typename", "kindOf: __typename"])
            parts.insert(self.dice.randrange(len(parts) + 1), named)
        return _braces(parts)

    def _part(self, kind: Any, levels: int) -> str:
        self.budget -= 1
        throw = self.dice.random()
        if throw < 0.07 and levels > 1:
            return self._inline(kind, levels)
        if throw < 0.14 and levels > 1:
            return self._spread(kind, levels)
        name = self._name_of_field(kind, levels)
        text = self._field(kind, name, levels, self.dice.random() < 0.1)
        if throw > 0.95 and not is_leaf_type(get_named_type(kind.fields[name].type)):
            # The same field once more: what is asked of it each time is put together.
            head = text.partition("{")[0]
            return text + "\n" + head + self._selection(_named(kind.fields[name]), levels - 1)
        return text

    def _name_of_field(self, kind: Any, levels: int) -> str:
        leaves = [name for name, each in kind.fields.items() if is_leaf_type(_named(each))]
        deep = [name for name in kind.fields if name not in leaves]
        wants_deep = self.dice.random() < (0.5 if self.budget > 0 else 0.05)
        if deep and levels > 1 and (wants_deep or not leaves):
            return self.dice.choice(deep)
        return self.dice.choice(leaves or deep)

    def _field(self, kind: Any, name: str, levels: int, is_aliased: bool) -> str:
        declared = kind.fields[name]
        text = name
        if is_aliased and self.aliases < MOST_ALIASES:
            self.aliases += 1
            text = f"{self.dice.choice(['a', 'b', 'c', 'id', 'name'])}{self.aliases}: {name}"
        text += self._arguments(name, declared) + self._directives()
        named = _named(declared)
        if is_leaf_type(named):
            return text
        return f"{text} {self._selection(named, levels - 1) if levels > 1 else '{ __typename }'}"

    def _inline(self, kind: Any, levels: int) -> str:
        """On the same type, on an interface of it, on none; of an interface, on what it may be."""
        on: Sequence[Any] = [None, kind, *kind.interfaces]
        if isinstance(kind, GraphQLInterfaceType):
            on = [None, kind, *self.schema.get_possible_types(kind)]
        chosen = self.dice.choice(on)
        selection = self._selection(chosen or kind, levels - 1)
        condition = f" on {chosen.name}" if chosen else ""
        return f"...{condition}{self._directives()} {selection}"

    def _spread(self, kind: Any, levels: int) -> str:
        on = self.dice.choice([kind, kind, *kind.interfaces])
        fitting = [name for name, (other, _) in self.fragments.items() if other == on.name]
        if fitting and self.dice.random() < 0.5:
            name = self.dice.choice(fitting)
        else:
            selection = self._selection(on, min(levels - 1, 3))
            name = f"Part{len(self.fragments)}"
            self.fragments[name] = (on.name, f"fragment {name} on {on.name} {selection}")
        return f"...{name}{self._directives()}"

    def _directives(self) -> str:
        if self.dice.random() > 0.06:
            return ""
        names = self.dice.choice([["skip"], ["include"], ["include"], ["include", "skip"]])
        return "".join(f" @{name}(if: {self._condition()})" for name in names)

    def _condition(self) -> str:
        value = self.dice.random() < 0.5
        is_variable = self.dice.random() < 0.7
        return self._variable(self.boolean, value) if is_variable else json.dumps(value)

    @property
    def boolean(self) -> Any:
        return GraphQLNonNull(self.schema.type_map["Boolean"])

    def _arguments(self, name: str, declared: GraphQLField) -> str:
        given = []
        for key, argument in declared.args.items():
            if not is_non_null_type(argument.type) or argument.default_value is not _UNDEFINED:
                share = 0.8 if key == "first" else 0.4
                if self.dice.random() > share:
                    continue
            value = self.values.of(argument.type, key, name, _named(declared).name)
            kind = argument.type
            if argument.default_value is not _UNDEFINED and self.dice.random() < 0.2:
                kind = get_nullable_type(kind)  # A variable may then be left out.
            given.append(f"{key}: {self._written(kind, value)}")
        return f"({', '.join(given)})" if given else ""

    def _written(self, kind: Any, value: Any) -> str:
        """A value as a variable or in the text; parts of lists and objects may be variables."""
        if self.dice.random() < 0.45:
            return self._variable(kind, value)
        inner = get_nullable_type(kind)
        if isinstance(value, list) and is_list_type(inner):
            if len(value) == 1 and self.dice.random() < 0.2:  # A list of one may say just that.
                return _literal(inner.of_type, value[0])
            return f"[{', '.join(self._written(inner.of_type, each) for each in value)}]"
        if isinstance(value, dict) and isinstance(inner, GraphQLInputObjectType):
            parts = (f"{k}: {self._written(type_of(inner, k), v)}" for k, v in value.items())
            return f"{{{', '.join(parts)}}}"
        return _literal(kind, value)

    def _variable(self, kind: Any, value: Any) -> str:
        """A new variable, or one of this type with this value that there is."""
        for name, declared in self.variables.items():
            if str(kind) == declared and name in self.sent and self.sent[name] == value:
                return f"${name}"
        name = f"v{len(self.variables)}"
        self.variables[name] = str(kind)
        throw = self.dice.random()
        if throw < 0.1 and not is_non_null_type(kind):
            return f"${name}"  # Declared, and not sent.
        if throw < 0.2:
            self.variables[name] += f" = {_literal(kind, value)}"
            if self.dice.random() < 0.7:
                return f"${name}"
        self.sent[name] = self._as_sent(value)
        return f"${name}"

    def _as_sent(self, value: Any) -> Any:
        """Clients write some values in more than one way, and some wrongly."""
        if isinstance(value, list) and len(value) == 1 and self.dice.random() < 0.2:
            return value[0]
        if type(value) is int and self.dice.random() < 0.1:
            return self.dice.choice([float(value), value + 0.5, str(value)])
        return value


def _literal(kind: Any, value: Any) -> str:
    inner = get_nullable_type(kind)
    if value is None:
        return "null"
    if isinstance(value, list) and is_list_type(inner):
        return f"[{', '.join(_literal(inner.of_type, each) for each in value)}]"
    if isinstance(value, dict) and isinstance(inner, GraphQLInputObjectType):
        parts = (f"{k}: {_literal(inner.fields[k].type, v)}" for k, v in value.items())
        return f"{{{', '.join(parts)}}}"
    if isinstance(inner, GraphQLEnumType):
        return str(value)
    node = ast_from_value(value, inner)
    return "null" if node is None else print_ast(node)


def _named(declared: GraphQLField) -> GraphQLNamedType:
    return get_named_type(declared.type)


def _braces(parts: Sequence[str]) -> str:
    return "{ " + "\n".join(parts) + " }"
