"""The statement that reads a selection, whatever is nested in it, and its text for one database.

The rows of a view stand in a derived table, so that views need no names of their own for their
tables. Rows within rows are scalar subqueries that make JSON of them: what their `pieces` spell,
or else arrays of values, without the names, which the plan knows.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import sqlalchemy as sa

from services.actors import Role
from services.reading.dialects import question_of
from services.reading.questions import Question
from services.reading.selections import (
    BETWEEN,
    ManyRows,
    Nested,
    OneRow,
    Parameter,
    Rows,
    Selection,
    SpelledPage,
    Total,
    WithTotal,
    parameters_of,
)
from services.reading.spelling import WORDS, text_of
from services.views import Asking, Column, Condition

TOO_DEEP = ("stack overflow", "Expression tree is too large")
MOST_VALUES = 100  # That PostgreSQL takes as arguments of one function.


def comes_whole(dialect: str) -> bool:
    """Whether a question is answered with one JSON text, instead of the columns of each row.

    It takes PostgreSQL's driver less time than many rows do, and the server has other processors
    to spell the text; SQLite works where we do, gives rows at once, and its parser goes less deep.
    """
    return dialect == "postgresql"


class TooMuchError(Exception):
    """More values in a row, or rows within rows, than a database takes in one statement."""


def question_for(selection: Selection, roles: frozenset[Role] | None, dialect: str) -> Question:
    """What to ask a `sqlite` or `postgresql` database. Raises `TooMuchError`."""
    statement = _Writer(Asking(roles), dialect).statement(selection)
    question = question_of(statement, [*parameters_of(selection)], dialect)
    if dialect == "sqlite":
        _require_shallow(question.text)
    return question


def _require_shallow(text: str) -> None:
    """SQLite's parser goes a hundred symbols deep, its expressions a thousand, and only it knows
    how deep a statement is.

    Where there are no tables it reads the whole text, and then finds that they are missing.
    """
    with closing(sqlite3.connect(":memory:")) as nothing:
        try:
            nothing.execute(f"EXPLAIN {text}")
        except sqlite3.Error as error:
            if any(complaint in str(error) for complaint in TOO_DEEP):
                raise TooMuchError from None


@dataclass(frozen=True, slots=True)
class _Writer:
    asking: Asking
    dialect: str
    _numbers: Iterator[int] = field(default_factory=count)

    def statement(self, selection: Selection) -> sa.Select[Any]:
        match selection:
            case WithTotal(rows=rows, counted=counted):
                page, total = self._listed(rows), self._counted(counted)
                return _labelled([self._as_text(page), total])
            case SpelledPage():
                return self._page(selection)
            case Rows() if selection.pieces or comes_whole(self.dialect):
                return self._whole(selection)
            case Rows():
                return self._row_by_row(selection)

    def _row_by_row(self, selection: Rows) -> sa.Select[Any]:
        rows = self._derived(selection, named=selection.view.order)
        nested = [
            each if isinstance(of, Total) else self._as_text(each)
            for each, of in zip(self._nested(selection, rows), selection.nested, strict=True)
        ]
        values = [*self._columns(selection, rows), *nested]
        values = values or [sa.literal_column("1")]  # How many there are may be all that is asked.
        return _labelled(values).select_from(rows).order_by(*_ordering(selection, rows))

    def _whole(self, selection: Rows) -> sa.Select[Any]:
        """All rows as one JSON text; of the only one there can be, itself."""
        if selection.equal is None:
            return _labelled([self._as_text(self._listed(selection))])
        derived = self._derived(selection)
        array = self._as_text(self._array(selection, derived))
        return _labelled([array]).select_from(derived)

    def _page(self, page: SpelledPage) -> sa.Select[Any]:
        words, rows = WORDS[self.dialect], self._derived(page.rows)
        texts = [self._text(page.rows, rows)]
        if page.ends:
            texts.append(text_of(page.ends, self._columns(page.rows, rows), words))
        return _labelled([words.listed(each, BETWEEN) for each in texts]).select_from(rows)

    def _derived(
        self,
        rows: Rows,
        around: sa.Subquery | None = None,
        *conditions: Condition,
        named: Sequence[str] = (),
    ) -> sa.Subquery:
        """The rows with all that is wanted of them, also by what is nested in them, and `named`."""
        view = rows.view
        keys = [nested.relation.key for nested in rows.nested]
        names = list(dict.fromkeys([*rows.columns, *keys, *named])) or [view.order[0]]
        query = view.select(self.asking, *conditions, *self._conditions(rows), names=names)
        if around is not None:
            query = query.correlate(around)
        if rows.is_ordered:
            query = query.order_by(*view.ordering())
        if rows.first is not None:
            query = query.limit(sa.literal_column(str(rows.first), sa.Integer))
        return query.subquery(self._name())

    def _conditions(self, rows: Rows) -> list[Condition]:
        view, conditions = rows.view, [each(self.asking) for each in rows.conditions]
        if rows.equal is not None:
            name, parameter = rows.equal
            conditions.append(view.field(name, self.asking) == _bound(parameter))
        if rows.any_of is not None:
            name, parameters = rows.any_of
            conditions.append(view.field(name, self.asking).in_([*map(_bound, parameters)]))
        conditions += [
            met.criterion.holds(self.asking, [*map(_bound, met.parts)]) for met in rows.met
        ]
        if rows.after:
            conditions.append(view.beyond([*map(_bound, rows.after)]))
        return conditions

    def _columns(self, rows: Rows, derived: sa.Subquery) -> list[Column]:
        return [derived.c[name] for name in rows.columns]

    def _nested(self, rows: Rows, derived: sa.Subquery) -> list[Column]:
        return [self._related(each, derived) for each in rows.nested]

    def _related(self, nested: Nested, around: sa.Subquery) -> Column:
        """What stands in the place of a relation in the rows around it."""
        by = nested.rows.view.field(nested.relation.by, self.asking)
        related = by == around.c[nested.relation.key]
        match nested:
            case OneRow(rows=rows):
                derived = self._derived(rows, around, related)
                one = sa.select(self._array(rows, derived)).select_from(derived)
                return one.correlate_except(derived).scalar_subquery()
            case ManyRows(rows=rows):
                return self._listed(rows, around, related)
            case Total(rows=rows):
                return self._counted(rows, around, related)

    def _listed(
        self, rows: Rows, around: sa.Subquery | None = None, *conditions: Condition
    ) -> Column:
        """A JSON array of rows in the view's order, or the text of its items.

        Aggregates take rows as they come, and those of a derived table come in its order, as
        PostgreSQL's documentation says (9.21) and SQLite does.
        """
        derived = self._derived(rows, around, *conditions)
        listed = self._aggregated(rows, self._array(rows, derived))
        query = sa.select(listed).select_from(derived)
        return query.correlate_except(derived).scalar_subquery()

    def _aggregated(self, rows: Rows, array: Column) -> Column:
        if rows.pieces:
            return sa.func.coalesce(WORDS[self.dialect].listed(array, ","), "")
        if self.dialect == "postgresql":
            there_is_none = sa.literal_column("'[]'::json", sa.JSON)
            return sa.func.coalesce(sa.func.json_agg(array), there_is_none)
        return sa.func.json_group_array(array)

    def _counted(
        self, rows: Rows, around: sa.Subquery | None = None, *conditions: Condition
    ) -> Column:
        query = rows.view.count(self.asking, *conditions, *self._conditions(rows))
        return (query if around is None else query.correlate(around)).scalar_subquery()

    def _text(self, rows: Rows, derived: sa.Subquery) -> Column:
        values = [*self._columns(rows, derived), *self._nested(rows, derived)]
        return text_of(rows.pieces, values, WORDS[self.dialect])

    def _array(self, rows: Rows, derived: sa.Subquery) -> Column:
        """A JSON array of the values of one row, or the text that they make."""
        if rows.pieces:
            return self._text(rows, derived)
        columns, nested = self._columns(rows, derived), self._nested(rows, derived)
        if len(columns) + len(nested) > MOST_VALUES:
            raise TooMuchError
        if self.dialect == "postgresql":
            return sa.func.json_build_array(*columns, *nested)
        # What comes out of a subquery is text to SQLite until it is told otherwise.
        return sa.func.json_array(*columns, *map(sa.func.json, nested))

    def _as_text(self, array: Column) -> Column:
        """Drivers of PostgreSQL would take JSON apart in Python."""
        return sa.cast(array, sa.Text) if self.dialect == "postgresql" else array

    def _name(self) -> str:
        return f"r{next(self._numbers)}"


def _bound(parameter: Parameter) -> Column:
    return sa.bindparam(parameter.name, type_=parameter.type)


def _labelled(values: Sequence[Column]) -> sa.Select[Any]:
    return sa.select(*(value.label(f"v{place}") for place, value in enumerate(values)))


def _ordering(rows: Rows, derived: sa.Subquery) -> Sequence[Column]:
    if not rows.is_ordered:
        return ()
    columns = [derived.c[name] for name in rows.view.order]
    return [each.desc() if rows.view.newest_first else each.asc() for each in columns]
