"""The copy in an object store, through the language of S3, to a server that others wrote.

`make conformance` installs the server beforehand; it listens on this machine alone.
"""

import asyncio

import obstore
import pytest

from ledger.publishing.mirror import Mirror
from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf, NotPublishedError, open_shelf
from tests.conformance.accepting import tlog_scales
from tests.conformance.s3_server import server_on
from tests.conformance.sealed_log import sealed_log
from tests.ledger.sealing_log import LOG_KEY

IMMUTABLE = {
    "Content-Type": "application/octet-stream",
    "Cache-Control": "public, max-age=31536000, immutable",
}


@pytest.fixture
def shelf(store_address):
    return open_shelf(f"{store_address}/the/log")


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
