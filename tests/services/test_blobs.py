"""Blobs: whole or not at all, under the name of their own hash, wherever they lie."""

import asyncio
import hashlib
import os
import stat
from datetime import UTC, datetime, timedelta

import obstore
import pytest
from obstore.store import MemoryStore

from services.blobs import FolderBlobs, TooLarge, open_blobs
from services.blobs.objects import PART_SIZE, ObjectBlobs
from services.clock import SystemClock

HOUR = timedelta(hours=1)


class InFolder:
    """A folder, and what lies in it."""

    def __init__(self, folder):
        self.folder = folder
        self.blobs = FolderBlobs(folder)
        self.spool = folder / "incoming"

    def content(self):
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}

    def replace(self, path, content):
        (self.folder / path).write_bytes(content)


class InStore:
    """A store, what lies in it, and what lies on the disk before it."""

    def __init__(self, folder):
        self.store = MemoryStore()
        self.spool = folder / "spool"
        self.blobs = ObjectBlobs(self.store, self.spool)

    def content(self):
        paths = [each["path"] for page in obstore.list(self.store) for each in page]
        objects = {path: bytes(obstore.get(self.store, path).bytes()) for path in paths}
        drafts = {path.name: path.read_bytes() for path in self.spool.glob("*")}
        return objects | drafts

    def replace(self, path, content):
        obstore.put(self.store, path, content)


@pytest.fixture(params=[InFolder, InStore], ids=["folder", "store"])
def place(request, tmp_path):
    return request.param(tmp_path / "documents")


@pytest.fixture
def blobs(place):
    return place.blobs


async def stream(*chunks):
    for chunk in chunks:
        yield chunk


async def put(blobs, content, limit):
    """Receive and keep at once: the hash and the size of what was kept."""
    async with blobs.receive(content, limit) as draft:
        await blobs.prepare(draft)
        await blobs.keep(draft)
    return draft.sha256, draft.size


async def read(blobs, sha256):
    return b"".join([chunk async for chunk in await blobs.open(sha256)])


def sha256_of(content):
    return hashlib.sha256(content).hexdigest()


def path_of(content):
    name = sha256_of(content)
    return f"{name[:2]}/{name[2:4]}/{name}"


async def test_what_was_put_can_be_opened_by_its_hash(blobs, place):
    name = sha256_of(b"the bytes")
    assert await put(blobs, stream(b"the ", b"", b"bytes"), limit=9) == (name, 9)
    assert await read(blobs, name) == b"the bytes"
    assert await blobs.holds(name)
    assert place.content() == {path_of(b"the bytes"): b"the bytes"}


@pytest.mark.parametrize("size", [PART_SIZE, PART_SIZE + 1, 3 * PART_SIZE + 7])
async def test_all_of_a_large_blob_is_kept_and_comes_in_pieces(blobs, place, size):
    content = bytes(range(251)) * (size // 251 + 1)
    content = content[:size]
    chunks = [content[start : start + 300_000] for start in range(0, size, 300_000)]
    name, _ = await put(blobs, stream(*chunks), limit=size)
    assert place.content() == {path_of(content): content}
    assert b"".join([chunk async for chunk in await blobs.open(name)]) == content


async def test_nothing_is_a_blob_too(blobs):
    name, size = await put(blobs, stream(), limit=1)
    assert (name, size, await read(blobs, name)) == (sha256_of(b""), 0, b"")


@pytest.mark.parametrize("size", [4, PART_SIZE + 1])
async def test_the_same_content_twice_is_one_blob_and_the_first_stays(blobs, place, size):
    content = b"s" * size
    await put(blobs, stream(content), limit=size)
    place.replace(path_of(content), b"the first")
    await put(blobs, stream(content[:3], content[3:]), limit=size)
    assert place.content() == {path_of(content): b"the first"}


async def test_the_same_content_at_the_same_time_is_one_blob(blobs, place):
    stored = await asyncio.gather(*(put(blobs, stream(b"same"), limit=10) for _ in range(20)))
    assert stored == [(sha256_of(b"same"), 4)] * 20
    assert place.content() == {path_of(b"same"): b"same"}


async def test_a_draft_may_be_kept_again(blobs, place):
    async with blobs.receive(stream(b"bytes"), 5) as draft:
        for _ in range(2):
            await blobs.prepare(draft)
            await blobs.keep(draft)
    assert place.content() == {path_of(b"bytes"): b"bytes"}


async def test_a_draft_that_is_not_kept_is_gone(blobs, place):
    async with blobs.receive(stream(b"bytes"), 5) as draft:
        assert draft.path.read_bytes() == b"bytes"
    assert place.content() == {}


async def test_too_much_is_not_read_to_its_end_and_not_kept(blobs, place):
    read_so_far = 0

    async def endless():
        nonlocal read_so_far
        while True:
            read_so_far += 10
            yield b"0123456789"

    with pytest.raises(TooLarge):
        await put(blobs, endless(), limit=95)
    assert read_so_far == 100
    assert place.content() == {}


async def test_a_stream_that_breaks_leaves_nothing(blobs, place):
    async def broken():
        yield b"half a"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await put(blobs, broken(), limit=100)
    assert place.content() == {}


async def test_a_put_that_is_cancelled_leaves_nothing(blobs, place):
    begun = asyncio.Event()

    async def hanging():
        yield b"half a"
        begun.set()
        await asyncio.Event().wait()

    coming = asyncio.create_task(put(blobs, hanging(), limit=100))
    await begun.wait()
    coming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await coming
    assert place.content() == {}


async def test_what_was_never_put_is_not_there(blobs):
    assert not await blobs.holds("ab" * 32)
    with pytest.raises(FileNotFoundError):
        await blobs.open("ab" * 32)


async def test_what_a_kill_left_behind_is_swept_after_an_hour(blobs, place):
    now = SystemClock().now()
    place.spool.mkdir(parents=True)
    old, young = place.spool / "old", place.spool / "young"
    for file, age in ((old, 61), (young, 59)):
        file.write_bytes(b"half a")
        written = (now - timedelta(minutes=age)).timestamp()
        os.utime(file, (written, written))
    name, _ = await put(blobs, stream(b"bytes"), limit=5)
    await blobs.sweep(now - HOUR)
    assert [file.name for file in place.spool.iterdir()] == ["young"]
    assert await read(blobs, name) == b"bytes"


async def test_there_is_nothing_to_sweep_before_the_first_upload(blobs):
    await blobs.sweep(datetime(2026, 1, 1, tzinfo=UTC))


async def test_a_place_that_can_be_used_passes_the_check(blobs):
    await blobs.check()


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "/"])
async def test_a_name_that_is_no_hash_has_no_place(blobs, name):
    with pytest.raises(AssertionError):
        await blobs.open(name)


async def test_a_blob_in_a_folder_is_readable_by_its_owner_alone(tmp_path):
    blobs = FolderBlobs(tmp_path)
    name, _ = await put(blobs, stream(b"bytes"), limit=10)
    assert stat.S_IMODE(blobs.path(name).stat().st_mode) == 0o600


def test_a_path_names_a_folder_and_an_address_a_store(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    kinds = [type(open_blobs(place, tmp_path)) for place in (tmp_path, "s3://bucket/folder")]
    assert kinds == [FolderBlobs, ObjectBlobs]
    with pytest.raises(ValueError, match="URL"):
        open_blobs("s3//bucket", tmp_path)
