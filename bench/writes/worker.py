"""One of the processes that act on a register on PostgreSQL.

`python -m bench.writes.worker OFFICE HOLDER BARE CLIENTS ACTS`: who acts, as the ids of their
parties, with the register's settings in the environment. Each line of standard input names what
to do; the answer is a line of JSON. `SQL` is what the acts of the last `CAPTURE` did, done once
more on the database at the address `BARE`.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import uvloop

from api.opening import registry_of
from api.settings import read_settings
from bench.register import Acting
from bench.writes.timing import EVENTS_OFF, SQL, Round, timed_acts, timed_bare, without_events
from bench.yardstick import EVERYTHING, Write, writes_of
from services.actors import OFFICE_ROLES, Actor, Role

CAPTURE = "capture"


@dataclass(slots=True)
class Worker:
    acting: Acting
    bare: str
    clients: int
    acts: int
    captured: Sequence[Sequence[Write]] = ()

    async def do(self, what: str) -> Round | None:
        acting = self.acting
        if what == CAPTURE:
            self.captured = await writes_of(acting.registry, acting.act, self.acts, EVERYTHING)
            return None
        if what == SQL:
            return await timed_bare(self.bare, self.captured, self.clients)
        if what == EVENTS_OFF:
            acting = replace(acting, registry=without_events(acting.registry))
        return await timed_acts(acting.act, self.acts, self.clients)


async def main(office_id: str, holder_id: str, bare: str, clients: str, acts: str) -> None:
    acting = Acting(
        registry=registry_of(read_settings()),
        office=Actor("office-registrar", office_id, OFFICE_ROLES),
        holder=Actor("样例数据公司-member", holder_id, frozenset({Role.REGISTRANT})),
    )
    worker = Worker(acting, bare, int(clients), int(acts))
    try:
        while what := (await asyncio.to_thread(sys.stdin.readline)).strip():
            sys.stdout.write(json.dumps(await worker.do(what)) + "\n")
            sys.stdout.flush()
    finally:
        await acting.registry.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
