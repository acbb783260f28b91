"""Ways to fill a log: one event, or a small log with checkpoints between its events."""

from datetime import UTC, datetime, timedelta

ORIGIN = "datatitle.example/log"
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


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
    """Append to three subjects in turn, and sign whenever one of these sizes is reached."""
    async with engine.begin() as connection:
        for index in range(max(sizes)):
            await append(log, connection, f"cert_{index % 3}", seconds=index)
            if index + 1 in sizes:
                await log.sign_checkpoint(connection, signer, START + timedelta(seconds=index))
