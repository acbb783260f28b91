"""What a database is made of, as it says itself: to be compared with another of its kind.

How a constraint is called is left out: the steps call that of an enum by other names.
"""

from itertools import chain
from typing import Any

import sqlalchemy as sa

from services.registry import open_engine
from tests.databases import is_sqlite, rows

OURS = "relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
ON_POSTGRESQL = {
    "column": f"""
        SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull,
          pg_get_expr(adbin, adrelid), attcollation::regcollation::text
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE {OURS} AND relkind IN ('r', 'S') AND attnum > 0 AND NOT attisdropped
    """,
    "constraint": f"""
        SELECT relname, pg_get_constraintdef(pg_constraint.oid)
        FROM pg_constraint JOIN pg_class ON conrelid = pg_class.oid WHERE {OURS}
    """,
    "index": """
        SELECT indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    """,
    "trigger": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "function": """
        SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """,
}
ON_SQLITE = {
    "table": """
        SELECT name, ncol, wr, strict FROM pragma_table_list
        WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'
          AND name <> 'alembic_version'
    """,
    "column": """
        SELECT tables.name, columns.name, columns.type, "notnull", dflt_value, pk
        FROM sqlite_master AS tables, pragma_table_xinfo(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name <> 'alembic_version'
    """,
    "made": "SELECT sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql <> ''",
}
CONSTRAINTS = """
    SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'
"""
COLLATIONS = """
    SELECT DISTINCT collation_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'alembic_version'
      AND data_type IN ('character varying', 'text', 'character')
"""


def schema_of(address: str) -> set[tuple[Any, ...]]:
    """Every table, column, constraint, index, trigger and function, each as a row of its own."""
    queries = ON_SQLITE if is_sqlite(address) else ON_POSTGRESQL
    found = {
        (kind, *map(_normal, row))
        for kind, query in queries.items()
        for row in rows(address, query)
    }
    if not is_sqlite(address):
        return found
    return found | {
        ("constraint", table, line.split(maxsplit=2)[-1].rstrip(", "))
        for table, created in rows(address, CONSTRAINTS)
        for line in created.splitlines()
        if line.strip().startswith("CONSTRAINT")
    }


def _normal(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def collations_of(address: str) -> set[str]:
    """How the text columns of a database on a server are sorted."""
    return {collation for (collation,) in rows(address, COLLATIONS)}


async def outline_of(address: str) -> set[tuple[Any, ...]]:
    """What is the same whatever the kind of database: names, keys, what may be missing."""
    engine = open_engine(address)
    async with engine.connect() as connection:
        found = await connection.run_sync(_outline)
    await engine.dispose()
    return found


def _outline(connection: sa.Connection) -> set[tuple[Any, ...]]:
    inspector = sa.inspect(connection)
    return set(
        chain.from_iterable(
            _outline_of_table(inspector, table)
            for table in inspector.get_table_names()
            if table != "alembic_version"
        )
    )


def _outline_of_table(inspector: sa.Inspector, table: str) -> list[tuple[Any, ...]]:
    key = inspector.get_pk_constraint(table)["constrained_columns"]
    return [
        ("key", table, *key),
        *(("column", table, c["name"], c["nullable"]) for c in inspector.get_columns(table)),
        *(("unique", table, *u["column_names"]) for u in inspector.get_unique_constraints(table)),
        *(
            ("foreign", table, *f["constrained_columns"], f["referred_table"])
            for f in inspector.get_foreign_keys(table)
        ),
        *(
            ("index", table, i["name"], bool(i["unique"]), *i["column_names"])
            for i in inspector.get_indexes(table)
            if not i.get("duplicates_constraint")
        ),
    ]
