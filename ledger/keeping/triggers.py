"""What SQLite itself refuses, so that no code of ours or of others rewrites the ledger by mistake.

Whoever may alter the schema can drop these triggers; `audit` finds what was done afterwards.
A BEFORE INSERT trigger also sees INSERT OR REPLACE, which would remove a row without DELETE.
"""

# What may be written, and when it is refused.
_REFUSED_WRITES = [
    (
        "INSERT ON ledger_event",
        "NEW.idx <> COALESCE((SELECT size FROM ledger_head), 0)",
        "the next event takes the next index",
    ),
    (
        "INSERT ON ledger_opening",
        "NEW.idx <> COALESCE((SELECT size FROM ledger_head), 0)",
        "openings are written with their event",
    ),
    (
        "INSERT ON ledger_tile",
        "EXISTS (SELECT 1 FROM ledger_tile WHERE level = NEW.level AND n = NEW.n)",
        "a tile is begun once",
    ),
    (
        "UPDATE ON ledger_tile",
        """NEW.level <> OLD.level OR NEW.n <> OLD.n
        OR length(NEW.hashes) <> length(OLD.hashes) + 32
        OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes""",
        "a tile only grows at its end",
    ),
    (
        "INSERT ON ledger_subject",
        """NEW.next_number <> 1
        OR EXISTS (SELECT 1 FROM ledger_subject WHERE subject = NEW.subject)""",
        "a subject is begun once",
    ),
    (
        "UPDATE ON ledger_subject",
        """NEW.subject <> OLD.subject OR NEW.salt <> OLD.salt
        OR NEW.next_number <> OLD.next_number + 1""",
        "the events of a subject are counted one by one",
    ),
    (
        "INSERT ON ledger_head",
        "EXISTS (SELECT 1 FROM ledger_head)",
        "a log has one head",
    ),
    (
        "UPDATE ON ledger_head",
        """NEW.id <> OLD.id OR NEW.size <> OLD.size + 1 OR NEW.last_at < OLD.last_at
        OR NOT EXISTS (SELECT 1 FROM ledger_event WHERE idx = OLD.size)""",
        "the head moves on by one event, and not back in time",
    ),
    (
        "INSERT ON ledger_checkpoint",
        """NEW.size > COALESCE((SELECT size FROM ledger_head), 0)
        OR EXISTS (SELECT 1 FROM ledger_checkpoint WHERE size >= NEW.size)""",
        "a checkpoint covers more than the one before, and no more than there is",
    ),
]

# What is never written again.
_REFUSED_ALWAYS = [
    *(("UPDATE", table) for table in ("ledger_event", "ledger_opening", "ledger_checkpoint")),
    ("DELETE", "ledger_event"),
    ("DELETE", "ledger_opening"),
    ("DELETE", "ledger_tile"),
    ("DELETE", "ledger_subject"),
    ("DELETE", "ledger_head"),
    ("DELETE", "ledger_checkpoint"),
]


def _trigger(write: str, condition: str, sentence: str) -> str:
    act, table = write.split(" ON ")
    return (
        f"CREATE TRIGGER IF NOT EXISTS {table}_{act.lower()} BEFORE {write} WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: {sentence}'); END"
    )


# One statement each, for the tables' own DDL events and for migrations; may be run again.
APPEND_ONLY_STATEMENTS = [
    *(_trigger(*refused) for refused in _REFUSED_WRITES),
    *(
        _trigger(f"{act} ON {table}", "1", f"{act} is refused, rows are only added")
        for act, table in _REFUSED_ALWAYS
    ),
]
