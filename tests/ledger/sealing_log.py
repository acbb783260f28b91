"""Sealing a log in a test as the server does, by a clock and with keys that the test knows."""

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from ledger.formats.keys import Algorithm
from ledger.formats.policy import NONE, Policy, TrustedLog
from ledger.keeping.log import Log
from ledger.signing.file_guard import FileGuard
from ledger.signing.key_file import SecretKey
from ledger.signing.quorum import Quorum
from ledger.signing.sealing import Sealing
from tests.ledger.growing import ORIGIN, START, append

LOG_KEY = SecretKey(ORIGIN, Algorithm.ED25519, b"\x01" * 32)
ML_DSA_KEY = SecretKey(ORIGIN, Algorithm.ML_DSA_44, b"\x02" * 32)
NOBODY = Policy((), (), (), NONE)
# What somebody who trusts this log and no witness would write down.
TRUST = Policy(
    (TrustedLog(LOG_KEY.verifying_key), TrustedLog(ML_DSA_KEY.verifying_key)), (), (), NONE
)


@dataclass
class EngineTransactions:
    """Transactions of an engine, at the instant `now`, which the test moves on."""

    engine: Any
    now: datetime = START

    @asynccontextmanager
    async def deciding(self):
        async with self.engine.connect() as connection:
            await connection.execution_options(decides=True)
            async with connection.begin():
                yield SimpleNamespace(connection=connection, now=self.now)

    @asynccontextmanager
    async def reading(self):
        async with self.engine.connect() as connection, connection.begin():
            yield SimpleNamespace(connection=connection, now=self.now)


async def add_events(sealing, count=1, *, seconds=100):
    """Append to up to five subjects in turn, at an instant to which the clock is set."""
    sealing.transactions.now = START + timedelta(seconds=seconds)
    async with sealing.transactions.deciding() as tx:
        for index in range(count):
            await append(Log(ORIGIN), tx.connection, f"cert_{index % 5}", seconds=seconds)


async def grow_sealed(sealing, sizes):
    """Append to three subjects in turn, and seal whenever there are so many events."""
    log = Log(sealing.guard.origin)
    notes = []
    for index in range(max(sizes)):
        async with sealing.transactions.deciding() as tx:
            await append(log, tx.connection, f"cert_{index % 3}", seconds=index)
        if index + 1 in sizes:
            sealing.transactions.now = START + timedelta(seconds=index)
            notes.append(await sealing.seal())
    return notes


async def ask_nobody(url, _body):
    raise ConnectionError(f"nobody is asked in this test: {url}")


def sealing_of(engine, folder, *, now=START, **changed):
    """What seals the log of an engine; its guard is in the folder.

    `changed` as in `sealing_by`. The clock is `sealing.transactions.now`.
    """
    return sealing_by(EngineTransactions(engine, now), folder / "guard" / "log", **changed)


def sealing_by(transactions, guard, **changed):
    """What seals by these transactions, with its guard at this path.

    Changed may be: `origin`, `signers` (a list), `policy`, `ask`, `publisher`, `heartbeat`.
    """
    signers = changed.get("signers", [LOG_KEY, ML_DSA_KEY])
    quorum = Quorum(
        transactions, lambda: signers, changed.get("policy", NOBODY), changed.get("ask", ask_nobody)
    )
    return Sealing(
        transactions,
        FileGuard(guard, changed.get("origin", ORIGIN)),
        quorum,
        changed.get("publisher"),
        changed.get("heartbeat", timedelta(minutes=10)),
    )
