"""Text columns on PostgreSQL sort by their bytes, as SQLite sorts them, in whatever database.

Importing this is enough: it holds for every table that is made, by its metadata or by a migration.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


@compiles(sa.String, "postgresql")
@compiles(sa.Text, "postgresql")
@compiles(sa.Enum, "postgresql")
def _compile(type_: sa.String, compiler: Any, **options: Any) -> str:
    text: str = getattr(compiler, f"visit_{type_.__visit_name__}")(type_, **options)
    # A type is also written where a value is cast, which takes no collation.
    is_of_column = isinstance(options.get("type_expression"), sa.Column)
    return f'{text} COLLATE "C"' if is_of_column and type_.collation is None else text
