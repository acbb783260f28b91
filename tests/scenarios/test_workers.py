"""One register served by several processes: they die, are replaced, and end, and nobody notices."""

import asyncio
import os
import signal
import subprocess
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.databases import is_sqlite
from tests.server_process import DATATITLE, ROOT, environment_of, server_on

WORKERS = 2
LONGEST = 60.0  # Seconds for processes to come and go, on a machine that does much else.
CLIENTS = 6
NAME = {"query": "{ __typename }"}


@pytest.fixture
def installation(databases, tmp_path):
    """A data folder, and the settings of processes on it; the database is up to date."""
    address = databases.create(tmp_path)
    settings = {} if is_sqlite(address) else {"DATATITLE_DATABASE_URL": address}
    folder = tmp_path / "data"
    migrate = (*DATATITLE, "migrate")
    environment = environment_of(folder, **settings)
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    yield folder, settings
    databases.drop(address)


@asynccontextmanager
async def workers_on(installation, workers=WORKERS):
    folder, settings = installation
    options = ("--workers", str(workers))
    with server_on(folder, *options, **settings) as server:
        # Workers end by themselves when their parent does.
        await until(lambda: len(workers_of(server)) == workers)
        async with httpx.AsyncClient(base_url=server.address, timeout=LONGEST) as client:
            await client.get("/healthz")
        yield server
        workers = workers_of(server)
        server.kill()
        await until(lambda: not any(is_running(pid) for pid in workers))


def workers_of(server):
    """The processes in which the server answers (Linux, proc(5))."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children if b"spawn_main" in command_of(int(child))]


def command_of(pid):
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def is_running(pid):
    return command_of(pid) != b""


async def until(condition):
    async with asyncio.timeout(LONGEST):
        while not condition():  # noqa: ASYNC110 - other processes set no event.
            await asyncio.sleep(0.05)


class Load:
    """Clients that ask without a pause, over connections they keep and over new ones."""

    def __init__(self, address):
        self.address = address
        self.answered, self.failed = 0, []

    @asynccontextmanager
    async def on(self):
        asking = [asyncio.create_task(self.ask(keeps=n % 3 > 0)) for n in range(CLIENTS)]
        try:
            yield self
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def ask(self, *, keeps):
        while True:
            async with httpx.AsyncClient(base_url=self.address, timeout=LONGEST) as client:
                while await self.ask_once(client) and keeps:
                    pass

    async def ask_once(self, client):
        try:
            response = await client.post("/graphql", json=NAME)
        except httpx.ConnectError:
            await asyncio.sleep(0.05)  # Nothing was sent: anybody tries that again.
        except httpx.HTTPError as fault:
            self.failed.append(repr(fault))
        else:
            self.answered += 1
            if response.status_code != httpx.codes.OK:
                self.failed.append(response.text)
        return True


async def test_workers_come_and_go_and_the_register_goes_on(installation):
    async with workers_on(installation) as server:
        await sealing_on(server)
        await replacing_one_that_is_killed(server)
        await replacing_all_of_them_under_load(server)
        await sealing_on(server)


async def sealing_on(server):
    async with httpx.AsyncClient(base_url=server.address, timeout=LONGEST) as client:
        async with asyncio.timeout(LONGEST):
            while (await client.get("/ledger/checkpoint")).is_error:  # noqa: ASYNC110 - as above.
                await asyncio.sleep(0.2)
        seen = (await client.get("/readyz")).json()
        assert (seen["status"], seen["failing"]) == ("ready", [])
        assert seen["ledger"]["publishedSize"] > 0


async def replacing_one_that_is_killed(server):
    killed, kept = workers_of(server)
    os.kill(killed, signal.SIGKILL)
    await until(lambda: killed not in workers_of(server) and len(workers_of(server)) == WORKERS)
    assert kept in workers_of(server)


async def replacing_all_of_them_under_load(server):
    before = set(workers_of(server))
    async with Load(server.address).on() as load:
        server.process.send_signal(signal.SIGHUP)
        await until(lambda: before.isdisjoint(workers_of(server)))
        answered = load.answered
        await until(lambda: load.answered >= answered + CLIENTS)
    assert load.failed == []
    assert len(workers_of(server)) == WORKERS


@pytest.mark.parametrize("workers", [1, WORKERS])
async def test_a_server_that_is_told_to_stop_finishes_what_it_has_begun(installation, workers):
    folder, settings = installation
    with server_on(folder, "--workers", str(workers), **settings) as server:
        place = httpx.URL(server.address)
        reader, writer = await asyncio.open_connection(place.host, place.port)
        body = httpx.Request("POST", server.address, json=NAME).content
        head = f"POST /graphql HTTP/1.1\r\nHost: {place.host}\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body[:5])
        async with httpx.AsyncClient(base_url=server.address, timeout=LONGEST) as client:
            await client.get("/healthz")  # Somebody answers: the other request was read, too.
        server.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(1)
        writer.write(body[5:])
        answer = await asyncio.wait_for(reader.read(), LONGEST)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b'{"data":{"__typename":"Query"}}')
        writer.close()
        assert await asyncio.to_thread(server.process.wait, LONGEST) == 0
