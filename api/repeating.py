"""Work that goes on beside the requests, which nothing that happens there may stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from services.retrying import is_unavailable

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[object]]

# Goes on until the event is set; what is in hand then is finished.
Beside = Callable[[asyncio.Event], Awaitable[None]]

REST_AFTER_A_FAULT = 0.5  # Seconds, at least.
AWAY = "away"


@dataclass(frozen=True, slots=True)
class Repeated:
    """Work done again and again, with a rest of `seconds` between.

    What fails is tried again, and told once for each cause.
    """

    name: str
    work: Work
    seconds: float

    async def __call__(self, stop: asyncio.Event) -> None:
        told: str | None = None
        while not stop.is_set():
            try:
                await self.work()
            except Exception as fault:  # noqa: BLE001 - nothing may stop it; it is told.
                told = self._tell(fault, told)
            else:
                if told is not None:
                    logger.warning("%s goes on again", self.name)
                told = None
            await rest(stop, self.seconds if told is None else self._longer)

    def _tell(self, fault: Exception, told: str | None) -> str:
        """A database that is away is nobody's mistake, and one sentence says it."""
        if is_unavailable(fault):
            if told != AWAY:
                logger.warning("%s: the database is away; trying again", self.name)
            return AWAY
        cause = f"{type(fault).__name__}: {fault}"
        if told != cause:
            logger.error("fault in %s; trying again", self.name, exc_info=fault)
        return cause

    @property
    def _longer(self) -> float:
        return max(self.seconds, REST_AFTER_A_FAULT)


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but no longer than until the event is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
