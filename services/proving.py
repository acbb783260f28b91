"""The proof of an act: where its event stands in the ledger, and when a checkpoint covers it."""

import asyncio
from contextlib import suppress

from ledger.keeping.following import extent_of, index_of
from services.hearing import RecordedAct
from services.registry import Registry


async def index_of_act(registry: Registry, act: RecordedAct) -> int | None:
    """The index of its event in the ledger; None while it has no place yet."""
    if act.index is not None:
        return act.index
    async with registry.reading() as tx:
        return await index_of(tx.connection, act.subject, act.number)


async def proof_of_act(registry: Registry, act: RecordedAct) -> str | None:
    """The proof file of its subject under a published checkpoint that covers it; None before."""
    async with registry.reading() as tx:
        index = await index_of(tx.connection, act.subject, act.number)
        published = (await extent_of(tx.connection)).published
        if index is None or index >= published:
            return None
        return await tx.log.prove_subject(tx.connection, act.subject)


async def wait_for_proof(registry: Registry, act: RecordedAct, seconds: float) -> None:
    """Wait until a published checkpoint covers the act, and no longer than so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            index = await _index_once_placed(registry, act)
            await registry.growth.until(lambda extent: extent.published > index)


async def _index_once_placed(registry: Registry, act: RecordedAct) -> int:
    seen = -1
    while True:
        index = await index_of_act(registry, act)
        if index is not None:
            return index
        seen = await _size_beyond(registry, seen)


async def _size_beyond(registry: Registry, size: int) -> int:
    extent = await registry.growth.until(lambda extent: extent.size > size)
    return extent.size
