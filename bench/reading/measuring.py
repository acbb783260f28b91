"""Servers asked in turn: rates and delays of each, round by round."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import median

import httpx

from bench.reading.asking import alike, body_of
from bench.reading.rows import INDUSTRIES, SEED, MadeUp
from bench.reading.servers import Target
from bench.reading.tasks import Result, Task, asked
from tests.cluster.servers import HOST

CONNECTIONS = 32
QUESTIONS = 400
WARMING = 8.0  # Seconds.
PAGES_IN = 4  # Of each industry.
CHECK, PAGE = "lender's check", "page of 50"
QUERIES = (CHECK, PAGE)


@dataclass(slots=True)
class Figures:
    """What the rounds gave, for one server and one question."""

    rounds: list[Result] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return median(each.rate for each in self.rounds)

    @property
    def half(self) -> float:
        return median(each.half for each in self.rounds)

    @property
    def tail(self) -> float:
        """The slowest of a hundred beside the middle one, of each round by itself."""
        return median(each.most / each.half for each in self.rounds)

    @property
    def most(self) -> float:
        return median(each.most for each in self.rounds)

    def beside(self, other: "Figures") -> float:
        """How many times as many answers as the other, of each round by itself."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return median(ours.rate / its.rate for ours, its in pairs)


@dataclass(frozen=True, slots=True)
class Asked:
    """A server, and the requests it will be sent for each question."""

    target: Target
    requests: dict[str, list[str]]
    figures: dict[str, Figures]


async def ready(target: Target, register: MadeUp) -> Asked:
    """Make the requests: numbers at random, and the first pages of each industry by cursor."""
    numbers = chosen_numbers(register)
    requests = {CHECK: [target.check(number) for number in numbers], PAGE: []}
    async with httpx.AsyncClient(timeout=60) as client:
        for industry in INDUSTRIES:
            after: str | None = None
            for _ in range(PAGES_IN):
                requests[PAGE].append(target.page(industry, after))
                page = await page_of(target, client, industry, after)
                place = page["certificates"]["pageInfo"]
                if not place["hasNextPage"]:
                    break
                after = place["endCursor"]
    return Asked(target, requests, {query: Figures() for query in QUERIES})


def chosen_numbers(register: MadeUp) -> list[str]:
    """Every second is the number of a pledged certificate."""
    random = Random(SEED)
    places = (random.randrange(register.certificates) for _ in range(QUESTIONS))
    return [register.number(place // 8 * 8 if place % 2 else place) for place in places]


async def page_of(
    target: Target, client: httpx.AsyncClient, industry: str, after: str | None
) -> dict[str, object]:
    body = body_of(target.spelling.page, industry=industry, after=after)
    return await target.answer(client, target.spelling.page_at, body)


async def compare(ours: Target, other: Target, register: MadeUp) -> None:
    """That both say the same, but for what `alike` leaves out, and nothing to a false token."""
    async with httpx.AsyncClient(timeout=60) as client:
        for each in (ours, other):
            assert await refuses_a_false_token(each, client), each.name
        for number in chosen_numbers(register)[:20]:
            said = [
                await each.answer(
                    client, each.spelling.check_at, body_of(each.spelling.check, number=number)
                )
                for each in (ours, other)
            ]
            assert alike(said[0]) == alike(said[1]), (other.name, said)
        for industry in INDUSTRIES[:3]:
            pages = [await page_of(each, client, industry, None) for each in (ours, other)]
            assert alike(pages[0]) == alike(pages[1]), (other.name, pages)


async def refuses_a_false_token(target: Target, client: httpx.AsyncClient) -> bool:
    head, _, signature = target.token.rpartition(".")
    false = replace(target, token=f"{head}.{signature[::-1]}")
    try:
        await page_of(false, client, INDUSTRIES[0], None)
    except AssertionError:
        return True
    return False


async def ask(each: Asked, query: str, seconds: float, connections: int = CONNECTIONS) -> Result:
    return await asked(Task(HOST, each.target.port, each.requests[query], connections, seconds))


async def play_rounds(
    servers: Sequence[Asked], rounds: int, seconds: float, tell: Callable[[str], None]
) -> None:
    """Each in turn, so that a busy moment falls on all of them. The first round only warms up.

    Node gives a third of its rate in the first seconds: nobody is measured before they are over.
    """
    for number in range(rounds + 1):
        for query in QUERIES:
            for each in servers:
                tell(f"round {number} of {rounds}: {query}, {each.target.name}")
                result = await ask(each, query, seconds if number else WARMING)
                if number:
                    each.figures[query].rounds.append(result)


def memory_of(pids: Sequence[int]) -> int:
    """Bytes that processes hold in memory."""
    held = 0
    for pid in pids:
        with suppress(FileNotFoundError):
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
            (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
            held += int(line.split()[1]) * 1024
    return held
