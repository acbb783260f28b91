"""A register whose ledger is long: a million events in batches of a thousand."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from api.opening import open_registry
from api.settings import read_settings
from ledger.keeping.append import NewEvent, append_events
from services.clock import ManualClock

EVENTS = 1_000_000
SUBJECTS = 100_000
BATCH = 1_000
AT = datetime(2026, 1, 5, 2, tzinfo=UTC)


def event_on(subject: int) -> NewEvent:
    """An event with what every event has, and one fact more on either side."""
    public, private = {"status": "ACTIVE"}, {"actor": "someone"}
    return NewEvent(f"certificate {subject}", "certificate-issued", AT, public, private)


async def build_million(folder: Path, tell: Callable[[str, float], None]) -> Path:
    registry = await open_registry(read_settings({"DATATITLE_DATA": str(folder)}), ManualClock(AT))
    for start in range(0, EVENTS, BATCH):
        tell("a register with a million events", start / EVENTS)
        events = [event_on(number % SUBJECTS) for number in range(start, start + BATCH)]
        async with registry.deciding() as tx:
            await append_events(tx.connection, events)
    await registry.close()
    return folder
