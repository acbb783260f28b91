"""Whether this process can serve: asked by whoever sends it requests, and by who is on duty."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ledger.keeping.lag import Lag, read_lag
from services.blobs import Blobs
from services.migrations import OtherVersionError, missing_steps
from services.registry import Registry
from services.retrying import is_unavailable

logger = logging.getLogger(__name__)

LOOKED_AT_MOST_EVERY = 1.0  # Seconds: whoever asks more often is told what was seen last.
LONGEST_LOOK = 5.0
LONGEST_LAG = 10.0  # Seconds that an event may wait for its place in the log.

DOCUMENTS_LOOKED_AT_MOST_EVERY = 15.0  # Seconds: a store may ask money for each look.
LONGEST_LOOK_AT_DOCUMENTS = 3.0

Figures = Mapping[str, int | float | str | None]


@dataclass(frozen=True, slots=True)
class Part:
    """One of what has to work: what was seen of it, and why it does not serve, if it does not.

    Without what is not `vital` the register serves all the same, and says what does not work.
    """

    name: str
    figures: Figures = field(default_factory=dict)
    fault: str | None = None
    vital: bool = True

    def shown(self) -> dict[str, Any]:
        if self.fault is None:
            return {"status": "ok", **self.figures}
        return {"status": "failing", "reason": self.fault, **self.figures}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen at one look."""

    parts: tuple[Part, ...]

    @property
    def failing(self) -> list[str]:
        return [part.name for part in self.parts if part.vital and part.fault is not None]

    def shown(self) -> dict[str, Any]:
        status = "not ready" if self.failing else "ready"
        parts = {part.name: part.shown() for part in self.parts}
        return {"status": status, "failing": self.failing, **parts}


class Readiness:
    """Looks at the register, at most once in so many seconds however often it is asked.

    `reading` tells how often queries were compiled, and why others were not.
    """

    def __init__(
        self,
        registry: Registry,
        seconds: float = LOOKED_AT_MOST_EVERY,
        reading: Callable[[], Figures] = dict,
    ) -> None:
        self._registry = registry
        self._reading = reading
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._seen = Seen(())
        self._next_look = float("-inf")
        self._told: str | None = None
        self._documents = _Documents(registry.blobs)

    async def __call__(self) -> Seen:
        now = asyncio.get_running_loop().time
        async with self._turn:
            if now() >= self._next_look:
                seen, documents = await asyncio.gather(self._look(), self._documents())
                self._seen = Seen((*seen.parts, documents, Part("reading", self._reading())))
                self._next_look = now() + self._seconds
            return self._seen

    async def _look(self) -> Seen:
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                return Seen((Part("database"), *await self._look_inside()))
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is told.
            self._tell(fault)
            return Seen((Part("database", fault="it does not answer"),))

    def _tell(self, fault: Exception) -> None:
        """Once for each cause. A database that is away is nobody's mistake."""
        told = f"{type(fault).__name__}: {fault}"
        if self._told != told:
            trace = None if is_unavailable(fault) else fault
            logger.error("the database does not answer: %s", told, exc_info=trace)
        self._told = told

    async def _look_inside(self) -> tuple[Part, ...]:
        migrations = await self._migrations()
        if migrations.fault is not None:
            return (migrations,)
        async with self._registry.reading() as tx:
            lag, now = await read_lag(tx.connection), tx.now
        self._told = None
        return migrations, _sequencer(lag, now), _ledger(lag, now)

    async def _migrations(self) -> Part:
        try:
            missing = await missing_steps(self._registry.engine)
        except OtherVersionError as other:
            return Part("migrations", fault=str(other))
        return Part("migrations", {"missing": len(missing)}, told_of(missing))


class _Documents:
    """Whether documents can be kept and read. Only they stop when they cannot."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._seen = Part("documents", vital=False)
        self._next_look = float("-inf")

    async def __call__(self) -> Part:
        now = asyncio.get_running_loop().time
        if now() >= self._next_look:
            self._seen = Part("documents", fault=await self._fault(), vital=False)
            self._next_look = now() + DOCUMENTS_LOOKED_AT_MOST_EVERY
        return self._seen

    async def _fault(self) -> str | None:
        try:
            async with asyncio.timeout(LONGEST_LOOK_AT_DOCUMENTS):
                await self._blobs.check()
        except (OSError, TimeoutError) as fault:
            logger.warning("documents cannot be kept or read: %s", fault)
            return "their place cannot be reached"
        return None


def told_of(missing: list[str]) -> str | None:
    """What to do about steps that a database has yet to take."""
    if not missing:
        return None
    steps = "a step" if len(missing) == 1 else f"{len(missing)} steps"
    return f"the database is {steps} behind this version: run `datatitle migrate`"


def _sequencer(lag: Lag, now: datetime) -> Part:
    seconds = 0.0 if lag.oldest_at is None else max((now - lag.oldest_at).total_seconds(), 0.0)
    figures: Figures = {"waiting": lag.waiting, "lagSeconds": round(seconds, 3)}
    if seconds <= LONGEST_LAG:
        return Part("sequencer", figures)
    return Part(
        "sequencer", figures, f"an event waits for its place in the log for {seconds:.0f} s"
    )


def _ledger(lag: Lag, now: datetime) -> Part:
    age = None if lag.published_at is None else round((now - lag.published_at).total_seconds(), 3)
    return Part(
        "ledger",
        {"size": lag.size, "publishedSize": lag.published_size, "publishedAgeSeconds": age},
    )
