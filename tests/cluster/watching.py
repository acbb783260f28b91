"""Strangers who watch a register: its checkpoints, and what it tells of certificates."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import httpx

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note

BETWEEN_LOOKS = 0.05
MOST_CHANGES = 500
LONGEST_QUIET = 15.0  # Seconds: a stream gives a sign of life sooner.
CHANGES = """
{kind} ($after: BigInt) {{
  certificateChanges(after: $after, first: {most}) {{
    changes {{ sequence number event {{ number kind }} }} next
  }}
}}
"""
ASKED = CHANGES.format(kind="query", most=MOST_CHANGES)
SUBSCRIBED = CHANGES.format(kind="subscription", most=MOST_CHANGES)


class Change(NamedTuple):
    sequence: int
    certificate: str
    number: int


@dataclass(slots=True)
class Checkpoints:
    """Every checkpoint anybody was shown. `wrong` tells of those that should not be."""

    addresses: Sequence[str]
    random: Random
    notes: dict[str, int] = field(default_factory=dict)
    greatest: int = 0
    wrong: list[str] = field(default_factory=list)

    async def watch(self, client: httpx.AsyncClient) -> None:
        while True:
            try:
                address = self.random.choice(self.addresses)
                answer = await client.get(f"{address}/ledger/checkpoint")
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                self._keep(answer.text)
            await asyncio.sleep(BETWEEN_LOOKS)

    def _keep(self, note: str) -> None:
        size = parse_checkpoint(parse_note(note).text).tree_size
        if size < self.greatest:
            self.wrong.append(f"a checkpoint of {size} after one of {self.greatest}")
        self.greatest = max(size, self.greatest)
        self.notes[note] = size


@dataclass(slots=True)
class Follower:
    """A consumer of the feed, who goes on after the last it knows whenever it is cut off."""

    addresses: Sequence[str]
    random: Random
    heard: list[Change] = field(default_factory=list)
    after: int = -1
    connections: int = 0

    async def ask(self, client: httpx.AsyncClient) -> None:
        """Ask again and again."""
        while True:
            body = {"query": ASKED, "variables": {"after": str(self.after)}}
            try:
                self.connections += 1
                answer = await client.post(f"{self._any()}/graphql", json=body)
                self._hear(answer.json())
            except (httpx.TransportError, ValueError):
                pass
            await asyncio.sleep(BETWEEN_LOOKS)

    async def subscribe(self, client: httpx.AsyncClient) -> None:
        """Be told, by server-sent events."""
        while True:
            try:
                self.connections += 1
                await self._listen(client)
            except (httpx.TransportError, ValueError):
                pass
            await asyncio.sleep(BETWEEN_LOOKS)

    async def _listen(self, client: httpx.AsyncClient) -> None:
        body = {"query": SUBSCRIBED, "variables": {"after": str(self.after)}}
        headers = {"Accept": "text/event-stream"}
        async with client.stream(
            "POST", f"{self._any()}/graphql", json=body, headers=headers, timeout=LONGEST_QUIET
        ) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    self._hear(json.loads(line.removeprefix("data: ")))

    def _hear(self, content: dict[str, Any]) -> None:
        told = (content.get("data") or {}).get("certificateChanges")
        if told is None:
            return
        self.heard += [
            Change(int(each["sequence"]), each["number"], each["event"]["number"])
            for each in told["changes"]
        ]
        self.after = int(told["next"])

    def _any(self) -> str:
        return self.random.choice(self.addresses)


@dataclass(frozen=True, slots=True)
class Watch:
    checkpoints: Checkpoints
    asking: Follower
    subscribed: Follower


@asynccontextmanager
async def watch_on(addresses: Sequence[str], random: Random) -> AsyncIterator[Watch]:
    """Strangers at work, until the context ends."""
    watch = Watch(
        Checkpoints(addresses, random), Follower(addresses, random), Follower(addresses, random)
    )
    async with httpx.AsyncClient(timeout=LONGEST_QUIET) as client:
        works = (watch.checkpoints.watch, watch.asking.ask, watch.subscribed.subscribe)
        watching = [asyncio.create_task(work(client)) for work in works]
        try:
            yield watch
            broken = [each for each in watching if each.done()]
            for each in broken:
                each.result()
        finally:
            for each in watching:
                each.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
