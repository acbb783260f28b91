"""What every table shares: one MetaData, its naming, and the column types of our values."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

import ledger.keeping.sorting  # noqa: F401 - how text is sorted in every table.

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class UtcInstant(sa.types.TypeDecorator[datetime]):
    """An instant as whole microseconds since 1970 UTC: sorts and compares alike everywhere."""

    impl = sa.BigInteger
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        del dialect
        if value is None:
            return None
        assert value.tzinfo is not None, value
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> datetime | None:
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


def one_of(enum: type[StrEnum], name: str | None = None) -> sa.Enum:
    """A column that holds one of an enum's values, by value, with a CHECK.

    `name` tells its CHECK from that of another column of the same enum in the same table.
    """
    return sa.Enum(
        enum,
        name=name or enum.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class Names(sa.types.TypeDecorator[frozenset[str]]):
    """A set of names without commas, kept in order and joined by commas; empty means all."""

    impl = sa.String(4_000)
    cache_ok = True

    def process_bind_param(self, value: frozenset[str] | None, dialect: sa.Dialect) -> str | None:
        del dialect
        return None if value is None else ",".join(sorted(value))

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> frozenset[str] | None:
        del dialect
        return None if value is None else frozenset(value.split(",")) - {""}


class _EachName(FunctionElement[Any]):
    """A table with a column `value`: the names that a column of `Names` holds."""

    name = "each_name"
    inherit_cache = True


@compiles(_EachName, "sqlite")
def _each_name_on_sqlite(element: _EachName, compiler: Any, **options: Any) -> str:
    names = compiler.process(element.clauses, **options)
    # Made JSON, whatever characters they hold.
    return f"json_each('[' || replace(json_quote({names}), ',', '\",\"') || ']')"


@compiles(_EachName, "postgresql")
def _each_name_on_postgresql(element: _EachName, compiler: Any, **options: Any) -> str:
    names = compiler.process(element.clauses, **options)
    # `unnest` would give its column another name.
    return f"json_array_elements_text(to_json(string_to_array({names}, ',')))"


def each_name(names: sa.ColumnElement[frozenset[str]], alias: str) -> sa.TableValuedAlias:
    """The names in a column of `Names` as rows, in the column `value`."""
    return _EachName(names).table_valued(sa.column("value", sa.String)).alias(alias)


class _Place(FunctionElement[int]):
    """Where one text begins in another, from 1; 0 where it does not occur."""

    type = sa.Integer()
    inherit_cache = True


@compiles(_Place, "sqlite")
def _place_on_sqlite(element: _Place, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(_Place, "postgresql")
def _place_on_postgresql(element: _Place, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


def contains(
    column: sa.ColumnElement[str], wanted: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    """Whether a text contains another, whatever the case of its Latin letters.

    LIKE would need the characters that mean something to it escaped in every value.
    """
    return _Place(sa.func.lower(column), sa.func.lower(wanted)) > 0


class _Earliest(FunctionElement[datetime]):
    """The least of several values. Those after the first may be null, and then do not count."""

    type = UtcInstant()
    inherit_cache = True


@compiles(_Earliest, "sqlite")
def _earliest_on_sqlite(element: _Earliest, compiler: Any, **options: Any) -> str:
    first, *others = (compiler.process(each, **options) for each in element.clauses)
    return f"min({', '.join([first, *(f'ifnull({other}, {first})' for other in others)])})"


@compiles(_Earliest)
def _earliest_elsewhere(element: _Earliest, compiler: Any, **options: Any) -> str:
    return f"least({compiler.process(element.clauses, **options)})"


def earliest(
    instant: sa.ColumnElement[datetime], *others: sa.ColumnElement[datetime]
) -> sa.ColumnElement[datetime]:
    """The earliest of several instants, of which all but the first may be null."""
    return _Earliest(instant, *others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A rule said a second time: a write that the database itself refuses, whoever asks for it.

    `condition` speaks of the row as `old` and `new`; without one, every such write is refused.
    PostgreSQL has words of its own where it does not understand those of SQLite, and may have to
    do something first, because there others write meanwhile.
    """

    name: str
    write: str  # As in "UPDATE ON licenses".
    sentence: str
    condition: str | None = None
    condition_on_postgresql: str | None = None
    first_on_postgresql: str = ""

    def statements(self, dialect: str) -> list[str]:
        return [self._on_sqlite()] if dialect == "sqlite" else self._on_postgresql()

    def _on_sqlite(self) -> str:
        when = "" if self.condition is None else f"\nWHEN {self.condition}"
        refusal = f"SELECT RAISE(ABORT, '{self.sentence}')"
        return f"CREATE TRIGGER {self.name} BEFORE {self.write}{when}\nBEGIN {refusal}; END"

    def _on_postgresql(self) -> list[str]:
        function = f"""CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  {self.first_on_postgresql}
  IF {self.condition_on_postgresql or self.condition or "true"} THEN
    RAISE integrity_constraint_violation USING MESSAGE = '{self.sentence}';
  END IF;
  RETURN new;
END $$"""
        trigger = f"CREATE TRIGGER {self.name} BEFORE {self.write} FOR EACH ROW"
        return [function, f"{trigger} EXECUTE FUNCTION {self.name}()"]


def guard(table: sa.Table, *guards: Guard) -> None:
    """Give a table its guards wherever it is created."""

    def create(_table: sa.Table, connection: sa.Connection, **_: Any) -> None:
        for each in guards:
            for statement in each.statements(connection.dialect.name):
                connection.exec_driver_sql(statement)

    sa.event.listen(table, "after_create", create)
