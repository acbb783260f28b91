"""What goes on beside the requests, and how much of it one process at a time does for all."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from api.electing import Election, FileSeat, PostgresqlSeat, Seat
from api.publishing import open_mirror, open_publisher
from api.repeating import Beside, Repeated, rest
from api.sealing import RepeatedSealing, open_sealing
from api.settings import Settings
from ledger.keeping.sequencing import AT_ONCE, sequence
from services.limits import Limits
from services.listening import listen
from services.registry import Registry, open_engine
from services.sweeping import sweep
from services.writing_turn import database_file

BETWEEN_PLACINGS = 0.04  # Seconds.
BETWEEN_CHECKPOINTS = 1.0
SHORTEST_REST = 0.1  # Between a checkpoint that took long and the next.
BETWEEN_COPIES = 1.0
BETWEEN_SWEEPS = 60.0

# The seats there are, by the numbers of their locks.
SEQUENCER = 1
SEALER = 2
NAMES = {SEQUENCER: "sequencer", SEALER: "sealer"}

FAULTS_BEFORE_STEPPING_ASIDE = 2
CONNECTIONS = 4  # That nobody's requests can take away.
LONGEST_STATEMENT = timedelta(minutes=2)  # What has piled up is sealed in one go.


def apart(settings: Settings, registry: Registry) -> Registry:
    """The same register by connections of its own, where there are others to be had."""
    if registry.engine.dialect.name == "sqlite":
        return registry
    limits = Limits(CONNECTIONS, settings.lock_timeout, LONGEST_STATEMENT)
    return replace(registry, engine=open_engine(settings.database_url, limits))


def hearing_of_growth(settings: Settings, registry: Registry) -> list[Beside]:
    """Hearing from other processes that the ledger has grown, where there is somebody to say so."""
    if registry.engine.dialect.name == "sqlite":
        return []

    async def hear(stop: asyncio.Event) -> None:
        listening = asyncio.create_task(listen(settings.sessions_at, registry.growth.nudge))
        await stop.wait()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening

    return [hear]


def elected_work(settings: Settings, registry: Registry) -> list[Beside]:
    """What one process at a time does. Makes the log's keys, unless others are to seal.

    Raises `BadSettings`.
    """
    sequencing = [Repeated("the sweep", lambda: sweep(registry), BETWEEN_SWEEPS)]
    # On SQLite every event has its place at once, and to look for others would hold up who acts.
    if registry.engine.dialect.name != "sqlite":
        placing = Repeated("the sequencer", lambda: place_all(registry), BETWEEN_PLACINGS)
        sequencing.append(placing)
    work: list[Beside] = [Election(_seat(SEQUENCER, settings, registry), sequencing)]
    if settings.seals:
        work.append(Election(_seat(SEALER, settings, registry), _sealing(settings, registry)))
    return work


async def place_all(registry: Registry) -> None:
    """Give all events that wait for it their place in the log."""
    while True:
        async with registry.deciding() as tx:
            placed = await sequence(tx.connection)
        if placed < AT_ONCE:
            return


def _seat(number: int, settings: Settings, registry: Registry) -> Seat:
    name = NAMES[number]
    if registry.engine.dialect.name == "sqlite":
        file = database_file(registry.engine) or settings.data / "register"
        return FileSeat(file.with_name(f"{file.name}.{name}"), name)
    return PostgresqlSeat(settings.sessions_at, name, number)


def _sealing(settings: Settings, registry: Registry) -> Sequence[Beside]:
    sealing = RepeatedSealing(open_sealing(settings, registry, open_publisher(settings)))
    mirror = open_mirror(settings)
    work: list[Beside] = [lambda stop: _seal(sealing, stop)]
    if mirror is not None:
        work.append(Repeated("the mirror", mirror.follow, BETWEEN_COPIES))
    return work


async def _seal(sealing: RepeatedSealing, stop: asyncio.Event) -> None:
    """Seal every second, until told to stop or until it cannot be done from here.

    A process that cannot reach the guard, or a key, leaves it to others that may.
    """
    sealing.faults = 0
    clock = asyncio.get_running_loop().time
    while not stop.is_set() and sealing.faults < FAULTS_BEFORE_STEPPING_ASIDE:
        # From one beginning to the next, so that much to seal does not make it rarer.
        due = clock() + BETWEEN_CHECKPOINTS
        await sealing()
        await rest(stop, max(SHORTEST_REST, due - clock()))
