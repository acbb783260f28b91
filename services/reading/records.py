"""Records read through views: one, each of several, those of a relation, a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from services.actors import Actor
from services.refusals import found
from services.registry import Transaction
from services.views import (
    LARGEST_PAGE,
    Asking,
    Column,
    Condition,
    Record,
    Restriction,
    ToMany,
    View,
    told,
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of records, each with its cursor values, and whether more follow."""

    records: Sequence[Record]
    cursors: Sequence[tuple[Any, ...]]
    has_next: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records of a view: those that meet its criteria with these values, and conditions."""

    criteria: Mapping[str, Any] = field(default_factory=dict)
    conditions: Sequence[Restriction] = ()

    def holds(self, view: View, asking: Asking) -> list[Condition]:
        given = [
            criterion.holds(
                asking,
                [
                    sa.literal(part, criterion.type_of(place))
                    for place, part in enumerate(criterion.parts(self.criteria[name]))
                ],
            )
            for name, criterion in view.criteria.items()
            if name in self.criteria
        ]
        return [*given, *(condition(asking) for condition in self.conditions)]


EVERYTHING = Wanted()


async def read_one(tx: Transaction, actor: Actor | None, view: View, **equal: Any) -> Record | None:
    """The one record whose named fields have these values, if there is one to be seen."""
    asking = Asking.of(actor)
    conditions = [view.field(name, asking) == value for name, value in equal.items()]
    rows = await _rows(tx, actor, view.select(asking, *conditions))
    assert len(rows) <= 1, (view.name, equal)
    return rows[0] if rows else None


async def read_each(
    tx: Transaction, actor: Actor | None, view: View, keys: Sequence[str], *, by: str = "id"
) -> list[Record | None]:
    """The records with these ids, in the order of `keys`; None where there is none to be seen.

    `by` names another field that is different for every row.
    """
    asking = Asking.of(actor)
    rows = await _rows(tx, actor, view.select(asking, view.field(by, asking).in_(keys)))
    by_key = {row[by]: row for row in rows}
    return [by_key.get(key) for key in keys]


async def read_related(
    tx: Transaction,
    actor: Actor | None,
    relation: ToMany,
    keys: Sequence[str],
    wanted: Wanted = EVERYTHING,
) -> list[list[Record]]:
    """For each key, the records of the relation that can be seen, in the view's order."""
    asking, view = Asking.of(actor), relation.view
    by = view.field(relation.by, asking)
    query = view.select(asking, by.in_(keys), *wanted.holds(view, asking))
    groups: dict[str, list[Record]] = {key: [] for key in keys}
    for row in await _rows(tx, actor, query.order_by(*view.ordering())):
        groups[row[relation.by]].append(row)
    return [groups[key] for key in keys]


async def read_page(
    tx: Transaction,
    actor: Actor | None,
    view: View,
    wanted: Wanted = EVERYTHING,
    *,
    first: int,
    after: tuple[Any, ...] | None = None,
) -> Page:
    """The first `first` records after the cursor values `after`, by keyset."""
    _require_page(first)
    asking = Asking.of(actor)
    query = view.select(asking, *wanted.holds(view, asking), *_beyond(view, after))
    query = query.order_by(*view.ordering()).limit(first + 1)
    return _page_of(view, await _rows(tx, actor, query), first)


async def read_related_pages(
    tx: Transaction,
    actor: Actor | None,
    relation: ToMany,
    keys: Sequence[str],
    wanted: Wanted = EVERYTHING,
    *,
    first: int,
    after: tuple[Any, ...] | None = None,
) -> list[Page]:
    """For each key, the first `first` records of the relation after the cursor values `after`."""
    _require_page(first)
    asking, view = Asking.of(actor), relation.view
    by = view.field(relation.by, asking)
    place = sa.func.row_number().over(partition_by=by, order_by=view.ordering())
    query = view.select(
        asking, by.in_(keys), *wanted.holds(view, asking), *_beyond(view, after)
    ).add_columns(place.label("place_on_page"))
    numbered = query.subquery("numbered")
    shown = sa.select(numbered).where(numbered.c.place_on_page <= first + 1)
    groups: dict[str, list[Record]] = {key: [] for key in keys}
    for row in await _rows(tx, actor, shown.order_by(numbered.c.place_on_page)):
        del row["place_on_page"]
        groups[row[relation.by]].append(row)
    return [_page_of(view, groups[key], first) for key in keys]


async def count(
    tx: Transaction, actor: Actor | None, view: View, wanted: Wanted = EVERYTHING
) -> int:
    asking = Asking.of(actor)
    query = view.count(asking, *wanted.holds(view, asking))
    return int((await tx.connection.execute(query, told(actor, tx.now))).scalar_one())


async def count_related(
    tx: Transaction,
    actor: Actor | None,
    relation: ToMany,
    keys: Sequence[str],
    wanted: Wanted = EVERYTHING,
) -> list[int]:
    """For each key, how many records of the relation can be seen."""
    asking, view = Asking.of(actor), relation.view
    by = view.field(relation.by, asking)
    labelled: tuple[Column, ...] = (by.label("key"), sa.func.count().label("many"))
    query = sa.select(*labelled).select_from(view.source)
    query = query.where(view.visible(asking), by.in_(keys), *wanted.holds(view, asking))
    counted = {row["key"]: row["many"] for row in await _rows(tx, actor, query.group_by(by))}
    return [counted.get(key, 0) for key in keys]


async def refuse_if_hidden(
    tx: Transaction, actor: Actor | None, view: View, key: str, *path: str
) -> None:
    """Rule 0.2 for acts: what the actor may not see, the actor cannot act on."""
    asking = Asking.of(actor)
    rows = await _rows(
        tx, actor, view.select(asking, view.field("id", asking) == key, names=["id"])
    )
    found(rows[0]["id"] if rows else None, *path)


def _require_page(first: int) -> None:
    if not 1 <= first <= LARGEST_PAGE:
        raise ValueError(f"a page holds 1 to {LARGEST_PAGE} records")


def _beyond(view: View, after: tuple[Any, ...] | None) -> list[Condition]:
    if after is None:
        return []
    columns: tuple[Column, ...] = view.cursor_columns()
    return [
        view.beyond(
            [sa.literal(value, column.type) for value, column in zip(after, columns, strict=True)]
        )
    ]


def _page_of(view: View, rows: Sequence[Record], first: int) -> Page:
    shown = rows[:first]
    cursors = [tuple(row[name] for name in view.order) for row in shown]
    return Page(shown, cursors, has_next=len(rows) > first)


async def _rows(tx: Transaction, actor: Actor | None, query: sa.Select[Any]) -> list[Record]:
    answer = await tx.connection.execute(query, told(actor, tx.now))
    return [dict(row) for row in answer.mappings()]
