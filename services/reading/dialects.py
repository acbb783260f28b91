"""A statement as text: parameters for what is told each time, and literals for what is not.

Databases plan better by what they can read, such as the status that a partial index is made for.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

from services.reading.questions import Question
from services.reading.selections import Parameter
from services.tables import UtcInstant
from services.views import ASKER, NOW

Convert = Callable[[Any], Any]


class _OnSQLite(SQLiteCompiler):
    def visit_bindparam(self, bindparam: Any, *args: Any, **options: Any) -> Any:
        options["literal_binds"] = not bindparam.required
        return super().visit_bindparam(bindparam, *args, **options)  # type: ignore[no-untyped-call]  # So is all of SQLAlchemy's.


class _OnPostgreSQL(asyncpg.PGCompiler_asyncpg):
    """Each parameter stands between marks, so that one text can be made the other."""

    def visit_bindparam(self, bindparam: Any, *args: Any, **options: Any) -> Any:
        options["literal_binds"] = not bindparam.required
        text = super().visit_bindparam(bindparam, *args, **options)  # type: ignore[no-untyped-call]  # The same.
        return f"\0{bindparam.key}\0{text}\0" if bindparam.required else text


_SQLITE = sqlite.dialect(paramstyle="qmark")
_SQLITE.statement_compiler = _OnSQLite
_POSTGRESQL = asyncpg.dialect()  # type: ignore[no-untyped-call]  # So is all of SQLAlchemy's.
_POSTGRESQL.statement_compiler = _OnPostgreSQL
# U+0000 stands in no text that PostgreSQL takes.
_MARKED = re.compile("\0(?P<name>[^\0]*)\0(?P<alone>[^\0]*)\0")
_ARRAYS = {str: "text", int: "bigint", bool: "boolean"}


def question_of(
    statement: sa.Select[Any], parameters: Sequence[Parameter], dialect: str
) -> Question:
    types = {each.name: each.type for each in parameters} | {NOW: UtcInstant(), ASKER: sa.String()}
    on = _SQLITE if dialect == "sqlite" else _POSTGRESQL
    compiled: Any = statement.compile(dialect=on)
    names = tuple(compiled.positiontup)
    converters = tuple(types[name].dialect_impl(on).bind_processor(on) for name in names)
    text = str(compiled)
    if dialect == "sqlite":
        return Question(text, names, converters)
    batched = _batched(text, names, types) if names else None
    return Question(_MARKED.sub(r"\g<alone>", text), names, converters, batched)


def _batched(marked: str, names: Sequence[str], types: dict[str, sa.types.TypeEngine[Any]]) -> str:
    """Parameters are columns of the questions asked together."""
    inner = _MARKED.sub(r"q.\g<name>", marked)
    arrays = ", ".join(
        f"${place}::{_array_of(types[name])}[]" for place, name in enumerate(names, 1)
    )
    columns = ", ".join([*names, "nth"])
    return (
        f"SELECT q.nth, answer.* FROM unnest({arrays}) WITH ORDINALITY AS q({columns})"
        f" CROSS JOIN LATERAL ({inner}) AS answer"
    )


def _array_of(kind: sa.types.TypeEngine[Any]) -> str:
    if isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl_instance
    return _ARRAYS.get(kind.python_type, "text") if not isinstance(kind, sa.Enum) else "text"
