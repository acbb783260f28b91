"""What is read of the rows of a view, and what an answer makes of each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
)

from schema.reading import answers, plans
from schema.reading.documents import UnplannableError
from schema.reading.plans import Members, Output
from services.reading.selections import ManyRows, Nested, OneRow, Parameter, Rows, Total
from services.views import Restriction, ToMany, ToOne, View

if TYPE_CHECKING:
    from schema.reading.planning import Planning

# An output whose places are known once all columns of its row are.
Later = Callable[[], Any]
PRINTED = {"Instant", "Day", "BigInt", "Boolean"}


@dataclass(slots=True)
class RowPlan:
    """The columns and the rows within a row, as they are found to be wanted."""

    planning: "Planning"
    view: View
    columns: dict[str, int] = field(default_factory=dict)
    nested: list[Nested] = field(default_factory=list)

    def column(self, name: str) -> int:
        return self.columns.setdefault(name, len(self.columns))

    def nest(self, nested: Nested) -> Callable[[], int]:
        """Its place, after all columns."""
        self.nested.append(nested)
        at = len(self.nested) - 1
        return lambda: len(self.columns) + at

    def rows(self, **wanted: Any) -> Rows:
        return Rows(self.view, tuple(self.columns), tuple(self.nested), **wanted)

    def members(self, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Callable[[], Members]:
        """The fields that these nodes want of an object of the type the view is shown as."""
        fields = self.planning.collected(kind, [n.selection_set for n in nodes if n.selection_set])
        later = [(key, self._output(kind, each)) for key, each in fields.items()]
        return lambda: tuple((key, output()) for key, output in later)

    def _output(self, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Later:
        name = nodes[0].name.value
        if name == "__typename":
            return _known(plans.Constant(kind.name))
        answer = self.planning.contract.answer(kind, name)
        match answer:
            case None:
                return self._value(kind, name)
            case answers.Fixed(text):
                return _known(plans.Constant(text))
            case answers.Spelled(text, of):
                return _known(plans.Text(self.column(of), text))
            case answers.Amount(amount, currency):
                return self._amount(kind, nodes, self.column(amount), self.column(currency))
            case _:
                return self._nested(kind, answer, nodes)

    def _nested(
        self, kind: GraphQLObjectType, answer: answers.Answer, nodes: list[FieldNode]
    ) -> Later:
        match answer:
            case answers.One(relation):
                return self._one(relation, nodes)
            case answers.Many(relation):
                return self._many(kind, relation, nodes)
            case answers.ManyByPage(relation):
                return self._many_by_page(kind, relation, nodes)
            case answers.Batched():
                return self._batched(kind, answer, nodes)
            case _:
                raise UnplannableError(f"{kind.name}.{nodes[0].name.value}")

    def _value(self, kind: GraphQLObjectType, name: str) -> Later:
        place = self.column(self.planning.contract.python_name(kind, name))
        return _known(plans.Value(place, _printing(kind.fields[name].type)))

    def _amount(
        self, kind: GraphQLObjectType, nodes: list[FieldNode], amount: int, currency: int
    ) -> Later:
        money = self.planning.contract.object(
            get_named_type(kind.fields[nodes[0].name.value].type).name
        )
        fields = self.planning.collected(money, [n.selection_set for n in nodes if n.selection_set])
        outputs: dict[str, Output] = {
            "__typename": plans.Constant(money.name),
            "amountMinor": plans.Value(amount, "BigInt"),
            "currency": plans.Value(currency),
        }
        members = tuple((key, outputs[each[0].name.value]) for key, each in fields.items())
        return _known(plans.Amount(amount, currency, members))

    def _one(self, relation: ToOne, nodes: list[FieldNode]) -> Later:
        row = RowPlan(self.planning, relation.view)
        members = row.members(self.planning.contract.shown_by(relation.view), nodes)
        place = self.nest(OneRow(relation, row.rows()))
        return lambda: plans.One(place(), members())

    def _many(self, kind: GraphQLObjectType, relation: ToMany, nodes: list[FieldNode]) -> Later:
        given = self.planning.arguments(kind, nodes[0])
        conditions: tuple[Restriction, ...] = tuple(
            holds for flag, holds in relation.unless.items() if not given[flag].now
        )
        row = RowPlan(self.planning, relation.view)
        members = row.members(self.planning.contract.shown_by(relation.view), nodes)
        rows = row.rows(conditions=conditions, is_ordered=True)
        place = self.nest(ManyRows(relation, rows))
        return lambda: plans.Many(place(), members())

    def _many_by_page(
        self, kind: GraphQLObjectType, relation: ToMany, nodes: list[FieldNode]
    ) -> Later:
        given = self.planning.arguments(kind, nodes[0])
        page = self.planning.page(relation.view, kind, given, nodes)
        place = self.nest(ManyRows(relation, page.rows()))
        total = self.nest(Total(relation, Rows(relation.view, ()))) if page.is_counted else None
        return lambda: page.connection(place(), None if total is None else total())

    def _batched(
        self, kind: GraphQLObjectType, answer: answers.Batched, nodes: list[FieldNode]
    ) -> Later:
        given = self.planning.arguments(kind, nodes[0])
        spelled = answer.spell({name: each.now for name, each in given.items()})
        call = plans.BatchCall(answer, spelled)
        batches = self.planning.batches
        if call not in batches:
            batches.append(call)
        printed = self._printed(kind.fields[nodes[0].name.value].type, nodes)

        def show(value: Any) -> Any:
            return printed(answer.nothing() if value is None else answer.show(value))

        return _known(plans.FromBatch(self.column(answer.batch.key), batches.index(call), show))

    def _printed(self, kind: Any, nodes: list[FieldNode]) -> Callable[[Any], Any]:
        """How a value of a type without a view is printed, with the fields that are wanted."""
        if isinstance(kind, GraphQLNonNull):
            return self._printed(kind.of_type, nodes)
        if isinstance(kind, GraphQLList):
            each = self._printed(kind.of_type, nodes)
            return lambda values: None if values is None else [each(value) for value in values]
        if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
            return lambda value: None if value is None else kind.serialize(value)
        assert isinstance(kind, GraphQLObjectType), kind
        return self._object_printed(kind, nodes)

    def _object_printed(
        self, kind: GraphQLObjectType, nodes: list[FieldNode]
    ) -> Callable[[Any], Any]:
        contract = self.planning.contract
        fields: list[tuple[str, str, Callable[[Any], Any]]] = []
        wanted = self.planning.collected(kind, [n.selection_set for n in nodes if n.selection_set])
        for key, each in wanted.items():
            name = each[0].name.value
            if name == "__typename":
                fields.append((key, "", lambda _: kind.name))
                continue
            if contract.answer(kind, name) is not None:
                raise UnplannableError(f"{kind.name}.{name}")
            printed = self._printed(kind.fields[name].type, each)
            fields.append((key, contract.python_name(kind, name), printed))
        return lambda value: (
            None
            if value is None
            else {key: show(getattr(value, name, None)) for key, name, show in fields}
        )


@dataclass(slots=True)
class PagePlan:
    """A connection, as its fields are found to be wanted."""

    planning: "Planning"
    view: View
    kind: GraphQLObjectType
    nodes: list[FieldNode]
    first: int
    after: tuple[Parameter, ...]
    is_counted: bool = field(init=False, default=False)
    is_followed: bool = field(init=False, default=False)
    _row: RowPlan = field(init=False)
    _members: Callable[[], Members] = field(init=False)

    def __post_init__(self) -> None:
        self._row = RowPlan(self.planning, self.view)
        selections = [n.selection_set for n in self.nodes if n.selection_set]
        fields = self.planning.collected(self.kind, selections)
        later = [(key, self._output(self.kind, nodes)) for key, nodes in fields.items()]
        self._members = lambda: tuple((key, output()) for key, output in later)

    def rows(self, **wanted: Any) -> Rows:
        """One more than the page has where it is asked whether more follow."""
        first = self.first + self.is_followed
        return self._row.rows(first=first, after=self.after, is_ordered=True, **wanted)

    def connection(self, place: int | None, total: int | None) -> plans.Connection:
        columns = self._row.columns
        instants = [each == "datetime" for each in map(_name_of, self.view.cursor_types())]
        cursor = tuple(
            (columns[name], is_instant)
            for name, is_instant in zip(self.view.order, instants, strict=True)
            if name in columns
        )
        return plans.Connection(place, self.first, cursor, bool(self.after), total, self._members())

    def _output(self, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Later:
        name = nodes[0].name.value
        inner = kind.fields.get(name)
        match name:
            case "__typename":
                return _known(plans.Constant(kind.name))
            case "nodes":
                members = self._row.members(self.planning.contract.shown_by(self.view), nodes)
                return lambda: plans.Nodes(members())
            case "totalCount":
                self.is_counted = True
                return _known(plans.Count())
        assert inner is not None
        selected = self._selected(
            self.planning.contract.object(get_named_type(inner.type).name), nodes
        )
        return lambda: {"edges": plans.Edges, "pageInfo": plans.PageInfo}[name](selected())

    def _selected(self, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Callable[[], Members]:
        """The fields of an edge or of what tells where the page lies."""
        fields = self.planning.collected(kind, [n.selection_set for n in nodes if n.selection_set])
        later: list[tuple[str, Later]] = []
        for key, each in fields.items():
            name = each[0].name.value
            if name == "__typename":
                later.append((key, _known(plans.Constant(kind.name))))
            elif name == "node":
                later.append((key, self._node(each)))
            else:
                self.is_followed |= name == "hasNextPage"
                if name in {"cursor", "startCursor", "endCursor"}:
                    for column in self.view.order:
                        self._row.column(column)
                python_name = self.planning.contract.python_name(kind, name)
                fact = plans.Cursor() if name == "cursor" else plans.PageFact(python_name)
                later.append((key, _known(fact)))
        return lambda: tuple((key, output()) for key, output in later)

    def _node(self, nodes: list[FieldNode]) -> Later:
        members = self._row.members(self.planning.contract.shown_by(self.view), nodes)
        return lambda: plans.Node(members())


def _known(output: Any) -> Later:
    return lambda: output


def _name_of(kind: type[Any]) -> str:
    return kind.__name__


def _printing(kind: Any) -> str:
    """How a column of this type is printed; see `plans.Value`."""
    if isinstance(kind, GraphQLNonNull):
        return _printing(kind.of_type)
    if isinstance(kind, GraphQLList):
        return "[]" + _printing(kind.of_type)
    return kind.name if kind.name in PRINTED else ""
