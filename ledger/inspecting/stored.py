"""What is stored beside the entries, held against the end of the walk through them."""

import sqlalchemy as sa

from ledger.formats.hashing import Hash
from ledger.formats.spelling import Malformed, parse_instant
from ledger.inspecting.marks import MarksAnew
from ledger.inspecting.openings import instant_before
from ledger.inspecting.raw_rows import count_rows, raw_between, raw_query
from ledger.inspecting.report import Findings
from ledger.inspecting.subjects import SubjectsAnew
from ledger.inspecting.tree import TreeAnew
from ledger.keeping import store

HEAD = "ledger_head"
SECOND = 1_000_000  # Microseconds.

_TILES = raw_between(store.ledger_tile, store.ledger_tile.c.level)
_HEAD = raw_query(store.ledger_head)
_SUBJECTS = raw_query(store.ledger_subject, "subject", "key", "next_number", "head_leaf")


def judge_tiles_above(connection: sa.Connection, tree: TreeAnew) -> None:
    """The tiles over the full ones of the lowest level."""
    rows = connection.execute(_TILES, {"first": 1, "last": 63}).all()
    stored = {(row.level, row.n): row.hashes for row in rows}
    for tile, hashes in sorted(tree.above.items()):
        tree.judge_tile(tile, hashes, stored.get(tile, b""))


def judge_subjects(connection: sa.Connection, subjects: SubjectsAnew, size: int) -> None:
    subjects.judge_rows(connection.execute(_SUBJECTS).all(), size)


def judge_head(
    connection: sa.Connection, findings: Findings, tree: TreeAnew, chain: Hash, marks: MarksAnew
) -> None:
    """The one row every append builds on. There is none before the first entry."""
    for row in connection.execute(_HEAD).all():
        said = (row.id, row.size, row.edge, row.chain)
        # A head beyond the entries names the first that is missing.
        index = tree.size if row.size > tree.size else max(tree.size - 1, 0)
        if said != (1, tree.size, b"".join(tree.edge), chain):
            findings.add(index, HEAD, "it does not stand where the entries end")
        elif not _is_instant_of_last(connection, row.last_at, tree.size, marks):
            findings.add(index, HEAD, "its instant is not that of the last entry")


def _is_instant_of_last(
    connection: sa.Connection, last_at: int, size: int, marks: MarksAnew
) -> bool:
    """An event tells its instant, a state its second; after other marks it is not earlier, nor in
    a log that took over the events of another and was not closed by a state yet.
    """
    told = instant_before(connection, size)
    try:
        event_at = store.microseconds(parse_instant(told.decode())) if told else 0
    except (Malformed, UnicodeDecodeError):
        return True  # It is found where the openings are judged.
    if marks.last_index != size - 1:
        is_taken_over = marks.is_successor and not marks.state_times
        return last_at == event_at or (is_taken_over and last_at > event_at)
    state_time = marks.state_times.get(size - 1)
    if state_time is not None:
        return last_at >= event_at and last_at // SECOND == state_time
    return last_at >= max(event_at, marks.last_time * SECOND)


def judge_counts(connection: sa.Connection, findings: Findings, size: int, **expected: int) -> None:
    """Nothing stands in the tables beside what was reached from the first entry on."""
    for name, count in expected.items():
        if count_rows(connection, store.metadata.tables[name]) != count:
            findings.add(size, name, "rows are missing, or stand outside the log")
