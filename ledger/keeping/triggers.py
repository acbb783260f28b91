"""What SQLite itself refuses, so that no code of ours or of others rewrites the ledger by mistake.

Whoever may alter the schema can drop these triggers; `fsck` finds what was done afterwards.
A BEFORE INSERT trigger also sees INSERT OR REPLACE, which would remove a row without DELETE.
"""

_LAST_ENTRY = "SELECT 1 FROM ledger_entry WHERE idx = NEW.size - 1 AND chain = NEW.chain"

# What may be written, when it is refused, and in which words. Entries and openings are written
# by the thousand: their conditions look at no more than they must.
_REFUSED_WRITES = [
    (
        "INSERT ON ledger_entry",
        """NEW.id <> COALESCE((SELECT MAX(id) + 1 FROM ledger_entry), 0) OR NEW.idx IS NOT NEW.id
        OR NEW.number <> COALESCE(
            (SELECT MAX(number) + 1 FROM ledger_entry WHERE subject = NEW.subject), 0)
        OR (SELECT kind FROM ledger_entry WHERE id = NEW.id - 2) = 'freeze'
        OR NEW.kind <> 'state'
        AND (SELECT kind FROM ledger_entry WHERE id = NEW.id - 1) = 'freeze'""",
        "the next entry takes the next index and number, and only one state follows the end",
    ),
    (
        "INSERT ON ledger_opening",
        "NEW.entry_id < (SELECT size FROM ledger_head) OR NEW.erased_at IS NOT NULL",
        "openings are written with their event",
    ),
    (
        "UPDATE ON ledger_opening",
        """OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL OR OLD.slot < 2
        OR NEW.entry_id <> OLD.entry_id OR NEW.slot <> OLD.slot
        OR NEW.name <> OLD.name OR NEW.is_public <> OLD.is_public""",
        "it may be erased, once, but for kind and instant",
    ),
    (
        "INSERT ON ledger_tile",
        """typeof(NEW.hashes) <> 'blob' OR length(NEW.hashes) % 32 <> 0
        OR EXISTS (SELECT 1 FROM ledger_tile WHERE level = NEW.level AND n = NEW.n)""",
        "a tile is begun once",
    ),
    (
        "UPDATE ON ledger_tile",
        """NEW.level <> OLD.level OR NEW.n <> OLD.n OR typeof(NEW.hashes) <> 'blob'
        OR length(NEW.hashes) % 32 <> 0 OR length(NEW.hashes) <= length(OLD.hashes)
        OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes""",
        "a tile only grows at its end",
    ),
    (
        "INSERT ON ledger_subject",
        """NEW.next_number < 1
        OR EXISTS (SELECT 1 FROM ledger_subject WHERE subject = NEW.subject)""",
        "a subject is begun once",
    ),
    (
        "UPDATE ON ledger_subject",
        """NEW.subject <> OLD.subject OR NEW.salt <> OLD.salt OR NEW.key <> OLD.key
        OR NEW.next_number <= OLD.next_number OR NEW.last_at < OLD.last_at OR NOT EXISTS (
            SELECT 1 FROM ledger_entry WHERE subject = NEW.subject
            AND number = NEW.next_number - 1 AND leaf = NEW.head_leaf)""",
        "a subject moves on to its last event, and not back in time",
    ),
    (
        "INSERT ON ledger_head",
        f"EXISTS (SELECT 1 FROM ledger_head) OR NOT EXISTS ({_LAST_ENTRY})",
        "a log has one head",
    ),
    (
        "UPDATE ON ledger_head",
        f"""NEW.id <> OLD.id OR NEW.size <= OLD.size OR NEW.last_at < OLD.last_at
        OR NEW.size <> (SELECT MAX(id) + 1 FROM ledger_entry) OR NOT EXISTS ({_LAST_ENTRY})""",
        "the head moves on to the last entry, and not back in time",
    ),
    (
        "INSERT ON ledger_checkpoint",
        """NEW.size > COALESCE((SELECT size FROM ledger_head), 0)
        OR EXISTS (SELECT 1 FROM ledger_checkpoint WHERE size >= NEW.size)""",
        "a checkpoint covers more than the one before, and no more than there is",
    ),
    (
        "UPDATE ON ledger_checkpoint",
        """OLD.published_at IS NOT NULL OR NEW.published_at IS NULL OR NEW.size <> OLD.size
        OR NEW.root <> OLD.root OR NEW.note <> OLD.note OR NEW.signed_at <> OLD.signed_at""",
        "it may be marked as published, once",
    ),
    (
        "INSERT ON ledger_cosignature",
        """EXISTS (SELECT 1 FROM ledger_cosignature WHERE size = NEW.size
            AND name = NEW.name AND key_id = NEW.key_id AND time > NEW.time)""",
        "only a newer one takes its place",
    ),
    (
        "UPDATE ON ledger_cosignature",
        """NEW.size <> OLD.size OR NEW.name <> OLD.name OR NEW.key_id <> OLD.key_id
        OR NEW.time < OLD.time""",
        "only a newer one takes its place",
    ),
    (
        "INSERT ON ledger_state",
        "EXISTS (SELECT 1 FROM ledger_state WHERE key = NEW.key)",
        "a subject is in the map once",
    ),
    (
        "UPDATE ON ledger_state",
        "NEW.key <> OLD.key OR NEW.count <= OLD.count OR NEW.last_idx <= OLD.last_idx",
        "a subject moves on to a later event",
    ),
    (
        "INSERT ON ledger_state_page",
        "EXISTS (SELECT 1 FROM ledger_state_page WHERE place = NEW.place)",
        "a place has one page",
    ),
    (
        "UPDATE ON ledger_state_page",
        "NEW.place <> OLD.place OR length(NEW.hashes) < length(OLD.hashes)",
        "a page keeps its place, and may become deeper",
    ),
]

# What is never written again, and what is never taken away.
_REFUSED_ALWAYS = [
    ("UPDATE", "ledger_entry"),
    *(
        ("DELETE", f"ledger_{name}")
        for name in (
            "entry",
            "opening",
            "tile",
            "subject",
            "head",
            "checkpoint",
            "cosignature",
            "state",
            "state_page",
        )
    ),
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
