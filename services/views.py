"""Reading: what can be seen of a record, by whom, in which order. Views are data.

A view names a GraphQL type and says where its rows come from, what its fields are in SQL,
and who may see a row and a field. Every reader goes through it, so nothing is read around it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from services.actors import OFFICE_ROLES, Actor, Role
from services.tables import UtcInstant

Record: TypeAlias = dict[str, Any]
Column: TypeAlias = sa.ColumnElement[Any]
Condition: TypeAlias = sa.ColumnElement[bool]
LARGEST_PAGE = 500

# What every statement that reads may be told, beside parameters of its own: when, and for whom.
NOW, ASKER = "now", "asker"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, as far as a statement is made for them: in which roles, `None` for the public.

    For which party, and when, are parameters: one statement serves all who ask in these roles.
    """

    roles: frozenset[Role] | None
    now: sa.ColumnElement[datetime] = field(default=sa.bindparam(NOW, type_=UtcInstant()))
    party: sa.ColumnElement[str] = field(default=sa.bindparam(ASKER, type_=sa.String()))

    @classmethod
    def of(cls, actor: Actor | None) -> "Asking":
        return cls(None if actor is None else actor.roles)

    def is_party(self, column: Column) -> Condition:
        """The asker acts for the party in this column."""
        return sa.false() if self.roles is None else column == self.party

    def is_of_the_office(self) -> Condition:
        return self.acts_as(*OFFICE_ROLES)

    def acts_as(self, *roles: Role) -> Condition:
        return sa.false() if self.roles is None or self.roles.isdisjoint(roles) else sa.true()


def told(actor: Actor | None, now: datetime) -> dict[str, Any]:
    """The values of the parameters `NOW` and `ASKER`."""
    return {NOW: now, ASKER: None if actor is None else actor.party_id}


Expression: TypeAlias = Column | Callable[[Asking], Column]
Restriction: TypeAlias = Callable[[Asking], Condition]


def seen_by(who: Restriction, column: Column) -> Callable[[Asking], Column]:
    """A field only some may see; for everybody else it is null."""
    return lambda asking: sa.case((who(asking), column), else_=sa.null())


@dataclass(frozen=True, slots=True, eq=False)
class Criterion:
    """A condition that rests on a value, such as one field of a filter.

    `condition` is given SQL for each of the `parts` the value is made of, of these `types`.
    """

    condition: Callable[..., Condition]
    types: tuple[sa.types.TypeEngine[Any], ...]
    parts: Callable[[Any], tuple[Any, ...]] = lambda value: (value,)

    def type_of(self, place: int) -> sa.types.TypeEngine[Any]:
        return self.types[place]

    def holds(self, asking: Asking, parts: Sequence[Column]) -> Condition:
        return self.condition(asking, *parts)


class AnyOf(Criterion):
    """A criterion whose value is a list: the field is equal to any of its items."""

    __slots__ = ()

    def type_of(self, place: int) -> sa.types.TypeEngine[Any]:
        del place  # However many there are, they are of one type.
        return self.types[0]


def equal_to(column: Column) -> Criterion:
    return Criterion(lambda _, value: column == value, (column.type,))


def any_of(expression: Expression, of: sa.types.TypeEngine[Any]) -> AnyOf:
    """A field, or an expression of this type, is one of the values in a list."""
    return AnyOf(lambda asking, *values: _is_in(_in_sql(expression, asking), values), (of,), tuple)


def _is_in(expression: Column, values: Sequence[Column]) -> Condition:
    """Of a case, this is asked of each of its outcomes.

    That is the same, but PostgreSQL expects half of all rows to be meant, not one in two hundred:
    so it reads the newest by an index that is in order, and does not sort all there are.
    """
    if not isinstance(expression, sa.Case) or expression.else_ is None:
        return expression.in_(values)
    outcomes = [(condition, _is_in(outcome, values)) for condition, outcome in expression.whens]
    return sa.case(*outcomes, else_=_is_in(expression.else_, values))


def _in_sql(expression: Expression, asking: Asking) -> Column:
    return expression if isinstance(expression, sa.ColumnElement) else expression(asking)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class View:
    """What can be read of one GraphQL type.

    `order` are field names that, together, are different for every row; the page's cursor
    is made of them. `newest_first` turns all of them round. `criteria` are what pages of it may be
    asked to meet, by the names of the filter's fields.
    """

    name: str
    source: sa.FromClause
    fields: Mapping[str, Expression]
    visible: Restriction
    order: tuple[str, ...] = ("id",)
    newest_first: bool = False
    criteria: Mapping[str, Criterion] = field(default_factory=dict)

    def __repr__(self) -> str:
        return self.name

    def field(self, name: str, asking: Asking) -> Column:
        return _in_sql(self.fields[name], asking)

    def cursor_columns(self) -> tuple[Column, ...]:
        """What a cursor is made of. Fields a page is ordered by are plain columns."""
        columns = [self.fields[name] for name in self.order]
        assert all(isinstance(column, sa.ColumnElement) for column in columns), self.name
        return tuple(column for column in columns if isinstance(column, sa.ColumnElement))

    def cursor_types(self) -> tuple[type[Any], ...]:
        """The Python types of a cursor's values."""
        return tuple(column.type.python_type for column in self.cursor_columns())

    def select(
        self, asking: Asking, *conditions: Condition, names: Sequence[str] | None = None
    ) -> sa.Select[Any]:
        """The rows that may be seen, with these of its fields, or all of them."""
        wanted = self.fields if names is None else names
        columns = [self.field(name, asking).label(name) for name in wanted]
        return self._asked(columns, self.visible(asking), *conditions)

    def count(self, asking: Asking, *conditions: Condition) -> sa.Select[Any]:
        """How many rows may be seen."""
        return self._asked([sa.func.count()], self.visible(asking), *conditions)

    def _asked(self, columns: Sequence[Column], *conditions: Condition) -> sa.Select[Any]:
        source = _without_what_is_not_asked(self.source, [*columns, *conditions])
        return sa.select(*columns).select_from(source).where(*conditions)

    def ordering(self) -> list[Column]:
        columns = self.cursor_columns()
        return [column.desc() if self.newest_first else column.asc() for column in columns]

    def beyond(self, values: Sequence[Column]) -> Condition:
        """What comes after the row with these cursor values."""
        left, right = sa.tuple_(*self.cursor_columns()), sa.tuple_(*values)
        return left < right if self.newest_first else left > right


def _without_what_is_not_asked(source: sa.FromClause, asked: Sequence[Column]) -> sa.FromClause:
    """The source of a view but for tables that add nothing to any row, and take time to look up."""
    if not isinstance(source, sa.Join):
        return source
    elements = (each for expression in asked for each in visitors.iterate(expression))
    used = {each.table for each in elements if isinstance(each, sa.Column)}
    while isinstance(source, sa.Join) and source.right not in used and _adds_no_row(source):
        source = source.left
    return source


def _adds_no_row(join: sa.Join) -> bool:
    """Every row on the left meets one on the right, and no more."""
    match join.onclause:
        case sa.BinaryExpression(left=sa.Column() as key, right=sa.Column() as met):
            is_found = met.table is join.right and met.primary_key
            return is_found and key.references(met) and not key.nullable
    return False


@dataclass(frozen=True, slots=True, eq=False)
class ToOne:
    """The row of `view` whose field `by` is what stands in the field `key` here."""

    view: View
    key: str
    by: str = "id"


@dataclass(frozen=True, slots=True, eq=False)
class ToMany:
    """The rows of `view` whose field `by` is what stands in the field `key` here, in its order.

    `unless` are conditions by the name of a flag: each holds unless the asker sets the flag.
    """

    view: View
    by: str
    key: str = "id"
    unless: Mapping[str, Restriction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What SQL cannot give: `load(registry, keys, **arguments)` gives it by what stands in `key`.

    It is asked once for all rows of an answer that want it with the same arguments. A key that has
    nothing is left out.
    """

    load: Callable[..., Awaitable[Mapping[str, Any]]]
    key: str
