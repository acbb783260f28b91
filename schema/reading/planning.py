"""From a query to its plan: what to read for each root field, and how the answer is made of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import FieldNode, GraphQLObjectType, GraphQLSchema, SelectionSetNode, get_named_type
from strawberry import Schema

from schema.paging import parse_cursor
from schema.reading import answers
from schema.reading.answers import ANSWER, Answer, PageOf
from schema.reading.arguments import Given, Variables, arguments_of, fixed
from schema.reading.documents import Query, UnplannableError
from schema.reading.fields import LARGEST_BATCH
from schema.reading.kinds import type_of, view_of
from schema.reading.plans import (
    BatchCall,
    Plan,
    Root,
    RootConstant,
    RootNodes,
    RootOne,
    RootPage,
)
from schema.reading.rows import PagePlan, RowPlan
from services.reading.selections import Met, Parameter, Rows, WithTotal
from services.views import ASKER, LARGEST_PAGE, View

Of = Callable[[Variables], Any]


@dataclass(frozen=True, slots=True)
class Contract:
    """The schema as graphql-core knows it, and what strawberry knows of its fields beside."""

    schema: GraphQLSchema
    fields: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, schema: Schema) -> "Contract":
        name_of = schema.config.name_converter.get_graphql_name
        core: GraphQLSchema = schema._schema  # noqa: SLF001 - there is no other way to it.
        known = {name: schema.get_type_by_name(name) for name in core.type_map}
        return cls(
            core,
            {
                name: {name_of(each): each for each in getattr(definition, "fields", ())}
                for name, definition in known.items()
            },
        )

    def object(self, name: str) -> GraphQLObjectType:
        kind = self.schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType), name
        return kind

    def shown_by(self, view: View) -> GraphQLObjectType:
        definition: Any = type_of(view)
        return self.object(definition.__strawberry_definition__.name)

    def answer(self, kind: GraphQLObjectType, name: str) -> Answer | None:
        """How a field is answered; None for a plain one. Raises `UnplannableError`."""
        known = self.fields[kind.name][name]
        answer: Answer | None = known.metadata.get(ANSWER)
        if answer is None and known.base_resolver is not None:
            raise UnplannableError(f"{kind.name}.{name}")
        return answer

    def python_name(self, kind: GraphQLObjectType, name: str) -> str:
        spelled: str = self.fields[kind.name][name].python_name
        return spelled


@dataclass(slots=True)
class Planning:
    """The plan of one query as it grows, for variables of one shape."""

    contract: Contract
    query: Query
    variables: Variables
    parameters: dict[str, Of] = field(default_factory=dict)
    batches: list[BatchCall] = field(default_factory=list)

    def plan(self, is_public: bool) -> Plan:
        kind = self.contract.object("Query")
        fields = self.collected(kind, [self.query.operation.selection_set])
        roots = tuple((key, self._root(kind, nodes, is_public)) for key, nodes in fields.items())
        return Plan(roots, tuple(self.batches), self.parameters)

    def collected(
        self, kind: GraphQLObjectType, selections: Sequence[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        return self.query.collected(self.contract.schema, kind, [*selections], self.variables)

    def parameter(self, kind: Any, of: Of) -> Parameter:
        """A value that the statement is given each time."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = of
        return Parameter(name, kind)

    def arguments(self, kind: GraphQLObjectType, node: FieldNode) -> dict[str, Given]:
        return arguments_of(kind.fields[node.name.value], node, self.variables)

    def _root(self, kind: GraphQLObjectType, nodes: list[FieldNode], is_public: bool) -> Root:
        name = nodes[0].name.value
        if name == "__typename":
            return RootConstant(kind.name)
        if name.startswith("__"):
            raise UnplannableError("introspection")
        answer = self.contract.answer(kind, name)
        given = self.arguments(kind, nodes[0])
        match answer:
            case PageOf():
                return self._page(kind, answer, given, nodes)
            case answers.FindMine(view):
                return RootConstant(None) if is_public else self._mine(view, nodes)
            case answers.FindNodes():
                return self._nodes(given["ids"], nodes)
        found = _looked_for(answer, given)
        if found is None:
            raise UnplannableError(f"{kind.name}.{name}")
        return self._find(*found, nodes)

    def _mine(self, view: View, nodes: list[FieldNode]) -> RootOne:
        return self._one(view, ("id", Parameter(ASKER, _type_of_field(view, "id"))), nodes)

    def _find(self, view: View | None, by: tuple[str, Given], nodes: list[FieldNode]) -> Root:
        if view is None:
            return RootConstant(None)
        name, value = by
        return self._one(view, (name, self.parameter(_type_of_field(view, name), value.of)), nodes)

    def _one(self, view: View, equal: tuple[str, Parameter], nodes: list[FieldNode]) -> RootOne:
        row = RowPlan(self, view)
        members = row.members(self.contract.shown_by(view), nodes)
        return RootOne(row.rows(equal=equal), members())

    def _nodes(self, ids: Given, nodes: list[FieldNode]) -> RootNodes:
        if len(ids.now) > LARGEST_BATCH:
            raise UnplannableError("too many ids")
        names, by_view = [], dict[int, tuple[View, list[Parameter]]]()
        for place, identifier in enumerate(ids.now):
            view = view_of(identifier)
            parameter = self.parameter(None, _item(ids.of, place))
            names.append(parameter.name)
            if view is not None:
                told = Parameter(parameter.name, _type_of_field(view, "id"))
                by_view.setdefault(id(view), (view, []))[1].append(told)
        kinds = []
        for view, told_of_view in by_view.values():
            row = RowPlan(self, view)
            row.column("id")
            members = row.members(self.contract.shown_by(view), nodes)
            rows = row.rows(any_of=("id", tuple(told_of_view)))
            kinds.append((rows, tuple(each.name for each in told_of_view), members()))
        return RootNodes(tuple(names), tuple(kinds))

    def _page(
        self,
        kind: GraphQLObjectType,
        answer: PageOf,
        given: dict[str, Given],
        nodes: list[FieldNode],
    ) -> RootPage:
        named = self._criteria(kind, answer, given, nodes[0])
        met = tuple(
            self._met(answer.view, name, value)
            for name, value in named.items()
            if value.now is not None
        )
        unless = tuple(
            holds
            for name, holds in answer.unless.items()
            if name not in named or named[name].now is None
        )
        page = self.page(answer.view, kind, given, nodes)
        counted = Rows(answer.view, (), met=met, conditions=(*answer.conditions, *unless))
        rows = page.rows(met=met, conditions=counted.conditions)
        if page.is_counted:
            return RootPage(WithTotal(rows, counted), page.connection(0, 1))
        return RootPage(rows, page.connection(None, None))

    def _criteria(
        self,
        kind: GraphQLObjectType,
        answer: PageOf,
        given: dict[str, Given],
        node: FieldNode,
    ) -> dict[str, Given]:
        """What is asked of the rows, by the names of the view's criteria."""
        named = {name: given[name] for name in answer.criteria}
        if answer.argument is None or given[answer.argument].now is None:
            return named
        chosen = given[answer.argument]
        argument = kind.fields[node.name.value].args[answer.argument]
        spelled = self.contract.fields[get_named_type(argument.type).name]
        return named | {spelled[name].python_name: chosen.item(name) for name in chosen.now}

    def _met(self, view: View, name: str, value: Given) -> Met:
        criterion = view.criteria[name]

        def part(place: int) -> Of:
            if value.is_fixed:
                return fixed(parts[place]).of
            return lambda told: criterion.parts(value.of(told))[place]

        parts = criterion.parts(value.now)
        told = (self.parameter(criterion.type_of(at), part(at)) for at in range(len(parts)))
        return Met(criterion, tuple(told))

    def page(
        self,
        view: View,
        around: GraphQLObjectType,
        given: dict[str, Given],
        nodes: list[FieldNode],
    ) -> PagePlan:
        """A connection of a view, by `first` and `after`, that is a field of the type around it."""
        first, after = given["first"].now, given["after"]
        if not 1 <= first <= LARGEST_PAGE:
            raise UnplannableError("a page of no size there is")
        begin: tuple[Parameter, ...] = ()
        if after.now is not None:
            types = view.cursor_types()
            begin = tuple(
                self.parameter(column.type, _item(lambda told: _parsed(after.of(told), types), at))
                for at, column in enumerate(view.cursor_columns())
            )
        kind = around.fields[nodes[0].name.value]
        return PagePlan(
            self, view, self.contract.object(get_named_type(kind.type).name), nodes, first, begin
        )


def _looked_for(
    answer: Answer | None, given: Mapping[str, Given]
) -> tuple[View | None, tuple[str, Given]] | None:
    """For a field that finds one record: where, and by what."""
    match answer:
        case answers.Find(view, argument):
            return view, _chosen(given[argument])
        case answers.FindNode():
            return view_of(given["id"].now), ("id", given["id"])
        case _:
            return None


def _chosen(given: Given) -> tuple[str, Given]:
    """An id, or the one field that an input chooses."""
    if isinstance(given.now, str):
        return "id", given
    names = [name for name, value in given.now.items() if value is not None]
    if len(names) != 1:
        raise UnplannableError("not one of several")
    return names[0], given.item(names[0])


# The columns of a cursor are asked for one after the other.
_parsed = lru_cache(maxsize=1)(parse_cursor)


def _item(of: Of, place: int) -> Of:
    return lambda told: of(told)[place]


def _type_of_field(view: View, name: str) -> Any:
    column: Any = view.fields[name]
    return column.type
