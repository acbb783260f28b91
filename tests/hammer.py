"""Writers at a server, and readers of its public log who check all they read while it grows.

The readers are other people's software (tlog-scales): one follows the checkpoints, one reads every
entry in order, the others entries at random, each entry with a proof up to a checkpoint that was
signed. `make hammer` runs it and says how long an act takes from its answer to the checkpoint.
"""

import asyncio
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import median, quantiles

import httpx
from rich.console import Console
from tlog_scales.backend import HttpBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint

from api.settings import read_settings
from tests.founding import a_key
from tests.scenarios.test_kill import REGISTER, ask, found_office, rows, signed
from tests.server_process import server_on

SECONDS, WRITERS, READERS = 30.0, 8, 4
BETWEEN_LOOKS = 0.02
AT_ONE_CHECKPOINT = 20
LONGEST_WAIT = 30.0
INDEXES = "SELECT subject, idx FROM ledger_entry WHERE kind = 'event'"


@dataclass
class Tally:
    """What was seen. Instants are those of the machine's steady clock."""

    answered: dict[str, float] = field(default_factory=dict)
    published: list[tuple[int, float]] = field(default_factory=list)
    in_order: int = 0
    at_random: int = 0
    latencies: list[float] = field(default_factory=list)


@dataclass
class Reader:
    """A client of the public log; what it cannot prove raises."""

    tiles: TilesReader
    vkey: Vkey

    def newest(self) -> Checkpoint:
        checkpoint = self.tiles.get_checkpoint()
        checkpoint.verify(self.vkey)
        return checkpoint

    def check_entry(self, index: int, checkpoint: Checkpoint) -> None:
        self.tiles.set_size(checkpoint.size)
        leaf = sha256(b"\x00" + self.tiles.get_entry(index)).digest()
        proof = self.tiles.get_inclusion_proof(index, checkpoint.size)
        proof.check(leaf, checkpoint.root_hash)

    def check_growth(self, old: Checkpoint, new: Checkpoint) -> None:
        self.tiles.set_size(new.size)
        proof = self.tiles.get_consistency_proof(old.size, new.size)
        proof.check(old.root_hash, new.root_hash)


async def hammer(folder: Path, seconds: float, writers: int, readers: int) -> Tally:
    """Run it over an empty data folder. Raises whatever a reader could not prove."""
    tally, stop = Tally(), threading.Event()
    settings = read_settings({"DATATITLE_DATA": str(folder)})
    headers = signed(settings, await found_office(settings))
    with server_on(folder) as server, ThreadPoolExecutor(readers + 2) as pool:
        reading = start_reading(pool, server.address, readers, tally, stop)
        try:
            async with httpx.AsyncClient(base_url=server.address, headers=headers) as client:
                end = time.monotonic() + seconds
                await asyncio.gather(*(write(client, n, end, tally) for n in range(writers)))
            indexes = dict(rows(folder, INDEXES))
            await asyncio.to_thread(wait_for, max(indexes.values()), tally, reading)
        finally:
            stop.set()
        for each in reading:
            each.result()
    tally.latencies = list(latencies_of(tally, indexes))
    return tally


async def write(client: httpx.AsyncClient, writer: int, end: float, tally: Tally) -> None:
    while time.monotonic() < end:
        name = f"样例机构 {writer}.{len(tally.answered)}"
        data = await ask(client, REGISTER, name=name, key=a_key())
        tally.answered[data["registerParty"]["party"]["id"]] = time.monotonic()


def start_reading(
    pool: ThreadPoolExecutor, address: str, readers: int, tally: Tally, stop: threading.Event
) -> list[Future[None]]:
    def run(work: Callable[[Reader, Tally, threading.Event], None]) -> None:
        with reader_of(address) as reader:
            work(reader, tally, stop)

    works = [follow, read_in_order, *(read_at_random_from(seed) for seed in range(readers))]
    return [pool.submit(run, work) for work in works]


@contextmanager
def reader_of(address: str) -> Iterator[Reader]:
    backend = HttpBackend(f"{address}/ledger")
    vkey: bytes | None = None
    end = time.monotonic() + LONGEST_WAIT
    while vkey is None and time.monotonic() < end:
        vkey = backend.get("log.vkey")
        time.sleep(BETWEEN_LOOKS)
    assert vkey is not None, "nothing was published"
    try:
        yield Reader(TilesReader(backend), Vkey.from_string(vkey.decode().strip()))
    finally:
        backend.session.close()


def follow(reader: Reader, tally: Tally, stop: threading.Event) -> None:
    last = reader.newest()
    tally.published.append((last.size, time.monotonic()))
    while not stop.is_set():
        time.sleep(BETWEEN_LOOKS)
        new = reader.newest()
        if new.size != last.size:
            tally.published.append((new.size, time.monotonic()))
            reader.check_growth(last, new)
            last = new


def read_in_order(reader: Reader, tally: Tally, stop: threading.Event) -> None:
    while not stop.is_set():
        checkpoint = reader.newest()
        while tally.in_order < checkpoint.size and not stop.is_set():
            reader.check_entry(tally.in_order, checkpoint)
            tally.in_order += 1
        time.sleep(BETWEEN_LOOKS)


def read_at_random_from(seed: int) -> Callable[[Reader, Tally, threading.Event], None]:
    random = Random(seed)

    def read_at_random(reader: Reader, tally: Tally, stop: threading.Event) -> None:
        while not stop.is_set():
            checkpoint = reader.newest()
            for _ in range(AT_ONE_CHECKPOINT):
                reader.check_entry(random.randrange(checkpoint.size), checkpoint)
                tally.at_random += 1

    return read_at_random


def wait_for(last: int, tally: Tally, reading: list[Future[None]]) -> None:
    """Until everything is published, and was read in order; or a reader could not prove it."""
    end = time.monotonic() + LONGEST_WAIT
    while tally.published[-1][0] <= last or tally.in_order <= last:
        assert time.monotonic() < end, f"{last + 1} entries, and {tally} is all that was seen"
        if any(each.done() for each in reading):
            return
        time.sleep(BETWEEN_LOOKS)


def latencies_of(tally: Tally, indexes: dict[str, int]) -> Iterator[float]:
    """Seconds from each answer until a checkpoint held its event."""
    sizes = [size for size, _ in tally.published]
    for subject, answered in tally.answered.items():
        _, published = tally.published[bisect_right(sizes, indexes[subject])]
        yield max(0.0, published - answered)


def told(tally: Tally) -> str:
    slowest = quantiles(tally.latencies, n=20)[-1]
    return (
        f"{len(tally.answered)} acts, {len(tally.published)} checkpoints; "
        f"{tally.in_order} entries read in order and {tally.at_random} at random, each proven.\n"
        f"From an act's answer to its checkpoint: median {median(tally.latencies):.2f} s, "
        f"95 % within {slowest:.2f} s, all within {max(tally.latencies):.2f} s."
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
        tally = asyncio.run(hammer(Path(scratch), seconds, WRITERS, READERS))
    Console().print(told(tally), soft_wrap=True)
