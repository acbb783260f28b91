"""Documents in an object store, kept by a server of S3 that others wrote.

`make conformance` installs the server beforehand.
"""

import asyncio
import os
import signal
import subprocess
import sys
from hashlib import sha256

import obstore
import pytest

from ledger.object_store import open_store
from services.blobs import StoreAwayError, open_blobs
from services.blobs.objects import PART_SIZE
from tests.conformance.s3_server import server_on

LARGE = bytes(range(251)) * (3 * PART_SIZE // 251)

UPLOAD = """
import asyncio, sys
from pathlib import Path
from services.blobs import open_blobs

async def chunks():
    for _ in range(40):
        yield b"x" * 1_000_000

async def main(address, spool):
    blobs = open_blobs(address, Path(spool))
    async with blobs.receive(chunks(), 40_000_000) as draft:
        print("received", flush=True)
        await blobs.prepare(draft)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def address(store_address):
    return f"{store_address}/the/documents"


@pytest.fixture
def blobs(address, tmp_path):
    return open_blobs(address, tmp_path)


async def put(blobs, content):
    async def stream():
        for start in range(0, len(content), 300_000):
            yield content[start : start + 300_000]

    async with blobs.receive(stream(), len(content)) as draft:
        await blobs.prepare(draft)
        await blobs.keep(draft)
    return draft.sha256


def paths_at(address):
    return [each["path"] for page in obstore.list(open_store(address)) for each in page]


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
async def test_rivals_from_two_machines_keep_one_blob(blobs, address, port, tmp_path, content):
    other = open_blobs(address, tmp_path / "another")
    with server_on(port):
        names = await asyncio.gather(*(put(each, content) for each in [blobs, other] * 4))
        name = sha256(content).hexdigest()
        assert names == [name] * 8
        assert paths_at(address) == [f"{name[:2]}/{name[2:4]}/{name}"]
        assert b"".join([chunk async for chunk in await other.open(name)]) == content
        assert await other.holds(name)
        await blobs.check()


def test_an_upload_that_is_killed_is_not_there_at_all(address, port, tmp_path):
    with server_on(port):
        command = [sys.executable, "-c", UPLOAD, address, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as uploading:
            assert uploading.stdout.readline() == b"received\n"
            os.kill(uploading.pid, signal.SIGKILL)
        assert paths_at(address) == []
        # What is left lies on this machine's disk, and is swept at the next start.
        assert [path.stat().st_size for path in tmp_path.glob("*")] == [40_000_000]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        assert len(paths_at(address)) == 1


async def test_a_server_that_is_away_is_said_to_be_and_may_come_back(blobs, port):
    for call in (blobs.check(), put(blobs, b"bytes"), blobs.open("ab" * 32)):
        with pytest.raises(StoreAwayError, match="error sending request"):
            await call
    with server_on(port):
        await put(blobs, b"bytes")
        await blobs.check()


async def test_a_bucket_that_is_not_there_is_no_place(port, tmp_path, store_address):
    blobs = open_blobs(f"{store_address}-other", tmp_path)
    with server_on(port):
        for call in (blobs.check(), put(blobs, b"bytes"), put(blobs, LARGE)):
            with pytest.raises(StoreAwayError):
                await call
