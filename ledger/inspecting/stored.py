"""What is stored beside the entries, held against the end of the walk through them."""

from datetime import timedelta

import sqlalchemy as sa

from ledger.formats.hashing import Hash
from ledger.formats.spelling import parse_instant
from ledger.inspecting.marks import MarksAnew
from ledger.inspecting.openings import AT_SLOT, TOLERATED
from ledger.inspecting.raw_rows import (
    count_rows,
    has_outbox,
    raw,
    raw_between,
    raw_query,
    stream,
)
from ledger.inspecting.report import Findings
from ledger.inspecting.subjects import SubjectsAnew
from ledger.inspecting.tree import TreeAnew
from ledger.keeping import store

HEAD = "ledger_head"
SECOND = 1_000_000  # Microseconds.

_TILES = raw_between(store.ledger_tile, store.ledger_tile.c.level)
_HEAD = raw_query(store.ledger_head)
_subject, _entry, _opening = store.ledger_subject, store.ledger_entry, store.ledger_opening
_is_last = sa.and_(
    _entry.c.subject == _subject.c.subject, _entry.c.number == _subject.c.next_number - 1
)
_tells_instant = sa.and_(_opening.c.entry_id == _entry.c.id, _opening.c.slot == AT_SLOT)
_SUBJECTS = (
    sa.select(*map(raw, _subject.c), raw(_opening.c.value))
    .outerjoin_from(_subject, _entry, _is_last)
    .outerjoin(_opening, _tells_instant)
)
_FIRST_INSTANT_AFTER = (
    sa.select(raw(_opening.c.value))
    .join_from(_entry, _opening, _tells_instant)
    .where(_entry.c.idx > sa.bindparam("index"))
    .order_by(_entry.c.idx)
    .limit(1)
)


def judge_tiles_above(connection: sa.Connection, tree: TreeAnew) -> None:
    """The tiles over the full ones of the lowest level."""
    rows = connection.execute(_TILES, {"first": 1, "last": 63}).all()
    stored = {(row.level, row.n): row.hashes for row in rows}
    for tile, hashes in sorted(tree.above.items()):
        tree.judge_tile(tile, hashes, stored.get(tile, b""))


def judge_subjects(connection: sa.Connection, subjects: SubjectsAnew, size: int) -> None:
    subjects.judge_rows(stream(connection, _SUBJECTS), size)


def judge_head(connection: sa.Connection, findings: Findings, tree: TreeAnew, chain: Hash) -> bool:
    """The one row every append builds on; whether it stands where the entries end.

    There is none before the first entry.
    """
    rows = connection.execute(_HEAD).all()
    for row in rows:
        said = (row.id, row.size, row.edge, row.chain)
        if said != (1, tree.size, b"".join(tree.edge), chain):
            # A head beyond the entries names the first that is missing.
            index = tree.size if row.size > tree.size else max(tree.size - 1, 0)
            findings.add(index, HEAD, "it does not stand where the entries end")
            return False
    return len(rows) == 1


def judge_last_instant(
    connection: sa.Connection, findings: Findings, size: int, marks: MarksAnew, latest: bytes
) -> None:
    """The instant of that row; `latest` is the latest that any event tells, or any state."""
    told = store.microseconds(parse_instant(latest.decode())) if latest else 0
    last_at = connection.execute(_HEAD).one().last_at
    state_time = max(marks.state_times.values(), default=0)
    is_that_of_state = last_at >= told and last_at // SECOND == state_time
    if marks.last_index == size - 1 and size - 1 in marks.state_times:
        is_explained = is_that_of_state
    elif last_at == told:
        is_explained = last_at // SECOND >= state_time
    else:
        may_be_of_state = is_that_of_state and has_outbox(connection)
        is_explained = last_at > told and (may_be_of_state or _is_untold(connection, marks, told))
    if not is_explained:
        findings.add(max(size - 1, 0), HEAD, "its instant is not the latest of the entries")


def _is_untold(connection: sa.Connection, marks: MarksAnew, told: int) -> bool:
    """Whether a mark that tells no instant may have come later than all that is told.

    So does the beginning of a log that took over the events of another.
    """
    if marks.is_successor and not marks.state_times:
        return True
    if marks.last_untold is None:
        return False
    after = connection.execute(_FIRST_INSTANT_AFTER, {"index": marks.last_untold}).scalar()
    if after is None or not has_outbox(connection):
        return after is None
    first = store.microseconds(parse_instant(after.decode()))
    return told - first <= TOLERATED // timedelta(microseconds=1)


def judge_counts(connection: sa.Connection, findings: Findings, size: int, **expected: int) -> None:
    """Nothing stands in the tables beside what was reached from the first entry on."""
    for name, count in expected.items():
        if count_rows(connection, store.metadata.tables[name]) != count:
            findings.add(size, name, "rows are missing, or stand outside the log")
