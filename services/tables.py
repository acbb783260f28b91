"""What every table shares: one MetaData, its naming, and the column types of our values."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

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


def guard(table: sa.Table, *triggers: str) -> None:
    """Give a table its triggers wherever it is created on SQLite: rules said a second time."""

    def create(_table: sa.Table, connection: sa.Connection, **_: Any) -> None:
        if connection.dialect.name == "sqlite":
            for trigger in triggers:
                connection.exec_driver_sql(trigger)

    sa.event.listen(table, "after_create", create)
