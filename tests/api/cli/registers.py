"""Registers behind the command line: opened beside it, acted on, and sealed."""

import asyncio
import os

from api.opening import open_registry
from api.publishing import open_publisher
from api.sealing import open_sealing
from api.settings import read_settings
from services.clock import ManualClock, SystemClock

DATABASE = "DATATITLE_DATABASE_URL"


def settings_of(data, **changes):
    chosen = {DATABASE: os.environ[DATABASE]} if DATABASE in os.environ else {}
    return read_settings({"DATATITLE_DATA": str(data), **chosen, **changes})


def on_register(data, work, **changes):
    """Do `work(registry)` on the register of a data folder, as it is now."""

    async def open_and_work():
        clock = ManualClock(SystemClock().now())
        registry = await open_registry(settings_of(data, **changes), clock)
        try:
            return await work(registry)
        finally:
            await registry.close()

    return asyncio.run(open_and_work())


def sealed(data, **changes):
    """Seal the log as the server would; the note that is published then."""

    async def seal(registry):
        settings = settings_of(data, **changes)
        await open_sealing(settings, registry, open_publisher(settings)).seal()
        async with registry.reading() as tx:
            return await tx.log.latest_checkpoint(tx.connection)

    return on_register(data, seal, **changes)
