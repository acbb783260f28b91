"""Taking back what was opened: salt and value go, and the digest that stays says nothing.

Without its salt, of 16 random bytes, nobody can find out what a digest was made of by trying.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.keeping.store import ledger_entry, ledger_opening, microseconds


@dataclass(frozen=True, slots=True)
class EventFacts:
    """The names of an event's facts: those that can be opened, and those that were erased."""

    entry_id: int
    readable: frozenset[str]
    erased: frozenset[str]


async def facts_of_event(
    connection: AsyncConnection, subject: str, number: int
) -> EventFacts | None:
    """The facts of event `number` of a subject; None when there is no such event."""
    event = sa.and_(ledger_entry.c.subject == subject, ledger_entry.c.number == number)
    columns = ledger_opening.c
    query = (
        sa.select(columns.entry_id, columns.name, columns.erased_at)
        .join_from(ledger_opening, ledger_entry)
        .where(event)
    )
    rows = (await connection.execute(query)).all()
    if not rows:
        return None
    return EventFacts(
        rows[0].entry_id,
        frozenset(row.name for row in rows if row.erased_at is None),
        frozenset(row.name for row in rows if row.erased_at is not None),
    )


async def erase_facts(
    connection: AsyncConnection, facts: EventFacts, names: Collection[str], at: datetime
) -> None:
    """Erase readable facts of an event, for good. Its kind and its instant are never erased.

    What is in the database is overwritten; copies of it that SQLite has made meanwhile go when
    the file is vacuumed.
    """
    assert set(names) <= facts.readable, names
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("PRAGMA secure_delete = ON")
    columns = ledger_opening.c
    these = sa.and_(columns.entry_id == facts.entry_id, columns.name.in_(names))
    nothing = {"salt": None, "value": None, "erased_at": microseconds(at)}
    erased = await connection.execute(ledger_opening.update().where(these).values(nothing))
    assert erased.rowcount == len(set(names)), names
