"""Ways to fill a log: one event, or a small log with checkpoints between its events."""

from datetime import UTC, datetime, timedelta

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.note import Note
from ledger.formats.tree import fold
from ledger.keeping import store
from ledger.keeping.reading import read_head
from ledger.keeping.sequencing import sequence

ORIGIN = "datatitle.example/log"
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def signed(text, *signers, at=START):
    """A note of this text by these signers, all at one time."""
    return Note(text, tuple(each.sign(text, int(at.timestamp())) for each in signers)).encode()


async def append(log, connection, subject="cert_1", *, seconds=0, public=None, private=None):
    return await log.append(
        connection,
        subject=subject,
        kind="certificate-issued",
        at=START + timedelta(seconds=seconds),
        public={"number": "12345678901234567"} if public is None else public,
        private={"holder": "样例数据公司", "amount": "500000"} if private is None else private,
    )


async def grow_log(engine, log, signer, sizes):
    """Append to three subjects in turn, and sign whenever one of these sizes is reached.

    It is signed as it stands. What has to be sealed grows with `sealing_log.grow_sealed`.
    """
    async with engine.begin() as connection:
        for index in range(max(sizes)):
            await append(log, connection, f"cert_{index % 3}", seconds=index)
            await sequence(connection)
            if index + 1 in sizes:
                await _sign(connection, signer, START + timedelta(seconds=index))


async def _sign(connection, signer, at):
    head = await read_head(connection)
    root = fold(head.edge)
    await connection.execute(
        store.ledger_checkpoint.insert().values(
            size=head.size,
            root=root,
            note=signed(Checkpoint(ORIGIN, head.size, root).text(), signer, at=at),
            signed_at=store.microseconds(at),
            published_at=store.microseconds(at),
        )
    )
