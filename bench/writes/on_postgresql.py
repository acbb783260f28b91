"""Acts on PostgreSQL in several processes, while another gives their events places and seals."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.writes.timing import ACTS, EVENTS_OFF, SQL, Figures, Round
from bench.writes.worker import CAPTURE
from tests.cluster.fleet import Installation, fleet_of
from tests.cluster.register import Register, found_register
from tests.cluster.servers import DATABASE, PostgresServer, servers_in, url_of
from tests.server_process import ROOT

PROCESSES, CLIENTS = 4, 16
ACTS_PER_ROUND = 400  # In each process.
ANSWER_LIMIT = 2**20  # Bytes of one line.
BARE = "bare"
WAITING = "SELECT EXISTS (SELECT FROM ledger_entry WHERE idx IS NULL)"


async def measure(scratch: Path, rounds: int, tell: Callable[[str], None]) -> dict[str, Figures]:
    """Each in turn, so that a busy moment falls on all of them."""
    figures = {name: Figures() for name in (SQL, EVENTS_OFF, ACTS)}
    tell("founding a register on PostgreSQL")
    with servers_in(scratch, "postgresql") as (server,):
        await server.create()
        installation = Installation(scratch, url_of(server))
        register = await found_register(installation)
        with fleet_of(installation, 1) as (sealing,):
            await server.ask(f"CREATE DATABASE {BARE} TEMPLATE {DATABASE}", database="postgres")
            await sealing.start()
            async with workers_on(installation, register) as workers:
                for _ in range(rounds):
                    tell("acts on PostgreSQL")
                    await _all_do(workers, CAPTURE)
                    for name, figure in figures.items():
                        await _until_placed(server)
                        figure.add([Round(*each) for each in await _all_do(workers, name)])
    return figures


@asynccontextmanager
async def workers_on(
    installation: Installation, register: Register
) -> AsyncIterator[Sequence[Process]]:
    bare = installation.database_url.replace(f"/{DATABASE}", f"/{BARE}")
    parties = (register.office.party_id, register.holder.party_id)
    words = (*parties, bare, CLIENTS // PROCESSES, ACTS_PER_ROUND)
    command = (sys.executable, "-m", "bench.writes.worker", *map(str, words))
    places = {"cwd": ROOT, "env": installation.environment}
    workers = [
        await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, limit=ANSWER_LIMIT, **places
        )
        for _ in range(PROCESSES)
    ]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stdin.close()
        await asyncio.gather(*(worker.wait() for worker in workers))


async def _all_do(workers: Sequence[Process], what: str) -> list[list[float]]:
    for worker in workers:
        worker.stdin.write(f"{what}\n".encode())
    lines = await asyncio.gather(*(worker.stdout.readline() for worker in workers))
    return [json.loads(line) for line in lines]


async def _until_placed(server: PostgresServer) -> None:
    """What the acts before have left to do is no part of what comes now."""
    waits = [(True,)]
    while waits == [(True,)]:
        await asyncio.sleep(0.1)
        waits = await server.ask(WAITING)
