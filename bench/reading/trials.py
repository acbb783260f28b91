"""What is measured of our server alone: sizes, processes, pages, new documents, memory."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import httpx

from bench.reading.asking import CHECK as CHECK_DOCUMENT
from bench.reading.asking import PAGE as PAGE_DOCUMENT
from bench.reading.asking import body_of
from bench.reading.measuring import CHECK, PAGE, Asked, ask, chosen_numbers, memory_of, ready
from bench.reading.places import Place
from bench.reading.rows import INDUSTRIES, MadeUp
from bench.reading.servers import Target, ours
from bench.reading.tasks import Task, asked
from tests.cluster.servers import HOST

MANY_CONNECTIONS = 128
PROCESSES = 4
LARGE_PAGE = 500
NEW_DOCUMENTS = 40
Tell = Callable[[str], None]


async def sizes(small: Place, large: Place, seconds: float, rounds: int) -> dict[str, float]:
    """How many times as long the same takes in a register that is a hundred times as large."""
    async with (
        ours(small.installation, small.register) as few,
        ours(large.installation, large.register) as many,
    ):
        pair = [await ready(few, small.register), await ready(many, large.register)]
        return {
            query: await _ratio(pair[0], pair[1], query, seconds, rounds) for query in (CHECK, PAGE)
        }


async def _ratio(few: Asked, many: Asked, query: str, seconds: float, rounds: int) -> float:
    """Of the middle delays of one connection: nobody waits for another."""
    ratios = []
    for number in range(rounds + 1):
        halves = [(await ask(each, query, seconds, connections=1)).half for each in (few, many)]
        if number:
            ratios.append(halves[1] / halves[0])
    return median(ratios)


async def processes(place: Place, seconds: float, rounds: int) -> dict[str, float]:
    """How many times as many answers several processes give as one."""
    async with (
        ours(place.installation, place.register) as one,
        ours(place.installation, place.register, PROCESSES) as several,
    ):
        pair = [await ready(each, place.register) for each in (one, several)]
        found = {}
        for query in (CHECK, PAGE):
            ratios = []
            for number in range(rounds + 1):
                rates = [(await ask(each, query, seconds, MANY_CONNECTIONS)).rate for each in pair]
                if number:
                    ratios.append(rates[1] / rates[0])
            found[query] = median(ratios)
    return found


async def large_pages(each: Asked, seconds: float, rounds: int) -> float:
    """How many times as long a page of 500 takes as one of 50."""
    requests = []
    for size in (50, LARGE_PAGE):
        document = PAGE_DOCUMENT.replace("first: 50", f"first: {size}")
        bodies = [body_of(document, industry=industry, after=None) for industry in INDUSTRIES]
        requests.append([each.target.request("/graphql", body) for body in bodies])
    ratios = []
    for number in range(rounds + 1):
        halves = [
            (await asked(Task(HOST, each.target.port, which, 1, seconds))).half
            for which in requests
        ]
        if number:
            ratios.append(halves[1] / halves[0])
    return median(ratios)


def new_document(number: int) -> str:
    """The lender's check in words nobody has said before."""
    return CHECK_DOCUMENT.replace("LendersCheck", f"Check{number}").replace(
        "number productName", f"n{number}: number productName"
    )


async def new_documents(target: Target, register: MadeUp) -> float:
    """Seconds that a document takes longer when it is new than when it is known."""
    first, again = [], []
    wanted = chosen_numbers(register)[0]
    async with httpx.AsyncClient(timeout=60) as client:
        for number in range(NEW_DOCUMENTS):
            body = body_of(new_document(number), number=wanted)
            for delays in (first, again):
                begun = perf_counter()
                await target.answer(client, "/graphql", body)
                delays.append(perf_counter() - begun)
    return median(first) - median(again)


async def memory(target: Target, register: MadeUp, documents: int, tell: Tell) -> list[int]:
    """Bytes of the server after each tenth of so many different documents."""
    held, numbers = [], chosen_numbers(register)
    step = documents // 10
    for begin in range(0, documents, step):
        requests = [
            target.request("/graphql", body_of(new_document(NEW_DOCUMENTS + n), number=numbers[0]))
            for n in range(begin, begin + step)
        ]
        tell(f"different documents: {begin:,} of {documents:,}")
        await asked(Task(HOST, target.port, requests, 4, 0, once=True))
        held.append(memory_of(target.pids))
    return held
