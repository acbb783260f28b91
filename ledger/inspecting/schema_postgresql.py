"""What guards the ledger's tables on PostgreSQL, as its catalogue says, and as it was made.

A server tells a trigger's condition in words of its own. Both are brought to one form: in small
letters, without casts, parentheses and spaces, each column of compared rows by itself. The
conditions are chains of OR over comparisons, so that parentheses say nothing there. Functions are
told as they were written.
"""

import re
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from ledger.keeping.store import metadata
from ledger.keeping.triggers_postgresql import APPEND_ONLY_POSTGRESQL

_TABLES = [table for table in metadata.sorted_tables if table.name.startswith("ledger_")]

_TRIGGERS = sa.text(r"""
SELECT t.tgname, pg_get_triggerdef(t.oid, true), CAST(t.tgenabled AS text)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid) AND c.relname LIKE 'ledger\_%'
""")
_FUNCTIONS = sa.text(r"""
SELECT p.proname, p.prosrc, p.prosecdef OR l.lanname <> 'plpgsql', p.proconfig
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE pg_function_is_visible(p.oid) AND p.proname LIKE 'ledger\_%'
""")
# What could take a write away, or hide rows, without any trigger.
_OTHERS = sa.text(r"""
SELECT 'the rule ' || r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
WHERE pg_table_is_visible(c.oid) AND c.relname LIKE 'ledger\_%' AND c.relkind = 'r'
UNION ALL
SELECT 'the row security of ' || c.relname FROM pg_class c
WHERE pg_table_is_visible(c.oid) AND c.relname LIKE 'ledger\_%' AND c.relrowsecurity
UNION ALL
SELECT 'the setting session_replication_role'
WHERE current_setting('session_replication_role') <> 'origin'
""")
_COLUMNS = sa.text(r"""
SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE pg_table_is_visible(c.oid) AND c.relname LIKE 'ledger\_%' AND c.relkind = 'r'
AND a.attnum > 0 AND NOT a.attisdropped
""")

_FUNCTION = re.compile(r"CREATE OR REPLACE FUNCTION (\w+)\(\)(.*?)\$\$(.*)\$\$", re.DOTALL)
_SETTING = re.compile(r"SET (\w+) = (\w+)")
_TRIGGER = re.compile(r"CREATE OR REPLACE TRIGGER (\w+)")
_CAST = re.compile(r"::[a-z]+( varying)?(\(\d+\))?")
_ROWS = re.compile(r"\(([^()]*)\)\s*(is distinct from|<>)\s*\(([^()]*)\)")

Guards = Mapping[str, str]


def standing_guards(connection: sa.Connection) -> tuple[Guards, Guards]:
    """What was made, and what stands there, each by its name for a person."""
    standing = {}
    for name, definition, enabled in connection.execute(_TRIGGERS):
        standing[f"the trigger {name}"] = _normal(definition) + ("" if enabled == "O" else enabled)
    for name, body, is_other, settings in connection.execute(_FUNCTIONS):
        standing[f"the function {name}"] = " ".join(
            [body, *(settings or ()), *["other"] * is_other]
        )
    standing |= {name: "" for (name,) in connection.execute(_OTHERS)}
    return dict(_made()), standing


def misfits(connection: sa.Connection) -> list[str]:
    """The columns that are not there with the type they were made with."""
    there = {(table, column): type_ for table, column, type_ in connection.execute(_COLUMNS)}
    return [
        f"{table.name}.{column.name} is not of the type {_type_of(column)}"
        for table in _TABLES
        for column in table.c
        if there.get((table.name, column.name)) != _type_of(column)
    ]


def _made() -> Iterator[tuple[str, str]]:
    for statement in APPEND_ONLY_POSTGRESQL:
        if function := _FUNCTION.search(statement):
            settings = [f"{name}={value}" for name, value in _SETTING.findall(function[2])]
            yield f"the function {function[1]}", " ".join([function[3], *settings])
        elif trigger := _TRIGGER.match(statement):
            yield f"the trigger {trigger[1]}", _normal(statement)


def _normal(trigger: str) -> str:
    words = " ".join(trigger.lower().replace('"', "").split())
    words = words.replace("create or replace", "create").replace("when (true) ", "")
    if "for each" not in words:
        words = words.replace(" execute ", " for each statement execute ")
    compared = _ROWS.sub(_each_column, _CAST.sub("", words))
    return re.sub(r"[()\s]", "", compared)


def _each_column(rows: re.Match[str]) -> str:
    pairs = zip(rows[1].split(","), rows[3].split(","), strict=True)
    return " or ".join(f"{one} {rows[2]} {other}" for one, other in pairs)


def _type_of(column: sa.Column[object]) -> str:
    kinds = {
        sa.LargeBinary: "bytea",
        sa.Boolean: "boolean",
        sa.BigInteger: "bigint",
        sa.Integer: "integer",
        sa.Text: "text",
        sa.String: "character varying",
    }
    return next(name for kind, name in kinds.items() if isinstance(column.type, kind))
