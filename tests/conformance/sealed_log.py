"""A log as others receive it: sealed, witnessed and exported as a server and an operator do it."""

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from ledger.formats.keys import Algorithm
from ledger.formats.policy import parse_policy
from ledger.keeping import store
from ledger.keeping.append import NewEvent, append_events
from ledger.keeping.reading import read_head
from ledger.publishing.export import export
from ledger.publishing.shelf import FolderShelf
from ledger.signing.key_file import SecretKey
from ledger.signing.sealing import Sealing
from ledger.signing.witnesses import Answer
from ledger.witnessing.memory import Memory
from ledger.witnessing.witness import Witness
from services.registry import open_engine
from tests.ledger.growing import ORIGIN, START
from tests.ledger.sealing_log import LOG_KEY, sealing_of

BANK = SecretKey("witness.example/bank", Algorithm.COSIGNATURE, b"\x03" * 32)
POLICY = parse_policy(
    f"witness bank {BANK.verifying_key.vkey()} https://witness.example/\nquorum bank\n"
)
EVENTS_AT_A_TIME = 1000


async def export_sealed_log(place, counts):
    """Seal after each of these counts of events, and export it all to `place`/exported."""
    async with sealed_log(place) as log:
        for count in counts:
            await log.append_and_seal(count)
        async with log.transactions.reading() as tx:
            shelf = FolderShelf(place / "exported")
            await export(tx.connection, shelf, LOG_KEY.verifying_key.vkey(), lambda _: None)
    return shelf.root


@dataclass(frozen=True)
class SealedLog:
    sealing: Sealing

    @property
    def transactions(self):
        return self.sealing.transactions

    async def append_and_seal(self, count):
        for start in range(0, count, EVENTS_AT_A_TIME):
            await self._append(min(EVENTS_AT_A_TIME, count - start))
        self.transactions.now += timedelta(seconds=1)
        await self.sealing.seal()

    async def _append(self, count):
        async with self.transactions.deciding() as tx:
            index = (await read_head(tx.connection)).size
            events = [_event(tx.now, index + each) for each in range(count)]
            await append_events(tx.connection, events)


@asynccontextmanager
async def sealed_log(place, publisher=None):
    """An empty log that a witness in the same folder cosigns."""
    place.mkdir(parents=True, exist_ok=True)
    engine = open_engine(f"sqlite+aiosqlite:///{place / 'ledger.db'}")
    try:
        async with engine.connect() as connection:
            await connection.execution_options(decides=True)
            async with connection.begin():
                await connection.run_sync(store.metadata.create_all)
        ask = witness_in(place / "witness")
        yield SealedLog(sealing_of(engine, place, policy=POLICY, ask=ask, publisher=publisher))
    finally:
        await engine.dispose()


def witness_in(folder):
    """A witness of the log who is asked without a network between."""
    witness = Witness(
        signer=BANK,
        logs={ORIGIN: [LOG_KEY.verifying_key]},
        memory=Memory(folder),
        now=lambda: int(START.timestamp()),
    )

    async def ask(_url, body):
        answer = witness.add_checkpoint(body.encode())
        return Answer(answer.status, answer.content_type, answer.body)

    return ask


def _event(now, index):
    return NewEvent(f"cert_{index % 50}", "certificate-issued", now, {"status": "ACTIVE"}, {})
