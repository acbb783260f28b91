"""One of several processes that append to one database and seal it whenever the guard is free."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from ledger.formats.note import parse_note
from ledger.signing.guard import GuardBusyError
from tests.ledger.conftest import open_engine
from tests.ledger.sealing_log import add_events, sealing_of


async def add_event(sealing):
    """As an act does: it is decided anew when somebody else began the subject meanwhile."""
    try:
        await add_events(sealing)
    except IntegrityError:
        await add_events(sealing)


async def contend(database, folder, rounds):
    """Tell of each round: the size and root that was published, or that somebody else was at it."""
    engine = open_engine(database)
    sealing = sealing_of(engine, folder, heartbeat=timedelta(0))
    try:
        for _ in range(rounds):
            await add_event(sealing)
            try:
                note = await sealing.seal()
            except GuardBusyError:
                sys.stdout.write("busy\n")
                continue
            if note is not None:
                _, size, root = parse_note(note).text.split("\n")[:3]
                sys.stdout.write(f"{size} {root}\n")
    finally:
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(contend(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
