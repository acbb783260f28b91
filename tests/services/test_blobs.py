"""Blobs: whole or not at all, under the name of their own hash."""

import asyncio
import hashlib
import stat

import pytest

from services.blobs import HEAD_SIZE, FolderBlobs, StoredBlob, TooLarge


@pytest.fixture
def blobs(tmp_path):
    return FolderBlobs(tmp_path / "documents")


def files_under(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def stream(*chunks):
    for chunk in chunks:
        yield chunk


async def read(blobs, sha256):
    return b"".join([chunk async for chunk in blobs.open(sha256)])


def sha256_of(content):
    return hashlib.sha256(content).hexdigest()


async def test_what_was_put_can_be_opened_by_its_hash(blobs, tmp_path):
    stored = await blobs.put(stream(b"the ", b"", b"bytes"), limit=9)
    name = sha256_of(b"the bytes")
    assert stored == StoredBlob(sha256=name, size=9, head=b"the bytes")
    assert await read(blobs, name) == b"the bytes"
    assert blobs.path(name) == tmp_path / "documents" / name[:2] / name[2:4] / name
    assert files_under(tmp_path) == [name]


async def test_of_a_large_blob_the_head_is_told_and_all_is_kept(blobs):
    chunks = [bytes([number]) * 100_000 for number in range(20)]
    stored = await blobs.put(stream(*chunks), limit=2_000_000)
    assert stored == StoredBlob(sha256_of(b"".join(chunks)), 2_000_000, bytes(HEAD_SIZE))
    assert await read(blobs, stored.sha256) == b"".join(chunks)


async def test_nothing_is_a_blob_too(blobs):
    stored = await blobs.put(stream(), limit=1)
    assert stored == StoredBlob(sha256_of(b""), 0, b"")


async def test_the_same_content_twice_is_one_blob(blobs, tmp_path):
    first = await blobs.put(stream(b"same"), limit=10)
    second = await blobs.put(stream(b"sa", b"me"), limit=10)
    assert first == second
    assert files_under(tmp_path) == [first.sha256]


async def test_the_same_content_at_the_same_time_is_one_blob(blobs, tmp_path):
    stored = await asyncio.gather(*(blobs.put(stream(b"same"), limit=10) for _ in range(20)))
    assert stored == [stored[0]] * 20
    assert files_under(tmp_path) == [stored[0].sha256]


async def test_too_much_is_not_read_to_its_end_and_not_kept(blobs, tmp_path):
    read_so_far = 0

    async def endless():
        nonlocal read_so_far
        while True:
            read_so_far += 10
            yield b"0123456789"

    with pytest.raises(TooLarge):
        await blobs.put(endless(), limit=95)
    assert read_so_far == 100
    assert files_under(tmp_path) == []


async def test_a_stream_that_breaks_leaves_nothing(blobs, tmp_path):
    async def broken():
        yield b"half a"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put(broken(), limit=100)
    assert files_under(tmp_path) == []


async def test_a_put_that_is_cancelled_leaves_nothing(blobs, tmp_path):
    begun = asyncio.Event()

    async def hanging():
        yield b"half a"
        begun.set()
        await asyncio.Event().wait()

    put = asyncio.create_task(blobs.put(hanging(), limit=100))
    await begun.wait()
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    assert files_under(tmp_path) == []


async def test_what_was_discarded_is_gone_and_may_be_discarded_again(blobs, tmp_path):
    stored = await blobs.put(stream(b"bytes"), limit=10)
    await blobs.discard(stored.sha256)
    await blobs.discard(stored.sha256)
    assert files_under(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        await read(blobs, stored.sha256)


async def test_a_blob_is_readable_by_its_owner_alone(blobs):
    stored = await blobs.put(stream(b"bytes"), limit=10)
    assert stat.S_IMODE(blobs.path(stored.sha256).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "/"])
def test_a_name_that_is_no_hash_has_no_place(blobs, name):
    with pytest.raises(AssertionError):
        blobs.path(name)
