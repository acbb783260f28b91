"""What tests ask of the ledger to see whether an act has left a trace."""

from ledger.keeping.sequencing import sequence


async def put_in_order(registry) -> None:
    """Give every event its place in the log, as whoever is elected does all the time."""
    async with registry.deciding() as tx:
        while await sequence(tx.connection):
            pass


async def size_of_ledger(registry) -> int:
    await put_in_order(registry)
    async with registry.reading() as tx:
        return await tx.log.position(tx.connection)


async def kinds_on(registry, subject) -> list[str]:
    """The kinds of the events on a record's chain, oldest first."""
    async with registry.reading() as tx:
        return [event.kind for event in await tx.log.events_of(tx.connection, subject)]
