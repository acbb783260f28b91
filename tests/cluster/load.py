"""Clients that act without a pause, and never forget what was acknowledged to them."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.cluster.acts import Act, an_act
from tests.cluster.register import Register

CLIENTS = 8
LONGEST_ANSWER = 30.0  # Seconds.
LONGEST_SILENCE = 60.0  # Without an acknowledged act, while all is done to have one.
BETWEEN_ATTEMPTS = 0.1  # At most. Sooner than one is asked to, so as to see when service is back.
OK = 200

REFUSED, CUT_OFF = "connection refused", "connection cut off"
# What a client may be told when nothing is wrong with it, nor with the register.
PASSING = frozenset({"TRY_AGAIN", "OUTCOME_UNKNOWN", "UNAVAILABLE"})


class NotBackError(Exception):
    """Nothing is acknowledged any more."""


@dataclass(slots=True)
class Load:
    """What several clients send to several servers, each act until it is acknowledged.

    `troubles` counts what came instead of acknowledgements, `faults` tells what must not.
    """

    addresses: Sequence[str]
    register: Register
    random: Random
    acts: list[Act] = field(default_factory=list)
    acknowledged: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    is_over: bool = False

    async def run(self, client: httpx.AsyncClient) -> None:
        while not self.is_over:
            act = an_act(self.random, self.register)
            self.acts.append(act)
            act.begun = time.monotonic()
            while act.answered is None:
                if not await self.attempt(client, act):
                    await asyncio.sleep(self.random.uniform(0, BETWEEN_ATTEMPTS))

    async def attempt(self, client: httpx.AsyncClient, act: Act) -> bool:
        """Send it once to one of the servers. Whether it was acknowledged."""
        act.attempts += 1
        address = self.random.choice(self.addresses)
        headers = self.register.headers[act.kind.who]
        try:
            answer = await client.post(f"{address}/graphql", json=act.body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            self.troubles[REFUSED] += 1
        except httpx.TransportError as error:
            self.troubles[f"{CUT_OFF} ({type(error).__name__})"] += 1
        else:
            payload = self._payload_in(answer)
            if payload is not None:
                act.acknowledge(payload, time.monotonic())
                self.acknowledged += 1
        return act.answered is not None

    def _payload_in(self, answer: httpx.Response) -> Any:
        try:
            content = answer.json()
        except ValueError:
            self.faults[f"{answer.status_code}, no JSON: {answer.text[:100]}"] += 1
            return None
        if not content.get("data") or not content["data"].get("payload"):
            self._note(answer.status_code, content)
            return None
        payload = content["data"]["payload"]
        if payload["userErrors"]:
            self.faults[f"refused: {payload['userErrors']}"] += 1
            return None
        return payload

    def _note(self, status: int, content: Any) -> None:
        errors = content.get("errors") or [content]
        codes = {(error.get("extensions") or error).get("code") for error in errors}
        told = f"{status} {', '.join(map(str, codes))}"
        if codes <= PASSING:
            self.troubles[told] += 1
        else:
            self.faults[f"{told}: {str(content)[:200]}"] += 1

    async def until(self, is_reached: Callable[[], bool]) -> None:
        """Wait for what more acts bring about. Raises `NotBackError` when there are none."""
        seen, since = self.acknowledged, time.monotonic()
        while not is_reached():
            if self.acknowledged != seen:
                seen, since = self.acknowledged, time.monotonic()
            if time.monotonic() - since > LONGEST_SILENCE:
                raise NotBackError(f"no act was acknowledged for {LONGEST_SILENCE} s")
            await asyncio.sleep(0.002)

    async def until_more(self, more: int) -> None:
        """Wait for so many acts to be acknowledged from now on."""
        goal = self.acknowledged + more
        await self.until(lambda: self.acknowledged >= goal)

    async def until_newly_begun(self, at: float) -> float:
        """Wait for an act that was begun after an instant; when it was acknowledged."""
        first = len(self.acts)

        def answered() -> list[float]:
            return [a.answered for a in self.acts[first:] if a.answered and a.begun > at]

        await self.until(lambda: bool(answered()))
        return min(answered())


@asynccontextmanager
async def load_on(
    addresses: Sequence[str], register: Register, random: Random, clients: int = CLIENTS
) -> AsyncIterator[Load]:
    """Clients at work. When the context ends each finishes the act it has in hand."""
    load = Load(addresses, register, random)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=4 * clients)
    async with httpx.AsyncClient(timeout=LONGEST_ANSWER, limits=limits) as client:
        working = [asyncio.create_task(load.run(client)) for _ in range(clients)]
        try:
            yield load
            load.is_over = True
            async with asyncio.timeout(LONGEST_SILENCE):
                await asyncio.gather(*working)
        finally:
            for each in working:
                each.cancel()
            await asyncio.gather(*working, return_exceptions=True)
