"""What the process that asks is told, and what it tells."""

import asyncio
import sys
from asyncio.subprocess import PIPE

import msgspec

from tests.server_process import ROOT


class Task(msgspec.Struct, frozen=True):
    """So many connections that ask these requests, whole as HTTP has them, for so many seconds.

    Or each of them once.
    """

    host: str
    port: int
    requests: list[str]
    connections: int
    seconds: float
    once: bool = False


class Result(msgspec.Struct, frozen=True):
    """Answers a second; seconds that half of them, and that 99 of 100, took at most."""

    rate: float
    half: float
    most: float


async def asked(task: Task) -> Result:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.reading.load", cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    said, _ = await process.communicate(msgspec.json.encode(task))
    assert process.returncode == 0, "the load failed"
    return msgspec.json.decode(said, type=Result)
