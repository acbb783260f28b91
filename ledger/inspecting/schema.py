"""What the database refuses of itself: whether its triggers stand as they were made."""

import sqlalchemy as sa

from ledger.inspecting.report import Findings
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS

PLACE = "schema"

_TRIGGERS = sa.text(
    "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'ledger!_%' ESCAPE '!'"
)


def judge_triggers(connection: sa.Connection, findings: Findings, size: int) -> None:
    """None is gone or changed, and no other stands there, which could write what nobody asked for.

    What they have let through is for others to find; the index is that of the next entry.
    """
    made = {_normal(statement) for statement in APPEND_ONLY_STATEMENTS}
    standing = {_normal(statement) for (statement,) in connection.execute(_TRIGGERS)}
    for trigger in sorted(made - standing):
        findings.add(size, PLACE, f"the trigger {_name(trigger)} is not there as it was made")
    for trigger in sorted(standing - made):
        findings.add(size, PLACE, f"the trigger {_name(trigger)} is none of ours")


def _normal(statement: str) -> str:
    return " ".join(statement.replace("IF NOT EXISTS ", "").split())


def _name(trigger: str) -> str:
    return trigger.split(" ")[2]
