"""What the database refuses of itself: whether its triggers stand as they were made."""

import sqlalchemy as sa

from ledger.inspecting.raw_rows import has_outbox
from ledger.inspecting.report import Findings
from ledger.inspecting.schema_postgresql import misfits, standing_guards
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS

PLACE = "schema"

_TRIGGERS = sa.text(
    "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'ledger!_%' ESCAPE '!'"
)


def judge_columns(connection: sa.Connection, findings: Findings) -> bool:
    """Whether what the columns hold can be read: on SQLite it can, whatever that is."""
    found = misfits(connection) if has_outbox(connection) else []
    for problem in found:
        findings.add(0, PLACE, problem)
    return not found


def judge_triggers(connection: sa.Connection, findings: Findings, size: int) -> None:
    """None is gone or changed, and no other stands there, which could write what nobody asked for.

    What they have let through is for others to find; the index is that of the next entry.
    """
    if has_outbox(connection):
        made, standing = standing_guards(connection)
    else:
        made = _named(APPEND_ONLY_STATEMENTS)
        standing = _named([statement for (statement,) in connection.execute(_TRIGGERS)])
    for name, _ in sorted(made.items() - standing.items()):
        findings.add(size, PLACE, f"{name} is not there as it was made")
    for name, _ in sorted(standing.items() - made.items()):
        findings.add(size, PLACE, f"{name} is none of ours")


def _named(statements: list[str]) -> dict[str, str]:
    normal = [" ".join(each.replace("IF NOT EXISTS ", "").split()) for each in statements]
    return {f"the trigger {each.split(' ')[2]}": each for each in normal}
