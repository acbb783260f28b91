"""A log as a folder of files: all that was ever signed, for whoever wants to check it all."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.keeping.reading import published_note
from ledger.keeping.store import ledger_checkpoint, ledger_cosignature
from ledger.publishing.headers import KEY_PATH
from ledger.publishing.publisher import LogPublisher, Report
from ledger.publishing.shelf import FolderShelf


async def export(
    connection: AsyncConnection, shelf: FolderShelf, vkey: str, report: Report
) -> int | None:
    """Write `tile/`, each signed checkpoint as `checkpoint.<size>`, `log.vkey`, `checkpoint`.

    It is read from the database; a folder of the same log is brought up to it. `report` hears
    the sizes that it has come to. Gives the size of the largest tree that was signed, None
    when none is published yet. Raises `NotPublishedError` when the folder holds something else.
    """
    newest = await published_note(connection)
    if newest is None:
        return None
    notes = await _signed_notes(connection)
    publisher = LogPublisher(shelf, lambda: {KEY_PATH: f"{vkey}\n"})
    size = max(notes)
    await publisher.tiles(connection, size, size, report)
    for each, note in notes.items():
        await asyncio.to_thread(shelf.replace, f"checkpoint.{each}", note.encode())
    await publisher.checkpoint(newest[1])
    return size


async def _signed_notes(connection: AsyncConnection) -> dict[int, str]:
    """Every checkpoint with all signatures that are known, by its size."""
    c, s = ledger_checkpoint.c, ledger_cosignature.c
    notes = {row.size: row.note for row in await connection.execute(select(c.size, c.note))}
    lines = select(s.size, s.line).order_by(s.size, s.name, s.key_id)
    for row in await connection.execute(lines):
        notes[row.size] += f"{row.line}\n"
    return notes
