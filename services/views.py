"""Reading: what can be seen of a record, by whom, in which order. Views are data.

A view names a GraphQL type and says where its rows come from, what its fields are in SQL,
and who may see a row and a field. Every reader goes through it, so nothing is read around it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.actors import Actor, Role
from services.refusals import found
from services.registry import Transaction

__all__ = ["Asking", "Page", "Record", "Relation", "View", "seen_by"]

Record = dict[str, Any]
Condition = sa.ColumnElement[bool]
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks (None: the public), and when."""

    actor: Actor | None
    now: datetime

    def is_party(self, column: sa.ColumnElement[Any]) -> Condition:
        """The asker acts for the party in this column."""
        return sa.false() if self.actor is None else column == self.actor.party_id

    def is_of_the_office(self) -> Condition:
        return sa.true() if self.actor is not None and self.actor.is_of_the_office else sa.false()

    def acts_as(self, *roles: Role) -> Condition:
        return sa.true() if self.actor is not None and self.actor.acts_as(*roles) else sa.false()


Expression = sa.ColumnElement[Any] | Callable[[Asking], sa.ColumnElement[Any]]


def seen_by(
    who: Callable[[Asking], Condition], column: sa.ColumnElement[Any]
) -> Callable[[Asking], sa.ColumnElement[Any]]:
    """A field only some may see; for everybody else it is null."""
    return lambda asking: sa.case((who(asking), column), else_=sa.null())


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What can be read of one GraphQL type.

    `order` are field names that, together, are different for every row; the page's cursor
    is made of them. `newest_first` turns all of them round.
    """

    name: str
    source: sa.FromClause
    fields: Mapping[str, Expression]
    visible: Callable[[Asking], Condition]
    order: tuple[str, ...] = ("id",)
    newest_first: bool = False

    def field(self, name: str, asking: Asking) -> sa.ColumnElement[Any]:
        expression = self.fields[name]
        return expression if isinstance(expression, sa.ColumnElement) else expression(asking)

    def cursor_types(self) -> tuple[type[Any], ...]:
        """The Python types of a cursor's values. Fields a page is ordered by are plain columns."""
        columns = [self.fields[name] for name in self.order]
        assert all(isinstance(column, sa.ColumnElement) for column in columns), self.name
        return tuple(column.type.python_type for column in columns if not callable(column))

    def select(self, asking: Asking, *conditions: Condition) -> sa.Select[Any]:
        columns = [self.field(name, asking).label(name) for name in self.fields]
        query = sa.select(*columns).select_from(self.source)
        return query.where(self.visible(asking), *conditions)


@dataclass(frozen=True, slots=True)
class Relation:
    """To many: the rows of `view` whose field `by` is a given key, in the view's order."""

    view: View
    by: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of records, each with its cursor values, and whether more follow."""

    records: Sequence[Record]
    cursors: Sequence[tuple[Any, ...]]
    has_next: bool


async def read_one(tx: Transaction, actor: Actor | None, view: View, **equal: Any) -> Record | None:
    """The one record whose named fields have these values, if there is one to be seen."""
    asking = Asking(actor, tx.now)
    conditions = [view.field(name, asking) == value for name, value in equal.items()]
    row = (await tx.connection.execute(view.select(asking, *conditions))).mappings().one_or_none()
    return None if row is None else dict(row)


async def read_each(
    tx: Transaction, actor: Actor | None, view: View, keys: Sequence[str], *, by: str = "id"
) -> list[Record | None]:
    """The records with these ids, in the order of `keys`; None where there is none to be seen.

    `by` names another field that is different for every row.
    """
    asking = Asking(actor, tx.now)
    rows = await _rows(tx, view.select(asking, view.field(by, asking).in_(keys)))
    by_key = {row[by]: row for row in rows}
    return [by_key.get(key) for key in keys]


async def read_related(
    tx: Transaction, actor: Actor | None, relation: Relation, keys: Sequence[str]
) -> list[list[Record]]:
    """For each key, the records of the relation that can be seen, in the view's order."""
    asking, view = Asking(actor, tx.now), relation.view
    by = view.field(relation.by, asking)
    query = view.select(asking, by.in_(keys)).order_by(*_ordering(view, asking))
    groups: dict[str, list[Record]] = {key: [] for key in keys}
    for row in await _rows(tx, query):
        groups[row[relation.by]].append(row)
    return [groups[key] for key in keys]


async def read_page(
    tx: Transaction,
    actor: Actor | None,
    view: View,
    *conditions: Callable[[Asking], Condition],
    first: int,
    after: tuple[Any, ...] | None = None,
) -> Page:
    """The first `first` records after the cursor values `after`, by keyset."""
    if not 1 <= first <= LARGEST_PAGE:
        raise ValueError(f"a page holds 1 to {LARGEST_PAGE} records")
    asking = Asking(actor, tx.now)
    query = view.select(asking, *(condition(asking) for condition in conditions))
    if after is not None:
        query = query.where(_beyond(view, asking, after))
    query = query.order_by(*_ordering(view, asking)).limit(first + 1)
    rows = await _rows(tx, query)
    shown = rows[:first]
    cursors = [tuple(row[name] for name in view.order) for row in shown]
    return Page(shown, cursors, has_next=len(rows) > first)


async def count(
    tx: Transaction,
    actor: Actor | None,
    view: View,
    *conditions: Callable[[Asking], Condition],
) -> int:
    asking = Asking(actor, tx.now)
    query = sa.select(sa.func.count()).select_from(view.source).where(view.visible(asking))
    query = query.where(*(condition(asking) for condition in conditions))
    return int((await tx.connection.execute(query)).scalar_one())


async def refuse_if_hidden(
    tx: Transaction, actor: Actor | None, view: View, key: str, *path: str
) -> None:
    """Rule 0.2 for acts: what the actor may not see, the actor cannot act on."""
    asking = Asking(actor, tx.now)
    seen = sa.select(view.field("id", asking)).select_from(view.source)
    seen = seen.where(view.visible(asking), view.field("id", asking) == key)
    found((await tx.connection.execute(seen)).scalar_one_or_none(), *path)


def _ordering(view: View, asking: Asking) -> list[sa.ColumnElement[Any]]:
    columns = [view.field(name, asking) for name in view.order]
    return [column.desc() if view.newest_first else column.asc() for column in columns]


def _beyond(view: View, asking: Asking, after: tuple[Any, ...]) -> Condition:
    columns = [view.field(name, asking) for name in view.order]
    values = [sa.literal(value, column.type) for value, column in zip(after, columns, strict=True)]
    left, right = sa.tuple_(*columns), sa.tuple_(*values)
    return left < right if view.newest_first else left > right


async def _rows(tx: Transaction, query: sa.Select[Any]) -> list[Record]:
    return [dict(row) for row in (await tx.connection.execute(query)).mappings()]
