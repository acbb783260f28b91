"""Sealing with a witness and a public folder, in which one step fails or is the last one."""

import asyncio
import errno
import os
import sys
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ledger.formats.keys import Algorithm
from ledger.formats.policy import Policy, Witness
from ledger.keeping.log import Log
from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf
from ledger.signing.faults import NotSealedError
from ledger.signing.key_file import SecretKey
from ledger.signing.witnesses import Answer
from ledger.witnessing.memory import Memory
from ledger.witnessing.witness import Witness as WitnessServer
from tests.databases import SQLITE
from tests.ledger.conftest import open_engine
from tests.ledger.growing import ORIGIN, START, append
from tests.ledger.sealing_log import LOG_KEY, EngineTransactions, sealing_of

WITNESS_KEY = SecretKey("witness.example/w1", Algorithm.COSIGNATURE, b"\x03" * 32)
WITNESSED = Policy(
    (), (Witness("w1", WITNESS_KEY.verifying_key, "https://witness.example/w1/"),), (), "w1"
)
# All by which files reach the disk, but for the database's own.
CALLS = ("open", "fsync", "replace", "link", "unlink")
DATABASE = "ledger.db"
BATCHES = (3, 2, 0)


@dataclass
class Points:
    """The places at which something may happen; at the `nth` it does."""

    nth: int
    fault: object
    made: int = 0

    def reach(self):
        self.made += 1
        if self.made == self.nth:
            self.fault()


@dataclass
class FaultyTransactions(EngineTransactions):
    points: Points = None

    @asynccontextmanager
    async def deciding(self):
        self.points.reach()
        async with super().deciding() as tx:
            yield tx
            self.points.reach()
        self.points.reach()

    @asynccontextmanager
    async def reading(self):
        self.points.reach()
        async with super().reading() as tx:
            yield tx


@contextmanager
def faulty_calls(points):
    """Before each call to the system there is a place; the next one is after it."""

    def faulty(real):
        def call(*arguments, **options):
            points.reach()
            return real(*arguments, **options)

        return call

    real = {name: getattr(os, name) for name in CALLS}
    for name, function in real.items():
        setattr(os, name, faulty(function))
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def witness_in(folder, transactions=None):
    return WitnessServer(
        signer=WITNESS_KEY,
        logs={ORIGIN: [LOG_KEY.verifying_key]},
        memory=Memory(folder / "witness"),
        now=lambda: int(transactions.now.timestamp()),
    )


def sealing_in(folder, transactions):
    witness = witness_in(folder, transactions)

    async def ask(_url, body):
        answer = witness.add_checkpoint(body.encode())
        return Answer(answer.status, answer.content_type, answer.body)

    publisher = LogPublisher(FolderShelf(folder / "public"))
    sealing = sealing_of(
        transactions.engine, folder, policy=WITNESSED, ask=ask, publisher=publisher
    )
    sealing.transactions = sealing.quorum.transactions = transactions
    return sealing


async def work(folder, points, told):
    """Append some events and seal, again and again; what fails is tried once more."""
    engine = open_engine(f"{SQLITE}{folder / DATABASE}")
    transactions = FaultyTransactions(engine, points=points)
    sealing = sealing_in(folder, transactions)
    try:
        for number, count in enumerate(BATCHES):
            seconds = 700 * number
            transactions.now = START + timedelta(seconds=seconds)
            with suppress(OSError):
                await add_events(transactions, count, seconds)
            try:
                told(await sealing.seal())
            except (OSError, NotSealedError):
                told(await sealing.seal())
    finally:
        await engine.dispose()


async def add_events(transactions, count, seconds):
    async with transactions.deciding() as tx:
        for index in range(count):
            await append(Log(ORIGIN), tx.connection, f"cert_{index}", seconds=seconds)


def fail():
    raise OSError(errno.EIO, "the disk does not answer")


def die():
    os._exit(9)


def run(folder, nth, fault, told):
    """Work until the nth place; how many places there were."""
    points = Points(nth, fault)
    with faulty_calls(points):
        asyncio.run(work(folder, points, told))
    return points.made


if __name__ == "__main__":
    for each in sys.argv[1:]:
        at = Path(each)
        child = os.fork()
        if child == 0:
            run(at, int(at.name), die, lambda _: None)
            os._exit(0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
