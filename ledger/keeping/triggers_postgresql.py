"""What PostgreSQL itself refuses: the same as SQLite by `triggers`, in its own words.

What a row says of itself is judged by the trigger's condition, which costs next to nothing; only
where other rows are asked a function is called. What is begun once has a primary key.
"""

from ledger.formats.entry import EVENT, FREEZE, STATE

IDS = "ledger_entry_id"

# Held with others by whoever appends an event, and alone by whoever ends the log.
APPENDING = "1684108385, 1"

# SQLSTATE of an event that comes after the end; its class is none of PostgreSQL's own.
LOG_HAS_ENDED = "LE001"

_LAST_ENTRY = "SELECT FROM ledger_entry WHERE idx = NEW.size - 1 AND chain = NEW.chain"

_REFUSE = """
CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0]
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

_REQUIRE_RUNNING_LOG = f"""
    PERFORM pg_advisory_xact_lock_shared({APPENDING});
    IF EXISTS (SELECT FROM ledger_entry WHERE kind <> '{EVENT}' AND kind = '{FREEZE}') THEN
        RAISE EXCEPTION 'ledger_entry: the log has ended' USING ERRCODE = '{LOG_HAS_ENDED}';
    END IF;
"""

# What a row says of itself: when it is refused, and in which words.
_REFUSED_ROWS = [
    (
        "UPDATE ON ledger_entry",
        """OLD.idx IS NOT NULL OR NEW.idx IS NULL
        OR (NEW.id, NEW.kind, NEW.subject, NEW.number, NEW.entry, NEW.leaf, NEW.digests)
        IS DISTINCT FROM
        (OLD.id, OLD.kind, OLD.subject, OLD.number, OLD.entry, OLD.leaf, OLD.digests)""",
        "an event is given its place, once, and nothing else",
    ),
    (
        "UPDATE ON ledger_opening",
        """OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL OR OLD.slot < 2
        OR (NEW.entry_id, NEW.slot, NEW.name, NEW.is_public)
        <> (OLD.entry_id, OLD.slot, OLD.name, OLD.is_public)""",
        "it may be erased, once, but for kind and instant",
    ),
    (
        "INSERT ON ledger_tile",
        "length(NEW.hashes) % 32 <> 0",
        "a tile is made of hashes",
    ),
    (
        "UPDATE ON ledger_tile",
        """NEW.level <> OLD.level OR NEW.n <> OLD.n
        OR length(NEW.hashes) % 32 <> 0 OR length(NEW.hashes) <= length(OLD.hashes)
        OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes""",
        "a tile only grows at its end",
    ),
    (
        "INSERT ON ledger_subject",
        "NEW.next_number < 1",
        "a subject is begun with an event",
    ),
    (
        "UPDATE ON ledger_checkpoint",
        """OLD.published_at IS NOT NULL OR NEW.published_at IS NULL
        OR (NEW.size, NEW.root, NEW.note, NEW.signed_at)
        <> (OLD.size, OLD.root, OLD.note, OLD.signed_at)""",
        "it may be marked as published, once",
    ),
    (
        "UPDATE ON ledger_cosignature",
        """(NEW.size, NEW.name, NEW.key_id) <> (OLD.size, OLD.name, OLD.key_id)
        OR NEW.time < OLD.time""",
        "only a newer one takes its place",
    ),
    (
        "UPDATE ON ledger_state",
        "NEW.key <> OLD.key OR NEW.count <= OLD.count OR NEW.last_idx <= OLD.last_idx",
        "a subject moves on to a later event",
    ),
    (
        "UPDATE ON ledger_state_page",
        "NEW.place <> OLD.place OR length(NEW.hashes) < length(OLD.hashes)",
        "a page keeps its place, and may become deeper",
    ),
]

# The same, where other rows have to be asked: at what and for which rows, what is done before that,
# when it is refused, and in which words.
_JUDGED_ROWS = [
    (
        "BEFORE INSERT ON ledger_entry",
        f"FOR EACH ROW WHEN (NEW.kind = '{EVENT}')",
        _REQUIRE_RUNNING_LOG,
        """NEW.idx IS NOT NULL OR NEW.number <> COALESCE(
            (SELECT MAX(number) + 1 FROM ledger_entry WHERE subject = NEW.subject), 0)""",
        "an event takes the next number, and waits for its place",
    ),
    (
        "BEFORE INSERT ON ledger_entry",
        f"FOR EACH ROW WHEN (NEW.kind <> '{EVENT}')",
        "",
        f"""NEW.idx IS DISTINCT FROM COALESCE((SELECT size FROM ledger_head), 0)
        OR (SELECT kind FROM ledger_entry WHERE idx = NEW.idx - 2) = '{FREEZE}'
        OR NEW.kind <> '{STATE}'
        AND (SELECT kind FROM ledger_entry WHERE idx = NEW.idx - 1) = '{FREEZE}'
        OR NEW.kind = '{FREEZE}' AND EXISTS (SELECT FROM ledger_entry WHERE idx IS NULL)""",
        "the next entry takes the next index and number, and only one state follows the end",
    ),
    (
        "AFTER INSERT ON ledger_opening",
        "REFERENCING NEW TABLE AS added FOR EACH STATEMENT",
        "",
        """EXISTS (SELECT FROM added JOIN ledger_entry ON id = entry_id
            WHERE idx IS NOT NULL OR erased_at IS NOT NULL)""",
        "openings are written with their event",
    ),
    (
        "AFTER UPDATE ON ledger_subject",
        "FOR EACH ROW",
        "",
        """(NEW.subject, NEW.salt, NEW.key) <> (OLD.subject, OLD.salt, OLD.key)
        OR NEW.next_number <= OLD.next_number OR NEW.last_at < OLD.last_at OR NOT EXISTS (
            SELECT FROM ledger_entry WHERE subject = NEW.subject
            AND number = NEW.next_number - 1 AND leaf = NEW.head_leaf)""",
        "a subject moves on to its last event, and not back in time",
    ),
    (
        "BEFORE INSERT ON ledger_head",
        "FOR EACH ROW",
        "",
        f"NOT EXISTS ({_LAST_ENTRY})",
        "a log has one head",
    ),
    (
        "BEFORE UPDATE ON ledger_head",
        "FOR EACH ROW",
        "",
        f"""NEW.id <> OLD.id OR NEW.size <= OLD.size OR NEW.last_at < OLD.last_at
        OR NEW.size - OLD.size <> (SELECT COUNT(*) FROM ledger_entry WHERE idx >= OLD.size)
        OR NOT EXISTS ({_LAST_ENTRY})""",
        "the head moves on to the last entry, and not back in time",
    ),
    (
        "BEFORE INSERT ON ledger_checkpoint",
        "FOR EACH ROW",
        "",
        """NEW.size > COALESCE((SELECT size FROM ledger_head), 0)
        OR EXISTS (SELECT FROM ledger_checkpoint WHERE size >= NEW.size)""",
        "a checkpoint covers more than the one before, and no more than there is",
    ),
]

_NEVER_TAKEN_AWAY = [
    f"ledger_{name}"
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
]


def _refused(write: str, condition: str, sentence: str) -> str:
    act, table = write.split(" ON ")
    return (
        f"CREATE OR REPLACE TRIGGER {table}_{act.lower()} BEFORE {write} FOR EACH ROW"
        f" WHEN ({condition}) EXECUTE FUNCTION ledger_refuse('{sentence}')"
    )


def _judged(moment: str, scope: str, first: str, condition: str, sentence: str) -> list[str]:
    _, act, _, table = moment.split()
    name = f"{table}_{act.lower()}"
    name = f"{name}_of_mark" if "<>" in scope else name
    # Whatever is believed of a table that has just begun, its rows are found by an index.
    function = f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN{first}
    IF {condition} THEN
        RAISE EXCEPTION '{table}: {sentence}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""
    trigger = f"CREATE OR REPLACE TRIGGER {name} {moment} {scope} EXECUTE FUNCTION {name}()"
    return [function, trigger]


# One statement each, for the tables' own DDL events and for migrations; may be run again.
APPEND_ONLY_POSTGRESQL = [
    f"CREATE SEQUENCE IF NOT EXISTS {IDS} MINVALUE 0 OWNED BY ledger_entry.id",
    _REFUSE,
    *(_refused(*each) for each in _REFUSED_ROWS),
    *(statement for each in _JUDGED_ROWS for statement in _judged(*each)),
    *(
        f"CREATE OR REPLACE TRIGGER {table}_delete BEFORE DELETE OR TRUNCATE ON {table}"
        " EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')"
        for table in _NEVER_TAKEN_AWAY
    ),
]
