"""Rows by the values of their columns: what stores ask most, each statement built only once.

SQLAlchemy writes the statements and tells how values are converted. What it does besides, for each
statement that is sent, took most of an act's time: here the driver is given the text made before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from ledger.keeping.together import Ask, Conversation, Row, Statement, together
from services.registry import Transaction

Convert = Callable[[Any], Any]
Record = dict[str, Any]

_ONE: sa.ColumnClause[int] = sa.literal_column("1", sa.Integer)


class _Converters(NamedTuple):
    """From values of the columns' types to those of a driver, and back; None: as they are."""

    parameters: Sequence[Convert | None]
    results: Sequence[Convert | None]


class Prepared:
    """A statement whose parameters are given, and whose rows come, as the types of columns say.

    `types` are those of its parameters by their names, in the order in which they stand in it.
    """

    def __init__(
        self,
        clause: sa.Select[Any] | sa.Insert | sa.Update,
        types: Mapping[str, sa.types.TypeEngine[Any]],
    ) -> None:
        self._statement = Statement(clause, *types)
        self._is_select = clause.is_select
        self._types = types
        self._shown = {column.name: column.type for column in clause.exported_columns}
        self._converters: dict[str, _Converters] = {}

    async def rows(self, tx: Transaction, values: Mapping[str, Any]) -> list[Record]:
        if self._is_select and any(map(_has_null, values.values())):
            return []  # No text that is kept has one, and PostgreSQL refuses to look for it.
        of = self._converters_for(tx.connection.dialect)
        row = [
            values[name] if convert is None else convert(values[name])
            for name, convert in zip(self._types, of.parameters, strict=True)
        ]
        return [
            {
                name: value if convert is None else convert(value)
                for name, value, convert in zip(self._shown, found, of.results, strict=True)
            }
            for found in await together(tx.connection, _asked(self._statement, row), is_short=True)
        ]

    async def row(self, tx: Transaction, values: Mapping[str, Any]) -> Record | None:
        """The only one there can be."""
        rows = await self.rows(tx, values)
        assert len(rows) <= 1, self._statement.for_sqlite
        return rows[0] if rows else None

    def _converters_for(self, dialect: sa.Dialect) -> _Converters:
        if dialect.name not in self._converters:
            parameters = [each.dialect_impl(dialect) for each in self._types.values()]
            results = [each.dialect_impl(dialect) for each in self._shown.values()]
            self._converters[dialect.name] = _Converters(
                [each.bind_processor(dialect) for each in parameters],
                [each.result_processor(dialect, None) for each in results],
            )
        return self._converters[dialect.name]


def columns_of(record: Any) -> dict[str, Any]:
    """The fields of a frozen record by their names. They are not copied, as `asdict` would."""
    return {each.name: getattr(record, each.name) for each in fields(record)}


async def row_with(tx: Transaction, table: sa.Table, **equal: Any) -> Record | None:
    """The only row of a table whose columns have these values."""
    return await _select(table, tuple(equal)).row(tx, _asked_for(equal))


async def rows_with(tx: Transaction, table: sa.Table, **equal: Any) -> list[Record]:
    return await _select(table, tuple(equal)).rows(tx, _asked_for(equal))


async def add_row(tx: Transaction, table: sa.Table, columns: Mapping[str, Any]) -> None:
    """Add a row. One with an id is a record that begins here."""
    await _insert(table, tuple(columns)).rows(tx, columns)
    if "id" in columns:
        tx.begun.add(columns["id"])


async def change_rows(
    tx: Transaction, table: sa.Table, columns: Mapping[str, Any], **equal: Any
) -> int:
    """Give columns of those rows that have these values now other ones; how many there were."""
    update = _update(table, tuple(columns), tuple(equal))
    return len(await update.rows(tx, {**columns, **_asked_for(equal)}))


@cache
def _select(table: sa.Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(sa.select(table).where(*_conditions(table, names)), _conditioned(table, names))


@cache
def _insert(table: sa.Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(table.insert(), _in_order(table, names))


@cache
def _update(table: sa.Table, names: tuple[str, ...], equal: tuple[str, ...]) -> Prepared:
    update = table.update().where(*_conditions(table, equal)).returning(_ONE)
    return Prepared(update, _in_order(table, names) | _conditioned(table, equal))


def _conditions(table: sa.Table, names: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    return [
        table.c[name] == sa.bindparam(f"now_{name}", type_=table.c[name].type) for name in names
    ]


def _conditioned(table: sa.Table, names: Sequence[str]) -> dict[str, sa.types.TypeEngine[Any]]:
    return {f"now_{name}": table.c[name].type for name in names}


def _asked_for(equal: Mapping[str, Any]) -> dict[str, Any]:
    return {f"now_{name}": value for name, value in equal.items()}


def _in_order(table: sa.Table, names: Sequence[str]) -> dict[str, sa.types.TypeEngine[Any]]:
    """The columns of a table in the order in which SQLAlchemy writes them."""
    assert set(names) <= set(table.c.keys()), names
    return {column.name: column.type for column in table.c if column.name in names}


def _has_null(value: object) -> bool:
    return isinstance(value, str) and "\0" in value


def _asked(statement: Statement, row: Row) -> Conversation[Sequence[Row]]:
    return (yield Ask(statement, [row]))
