"""What happens to certificates, told in the order of the ledger, without a gap and never twice."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from ledger.keeping.following import Extent, FollowedEvent, extent_of, followed_after
from services.registry import Registry
from services.retrying import RETRY_AFTER, is_unavailable

MOST_CHANGES = 500


@dataclass(frozen=True, slots=True)
class Changes:
    """Events of certificates as everybody may know them; their indexes are their sequence.

    Whoever goes on after `next` misses nothing: all up to it was looked at. `extent` is how far
    the ledger was then, and `origin` its name.
    """

    events: Sequence[FollowedEvent]
    next: int
    origin: str
    extent: Extent
    has_more: bool


class AheadOfLedgerError(Exception):
    """A sequence the ledger has not reached: it is another's, or the database has lost some."""

    def __init__(self, size: int) -> None:
        super().__init__(f"This ledger has only {size} entries.")
        self.size = size


async def changes_after(registry: Registry, after: int, most: int) -> Changes:
    """The first `most` events of certificates behind a sequence, -1 for the first of all.

    An event is here once it has its place in the ledger: from then on it keeps it, and none
    comes before it any more. Raises `AheadOfLedgerError`.
    """
    assert 1 <= most <= MOST_CHANGES, most
    async with registry.reading() as tx:
        extent = await extent_of(tx.connection)
        if after >= extent.size:
            raise AheadOfLedgerError(extent.size)
        # Certificates alone are numbered; the names of all other records begin with a letter.
        events = await followed_after(tx.connection, after, most + 1)
    has_more = len(events) > most
    events = events[:most]
    last = events[-1].index if has_more else extent.size - 1
    return Changes(events, last, tx.log.origin, extent, has_more=has_more)


async def follow_changes(
    registry: Registry, after: int, most: int
) -> AsyncGenerator[Changes, None]:
    """What there is behind a sequence, which may be nothing, and from then on what comes.

    A database that goes away is waited for. Raises `AheadOfLedgerError`.
    """
    changes = await _shared_changes_after(registry, after, most)
    yield changes
    while True:
        if not changes.has_more:
            await _growth_beyond(registry, changes.extent.size)
        try:
            changes = await _shared_changes_after(registry, changes.next, most)
        except Exception as fault:
            if not is_unavailable(fault):
                raise
            await asyncio.sleep(RETRY_AFTER)
            continue
        if changes.events:
            yield changes


async def _shared_changes_after(registry: Registry, after: int, most: int) -> Changes:
    """The same, read once for all who follow from there at this moment."""
    return await registry.growth.read_once(
        (after, most), lambda: changes_after(registry, after, most)
    )


async def _growth_beyond(registry: Registry, size: int) -> None:
    await registry.growth.until(lambda extent: extent.size > size)
