"""Keep-alive connections that each ask one question after the other: run as a process of its own.

It reads a `Task` on its standard input and writes a `Result`. The requests are bytes made
beforehand and the answers are looked at only for what a failure would look like, so that it is
quicker than what it measures.
"""

import asyncio
import math
import sys
from collections.abc import Iterator
from itertools import cycle
from time import perf_counter
from typing import Any

import msgspec
import uvloop

from bench.reading.tasks import Result, Task

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
CHUNKED = b"transfer-encoding: chunked"
LAST_CHUNK = b"0\r\n\r\n"
FINE = b"HTTP/1.1 200 "
FAILED = b'"errors":'


class Connection(asyncio.Protocol):
    """One connection; it asks again as soon as it is answered, until `until`."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self.requests, self.until = requests, until
        self.seconds: list[float] = []
        self.ended = asyncio.get_running_loop().create_future()
        self.got = bytearray()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self._end()
            return
        self.got.clear()
        self.asked = perf_counter()
        self.transport.write(request)

    def _end(self) -> None:
        self.transport.close()
        self.ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.got += data
        if not _is_whole(self.got):
            return
        now = perf_counter()
        self.seconds.append(now - self.asked)
        if not self.got.startswith(FINE) or FAILED in self.got:
            self.ended.set_exception(AssertionError(bytes(self.got[:2000])))
            self.transport.close()
        elif now < self.until:
            self._ask()
        else:
            self._end()

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(fault or ConnectionError("hung up"))


def _is_whole(got: bytearray) -> bool:
    end = got.find(HEAD_END)
    if end < 0:
        return False
    head = bytes(got[:end]).lower()
    if CHUNKED in head:
        return got.endswith(LAST_CHUNK)
    length = head.index(LENGTH) + len(LENGTH)
    return len(got) >= end + len(HEAD_END) + int(head[length:].split(b"\r\n", 1)[0])


def cycle_from(requests: list[bytes], begin: int) -> Iterator[bytes]:
    begin %= len(requests)
    return cycle(requests[begin:] + requests[:begin])


async def run(task: Task) -> Result:
    loop = asyncio.get_running_loop()
    requests = [request.encode() for request in task.requests]
    begun = perf_counter()
    until = math.inf if task.once else begun + task.seconds
    rest = iter(requests)
    step = max(len(requests) // task.connections, 1)

    async def connect(place: int) -> Connection:
        ours = rest if task.once else cycle_from(requests, place * step)
        _, made = await loop.create_connection(
            lambda: Connection(ours, until), task.host, task.port
        )
        return made

    connections = [await connect(place) for place in range(task.connections)]
    await asyncio.gather(*(connection.ended for connection in connections))
    took = perf_counter() - begun
    seconds = sorted(second for connection in connections for second in connection.seconds)
    return Result(
        rate=len(seconds) / took,
        half=seconds[len(seconds) // 2],
        most=seconds[len(seconds) * 99 // 100],
    )


if __name__ == "__main__":
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(run(task))))
