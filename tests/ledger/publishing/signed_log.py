"""A log that grows to any size at once, with a checkpoint signed at each size it is grown to."""

from datetime import timedelta

import sqlalchemy as sa

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.tree import fold
from ledger.keeping import store
from ledger.keeping.append import NewEvent, append_events
from ledger.keeping.reading import read_head
from ledger.keeping.sequencing import sequence
from tests.ledger.growing import ORIGIN, START, signed

EVENTS_AT_A_TIME = 1000


async def grow_to(engine, signer, *sizes):
    """Append until the log has each size, and sign it there. Gives the notes."""
    notes = []
    async with engine.begin() as connection:
        for size in sizes:
            await _append_up_to(connection, size)
            notes.append(await _sign(connection, signer))
    return notes


async def entries_of(engine):
    """Every entry of the log, in its order."""
    async with engine.connect() as connection:
        entry = store.ledger_entry.c
        return list(await connection.scalars(sa.select(entry.entry).order_by(entry.idx)))


async def _append_up_to(connection, size):
    while (start := (await read_head(connection)).size) < size:
        count = min(size - start, EVENTS_AT_A_TIME)
        await append_events(connection, [_event(start + each) for each in range(count)])
        await sequence(connection)


def _event(index):
    at = START + timedelta(seconds=index)
    return NewEvent(f"cert_{index % 7}", "certificate-issued", at, {}, {})


async def _sign(connection, signer):
    head = await read_head(connection)
    checkpoint = Checkpoint(ORIGIN, head.size, fold(head.edge))
    note = signed(checkpoint.text(), signer)
    await connection.execute(
        store.ledger_checkpoint.insert().values(
            size=head.size,
            root=checkpoint.root,
            note=note,
            signed_at=head.last_at,
            published_at=head.last_at,
        )
    )
    return note
