"""One of several processes that act on a register by its services, at a rate, done or not.

`python -m tests.cluster.offering WHAT PARTY RATE SECONDS BEGIN`: whole acts, or their events alone;
the office's party, how many a second, how long, and when to begin on the machine's steady clock.
A line on standard output for each act: its subject and the instant at which it was committed; at
the end how many were not begun in time, because so many others were under way.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import uvloop

from api.opening import registry_of
from api.settings import read_settings
from services.actors import OFFICE_ROLES, Actor, Role
from services.identifiers import Kind, new_id
from services.parties.actions import register_party
from services.parties.model import PartyKind, PartyTerms
from services.recording import record
from services.registry import Registry
from tests.founding import a_key

MOST_UNDER_WAY = 100
LATEST = 0.5  # Seconds after its time that an act is still begun.

Offer = Callable[[Registry, Actor], Awaitable[str]]


async def act(registry: Registry, office: Actor) -> str:
    terms = PartyTerms(kind=PartyKind.ORGANISATION, name="样例机构", roles=frozenset({Role.LENDER}))
    return (await register_party(registry, office, terms, a_key())).id


async def event(registry: Registry, office: Actor) -> str:
    """What an act records, in a transaction, and nothing of what it is about."""
    subject = new_id(Kind.PARTY)
    async with registry.deciding() as tx:
        await record(tx, office, "party-registered", subject, private={"name": "样例机构"})
    return subject


OFFERS: dict[str, Offer] = {"acts": act, "events": event}


async def offer(
    do: Callable[[], Awaitable[str]], rate: float, seconds: float, begin: float
) -> tuple[list[tuple[str, float]], int]:
    committed: list[tuple[str, float]] = []
    under_way: set[asyncio.Task[None]] = set()
    left_out = 0

    async def one() -> None:
        subject = await do()
        committed.append((subject, time.monotonic()))

    for number in range(int(rate * seconds)):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if len(under_way) < MOST_UNDER_WAY and time.monotonic() < due + LATEST:
            task = asyncio.create_task(one())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        else:
            left_out += 1
    await asyncio.gather(*under_way)
    return committed, left_out


async def main(what: str, party_id: str, rate: float, seconds: float, begin: float) -> None:
    registry = registry_of(read_settings())
    office = Actor("office-registrar", party_id, OFFICE_ROLES)
    do = OFFERS[what]
    try:
        committed, left_out = await offer(lambda: do(registry, office), rate, seconds, begin)
    finally:
        await registry.close()
    lines = [f"{subject} {at}" for subject, at in committed]
    sys.stdout.write("\n".join([*lines, str(left_out)]) + "\n")


if __name__ == "__main__":
    what, party, *figures = sys.argv[1:]
    rate, seconds, begin = map(float, figures)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(what, party, rate, seconds, begin))
