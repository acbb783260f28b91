"""A server that is told to stop closes no connection under a request on its way."""

import asyncio
import socket
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from api.cli.listening import configuration
from api.draining import SECONDS_LEFT_OPEN, STOPPING

SOON = 5.0  # Seconds.
ASK = b"GET / HTTP/1.1\r\nHost: register.test\r\n\r\n"
SEND = b"POST /body HTTP/1.1\r\nHost: register.test\r\nContent-Length: 10\r\n\r\n"
STREAM = ASK.replace(b"/ ", b"/stream ", 1)


class Served:
    """A server in this process, which is stopped as by a signal."""

    def __init__(self):
        self.stopping = asyncio.Event()
        self.app = Starlette(
            routes=[
                Route("/", self.answer),
                Route("/body", self.read, methods=["POST"]),
                Route("/stream", self.stream),
            ],
            lifespan=self.lifespan,
        )
        self.server = uvicorn.Server(configuration(self.app, timedelta(seconds=SOON)))

    @asynccontextmanager
    async def lifespan(self, _app):
        yield {STOPPING: self.stopping}

    async def answer(self, _request: Request):
        return PlainTextResponse("answered")

    async def read(self, request: Request):
        return PlainTextResponse(await request.body())

    async def stream(self, _request: Request):
        async def parts():
            yield "begun "
            await self.stopping.wait()
            yield "ended"

        return StreamingResponse(parts())

    def stop(self):
        self.server.should_exit = True

    async def has_begun_to_stop(self):
        """The server looks every tenth of a second whether it is to stop."""
        await asyncio.sleep(0.3)


@pytest.fixture
async def served():
    served = Served()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served.address = listening.getsockname()
        running = asyncio.create_task(served.server.serve(sockets=[listening]))
        while not served.server.started:  # noqa: ASYNC110 - it has no event for it.
            await asyncio.sleep(0.01)
        yield served
        served.stop()
        await running


@pytest.fixture
async def connection(served):
    reader, writer = await asyncio.open_connection(*served.address)
    yield reader, writer
    writer.close()
    await writer.wait_closed()


async def answer_on(reader):
    """The head, in lower case, and the body of one answer."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SOON)).lower()
    if b"transfer-encoding: chunked" in head:
        return head, await reader.readuntil(b"0\r\n\r\n")
    [line] = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    return head, await reader.readexactly(int(line.split(b":")[1]))


async def test_a_connection_that_rests_answers_what_still_comes_and_closes(served, connection):
    reader, writer = connection
    writer.write(ASK)
    head, _ = await answer_on(reader)
    assert b"connection: close" not in head

    served.stop()
    await served.has_begun_to_stop()
    writer.write(ASK)
    head, body = await answer_on(reader)
    assert (head.startswith(b"http/1.1 200"), body) == (True, b"answered")
    assert b"connection: close" in head
    assert await asyncio.wait_for(reader.read(), SOON) == b""


async def test_a_connection_just_made_is_answered_too(served, connection):
    reader, writer = connection
    served.stop()
    await served.has_begun_to_stop()
    writer.write(ASK)
    head, body = await answer_on(reader)
    assert (b"connection: close" in head, body) == (True, b"answered")


@pytest.mark.usefixtures("connection")
async def test_connections_that_nothing_comes_on_are_closed_after_a_while(served, connection):
    reader, _ = connection
    began = asyncio.get_running_loop().time()
    served.stop()
    assert await asyncio.wait_for(reader.read(), SOON) == b""
    took = asyncio.get_running_loop().time() - began
    assert SECONDS_LEFT_OPEN <= took < SECONDS_LEFT_OPEN + 1


async def test_a_request_that_is_still_being_sent_is_finished(served, connection):
    reader, writer = connection
    writer.write(SEND + b"half ")
    await asyncio.sleep(0.1)
    served.stop()
    await served.has_begun_to_stop()
    writer.write(b"whole")
    head, body = await answer_on(reader)
    assert (b"connection: close" in head, body) == (True, b"half whole")


async def test_a_stream_is_told_to_end_and_its_connection_answers_once_more(served, connection):
    reader, writer = connection
    writer.write(STREAM)
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"connection: close" not in head.lower()
    served.stop()
    assert b"ended" in await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), SOON)

    writer.write(ASK)
    head, body = await answer_on(reader)
    assert (b"connection: close" in head, body) == (True, b"answered")


async def test_nobody_is_let_in_any_more(served):
    served.stop()
    await served.has_begun_to_stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*served.address)
