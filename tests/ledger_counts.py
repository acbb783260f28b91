"""What tests ask of the ledger to see whether an act has left a trace."""


async def size_of_ledger(registry) -> int:
    async with registry.reading() as tx:
        return await tx.log.position(tx.connection)


async def kinds_on(registry, subject) -> list[str]:
    """The kinds of the events on a record's chain, oldest first."""
    async with registry.reading() as tx:
        return [event.kind for event in await tx.log.events_of(tx.connection, subject)]
