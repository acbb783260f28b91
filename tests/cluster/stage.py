"""Where races are run: a register with certificates in force, and sixteen of whoever may rival."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from services.actors import Actor, Role
from services.certificates.actions import issue_certificate
from services.certificates.model import Certificate
from services.clock import ManualClock, SystemClock
from services.periods import end_of
from services.registry import Registry
from tests.cluster.rivals import LIMITS, Field
from tests.founding import a_key, create_tables, enter_party, open_office, registry_on
from tests.titles import ANNOUNCEMENT, announce, terms_of

ABREAST = 8  # Acts of the preparation that are done at once.
DAY = timedelta(days=1)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    """Who acts, and on what. Every race of one contest in one lane has the lane's certificate.

    Those of `expiring` all end at `end`, which comes when clocks are put forward.
    """

    registry: Registry
    field: Field
    office: Actor
    holder: Actor
    licensees: Sequence[Actor]
    lenders: Sequence[Actor]
    exchanges: Sequence[Actor]
    certificates: Sequence[Certificate]
    expiring: Sequence[Certificate]
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many of each there are to be."""

    rivals: int
    certificates: int
    expiring: int


async def build(address: str, folder: Path, field: Field, size: Size) -> Stage:
    """Found a register on an empty database; its certificates were issued the day before."""
    await create_tables(address)
    clock = ManualClock(SystemClock().now() - ANNOUNCEMENT - DAY)
    registry = registry_on(address, folder, clock, LIMITS)
    office = await open_office(registry)
    holder = await enter_party(registry, office, "样例数据公司", Role.REGISTRANT)
    last_day = (SystemClock().now() + 2 * DAY).date()
    terms = [terms_of(f"样例产品 {n}") for n in range(size.certificates)]
    terms += [terms_of(f"样例限期 {n}", last_day) for n in range(size.expiring)]
    announced = await _abreast(announce(registry, office, holder, each) for each in terms)
    clock.advance(ANNOUNCEMENT)
    certificates = await _abreast(
        issue_certificate(registry, office, each.id, a_key()) for each in announced
    )
    registry = replace(registry, clock=SystemClock())
    cast = {
        role: [
            await enter_party(registry, office, f"样例 {role} {n}", role)
            for n in range(size.rivals)
        ]
        for role in (Role.LICENSEE, Role.LENDER, Role.EXCHANGE)
    }
    return Stage(
        registry=registry,
        field=field,
        office=office,
        holder=holder,
        licensees=cast[Role.LICENSEE],
        lenders=cast[Role.LENDER],
        exchanges=cast[Role.EXCHANGE],
        certificates=certificates[: size.certificates],
        expiring=certificates[size.certificates :],
        end=end_of(last_day),
    )


async def _abreast(acts: Iterable[Awaitable[T]]) -> list[T]:
    """All of them, no more than some at once, and their results in order."""
    turns = asyncio.Semaphore(ABREAST)

    async def in_turn(act: Awaitable[T]) -> T:
        async with turns:
            return await act

    return await asyncio.gather(*(in_turn(act) for act in acts))
