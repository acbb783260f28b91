"""The copy in an object store, through the language of S3, to a server that others wrote.

`make conformance` installs the server beforehand; it listens on this machine alone.
"""

import asyncio
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import obstore
import pytest

from ledger.publishing.mirror import Mirror
from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf, NotPublishedError, open_shelf
from tests.conformance.accepting import tlog_scales
from tests.conformance.sealed_log import sealed_log
from tests.ledger.sealing_log import LOG_KEY

SERVER = Path(__file__).parents[2] / ".conformance" / "s3" / "bin" / "moto_server"
LONGEST_START = 30  # Seconds.
BUCKET = "register"
IMMUTABLE = {
    "Content-Type": "application/octet-stream",
    "Cache-Control": "public, max-age=31536000, immutable",
}


@contextmanager
def server_on(port):
    """A server with an empty bucket. It forgets all when it ends."""
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [SERVER, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(port)
            make = urllib.request.Request(f"{address}/{BUCKET}", method="PUT")
            urllib.request.urlopen(make).close()
            yield process
        finally:
            process.terminate()


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture
def shelf(port, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return open_shelf(f"s3://{BUCKET}/the/log")


def wait_for(port):
    for _ in range(LONGEST_START * 10):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the object store did not start")


@pytest.fixture
def source(tmp_path):
    return FolderShelf(tmp_path / "public")


@pytest.fixture
async def log(source, tmp_path):
    publisher = LogPublisher(source, lambda: {"log.vkey": LOG_KEY.verifying_key.vkey() + "\n"})
    async with sealed_log(tmp_path, publisher) as log:
        yield log


def objects_in(shelf):
    paths = [each["path"] for page in obstore.list(shelf._store) for each in page]
    return {path: shelf.read(path) for path in paths}


def files_in(source):
    paths = (path for path in source.root.rglob("*") if path.is_file())
    return {path.relative_to(source.root).as_posix(): path.read_bytes() for path in paths}


async def test_the_bucket_holds_every_file_with_the_headers_for_a_cdn(
    log, source, shelf, port, tmp_path
):
    mirror = Mirror(source, shelf, "s3")
    with server_on(port):
        for count in (1, 100, 153, 1, 300, 140):
            await log.append_and_seal(count)
            await mirror.follow()
        objects = objects_in(shelf)
        assert objects == files_in(source)
        attributes = {path: dict(obstore.get(shelf._store, path).attributes) for path in objects}
    assert attributes.pop("checkpoint") == {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "public, max-age=1",
    }
    assert attributes.pop("log.vkey")["Cache-Control"] == "public, max-age=300"
    assert list(attributes.values()) == [IMMUTABLE] * len(attributes)
    fetched = FolderShelf(tmp_path / "fetched")
    fetched.add(objects)
    assert tlog_scales(fetched.root) == (701, 0)


async def test_a_server_that_is_away_stops_nothing_and_may_come_back_empty(
    log, source, shelf, port, caplog
):
    mirror = Mirror(source, shelf, "s3")
    with server_on(port):
        await log.append_and_seal(300)
        await mirror.follow()
        assert objects_in(shelf) == files_in(source)
    for count in (10, 300):
        await log.append_and_seal(count)
        await mirror.follow()
    with server_on(port):
        for _ in range(2):
            await mirror.follow()
            # The older checkpoint's partial tiles go with the checkpoint after.
            await log.append_and_seal(1)
        await mirror.follow()
        assert objects_in(shelf) == files_in(source)
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "the mirror s3 is behind",
        "the mirror s3 has caught up",
    ]


async def test_an_object_with_other_bytes_stops_the_copy(log, source, shelf, port):
    with server_on(port):
        await log.append_and_seal(3)
        await asyncio.to_thread(shelf.add, {"tile/0/000.p/4": b"of another log"})
        with pytest.raises(NotPublishedError, match=r"^tile/0/000\.p/4 is not what the log has"):
            Mirror(source, shelf, "s3").catch_up()
        assert shelf.read("checkpoint") is None
