"""The outbox of PostgreSQL: an act writes its events, and they get their places in the log later.

If each event took the next index of the log at once, as on SQLite, whoever decides about one
subject would wait for who decides about another. Here they wait only for who moves on the same.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.fields import SLOTS
from ledger.formats.hashing import SALT_SIZE
from ledger.keeping.placing import Unplaced, opening_rows
from ledger.keeping.reading import Subject
from ledger.keeping.together import Ask, Conversation, PostgresqlStatement, Row

# One event and its subject, which it begins or moves on, in one visit. Openings of public facts
# stand from the first slot up and those of private ones up to the last (`formats.fields`).
_ONE = """
WITH stands AS ({subject} RETURNING subject), happened AS (
    INSERT INTO ledger_entry (id, kind, subject, number, entry, leaf, digests)
    SELECT nextval('ledger_entry_id'), 'event', subject, $2::bigint, $5::bytea, $3::bytea, $6::bytea
    FROM stands
    RETURNING id
), opened AS (
    INSERT INTO ledger_opening (entry_id, slot, name, salt, value, is_public)
    SELECT id, CASE WHEN nth <= $7::int THEN nth - 1 ELSE {slots} - cardinality($8) + nth - 1 END,
        name, substr($9::bytea, (nth::int - 1) * {salt} + 1, {salt}), value, nth <= $7
    FROM happened, unnest($8::text[], $10::text[]) WITH ORDINALITY AS o (name, value, nth)
)
SELECT id FROM happened
"""
_FIRST, _NEXT = (
    PostgresqlStatement(_ONE.format(subject=subject, slots=SLOTS, salt=SALT_SIZE))
    for subject in (
        """
    INSERT INTO ledger_subject (subject, next_number, head_leaf, last_at, salt, key)
    VALUES ($1::text, $2::bigint + 1, $3, $4, $11, $12)""",
        """
    UPDATE ledger_subject SET next_number = $2::bigint + 1, head_leaf = $3, last_at = $4
    WHERE subject = $1::text""",
    )
)

# Any number of them. Subjects are begun first, so that of two who begin the same one waits
# for the other there. The openings find their event by its leaf, which no other has.
_RECORD = PostgresqlStatement(
    """
WITH begun AS (
    INSERT INTO ledger_subject (subject, salt, key, next_number, head_leaf, last_at)
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[],
        $6::bigint[])
    RETURNING subject
), moved AS (
    UPDATE ledger_subject SET next_number = s.next_number, head_leaf = s.head_leaf,
        last_at = s.last_at
    FROM unnest($7::text[], $8::bigint[], $9::bytea[], $10::bigint[])
        AS s (subject, next_number, head_leaf, last_at)
    WHERE ledger_subject.subject = s.subject
), happened AS (
    INSERT INTO ledger_entry (id, kind, subject, number, entry, leaf, digests)
    SELECT nextval('ledger_entry_id'), 'event', subject, number, entry, leaf, digests
    FROM unnest($11::text[], $12::bigint[], $13::bytea[], $14::bytea[], $15::bytea[])
        AS e (subject, number, entry, leaf, digests)
    WHERE (SELECT COUNT(*) FROM begun) >= 0
    RETURNING id, leaf
), opened AS (
    INSERT INTO ledger_opening (entry_id, slot, name, salt, value, is_public)
    SELECT id, slot, name, salt, value, is_public
    FROM unnest($16::bytea[], $17::int[], $18::text[], $19::bytea[], $20::text[], $21::boolean[])
        AS o (leaf, slot, name, salt, value, is_public)
    JOIN happened USING (leaf)
)
SELECT id FROM happened ORDER BY id
"""
)


def has_outbox(connection: AsyncConnection) -> bool:
    return connection.dialect.name == "postgresql"


def record(
    begun: Sequence[Subject], moved: Sequence[Subject], entries: Sequence[Unplaced]
) -> Conversation[list[int]]:
    """Write events and where their subjects stand after them; the ids in their order."""
    if len(entries) == 1:
        (subject,) = (*begun, *moved)
        return [(yield from _record_one(subject, entries[0], begins=bool(begun)))]
    rows = [
        (new.subject, new.number, new.entry, new.leaf, b"".join(new.fields.digests))
        for new in entries
        if new.fields is not None
    ]
    openings = [
        (new.leaf, *opening)
        for new in entries
        if new.fields is not None
        for opening in opening_rows(new.fields)
    ]
    stands = [(name, number, leaf, at) for name, _, _, number, leaf, at in moved]
    arrays = (*columns(begun, 6), *columns(stands, 4), *columns(rows, 5), *columns(openings, 6))
    return [row[0] for row in (yield Ask(_RECORD, [arrays]))]


def _record_one(stands: Subject, new: Unplaced, *, begins: bool) -> Conversation[int]:
    assert new.fields is not None
    opened = (*new.fields.public, *new.fields.private)
    row = (
        stands.name,
        new.number,
        new.leaf,
        stands.last_at,
        new.entry,
        b"".join(new.fields.digests),
        len(new.fields.public),
        [field.name for field in opened],
        b"".join([field.salt for field in opened]),
        [field.value for field in opened],
    )
    if begins:
        ((row_id,),) = yield Ask(_FIRST, [(*row, stands.salt, stands.key)])
    else:
        ((row_id,),) = yield Ask(_NEXT, [row])
    return int(row_id)


def columns(rows: Sequence[Row], count: int) -> list[list[Any]]:
    """The same as one list for each of so many columns, as PostgreSQL's arrays take them."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]
