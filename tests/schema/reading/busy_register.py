"""A register where much has happened, made once in a run and copied by whoever plays on."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.actors import Actor
from services.clock import ManualClock
from tests.databases import Databases
from tests.founding import create_tables, registry_on
from tests.schema.reading.acts_at_random import act_at_random, begin
from tests.schema.reading.contract_by_hand import TABLES
from tests.schema.reading.play import Play

CERTIFICATES = 8  # There from the first day on.
MOST_MORE = 20  # Parts of more acts, should chance have forgotten something.


@dataclass(frozen=True)
class BusyRegister:
    """Where it is kept, as of when, and who acts in it."""

    address: str
    now: datetime
    actors: dict[str, Actor]

    @asynccontextmanager
    async def copied(
        self, databases: Databases, folder: Path, dice: random.Random
    ) -> AsyncIterator[Play]:
        """A copy to play on."""
        address = databases.copy(self.address, folder)
        registry = registry_on(address, folder, ManualClock(self.now))
        play = Play(registry, self.actors, dice)
        try:
            await play.look()
            yield play
        finally:
            await registry.close()
            databases.drop(address)


async def make_busy_register(
    databases: Databases, folder: Path, opening: datetime, acts: int, dice: random.Random
) -> BusyRegister:
    """A new one in which so many acts were tried, and more until there is a record of each kind."""
    address = databases.create(folder)
    await create_tables(address)
    registry = registry_on(address, folder, ManualClock(opening))
    play = await Play.begin(registry, dice)
    await begin(play, CERTIFICATES)
    await act_at_random(play, acts)
    for _ in range(MOST_MORE):
        await play.look()
        if all(play.register.tables[table] for table in TABLES.values()):
            break
        await act_at_random(play, acts // 4)
    await registry.close()
    return BusyRegister(address, registry.clock.now(), play.actors)
