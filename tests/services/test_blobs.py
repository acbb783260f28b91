"""Blobs: whole or not at all, under the name of their own hash."""

import asyncio
import hashlib
import stat

import pytest

from services.blobs import FolderBlobs, TooLarge


@pytest.fixture
def blobs(tmp_path):
    return FolderBlobs(tmp_path / "documents")


def files_under(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def stream(*chunks):
    for chunk in chunks:
        yield chunk


async def put(blobs, content, limit):
    """Receive and keep at once: the hash and the size of what was kept."""
    async with blobs.receive(content, limit) as draft:
        await blobs.keep(draft)
    return draft.sha256, draft.size


async def read(blobs, sha256):
    return b"".join([chunk async for chunk in blobs.open(sha256)])


def sha256_of(content):
    return hashlib.sha256(content).hexdigest()


async def test_what_was_put_can_be_opened_by_its_hash(blobs, tmp_path):
    name = sha256_of(b"the bytes")
    assert await put(blobs, stream(b"the ", b"", b"bytes"), limit=9) == (name, 9)
    assert await read(blobs, name) == b"the bytes"
    assert blobs.path(name) == tmp_path / "documents" / name[:2] / name[2:4] / name
    assert files_under(tmp_path) == [name]


async def test_all_of_a_large_blob_is_kept(blobs):
    chunks = [bytes([number]) * 100_000 for number in range(20)]
    name, size = await put(blobs, stream(*chunks), limit=2_000_000)
    assert (name, size) == (sha256_of(b"".join(chunks)), 2_000_000)
    assert await read(blobs, name) == b"".join(chunks)


async def test_nothing_is_a_blob_too(blobs):
    assert await put(blobs, stream(), limit=1) == (sha256_of(b""), 0)


async def test_the_same_content_twice_is_one_blob(blobs, tmp_path):
    first = await put(blobs, stream(b"same"), limit=10)
    second = await put(blobs, stream(b"sa", b"me"), limit=10)
    assert first == second
    assert files_under(tmp_path) == [first[0]]


async def test_the_same_content_at_the_same_time_is_one_blob(blobs, tmp_path):
    stored = await asyncio.gather(*(put(blobs, stream(b"same"), limit=10) for _ in range(20)))
    assert stored == [stored[0]] * 20
    assert files_under(tmp_path) == [stored[0][0]]


async def test_too_much_is_not_read_to_its_end_and_not_kept(blobs, tmp_path):
    read_so_far = 0

    async def endless():
        nonlocal read_so_far
        while True:
            read_so_far += 10
            yield b"0123456789"

    with pytest.raises(TooLarge):
        await put(blobs, endless(), limit=95)
    assert read_so_far == 100
    assert files_under(tmp_path) == []


async def test_a_stream_that_breaks_leaves_nothing(blobs, tmp_path):
    async def broken():
        yield b"half a"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await put(blobs, broken(), limit=100)
    assert files_under(tmp_path) == []


async def test_a_put_that_is_cancelled_leaves_nothing(blobs, tmp_path):
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
    assert files_under(tmp_path) == []


async def test_a_blob_is_readable_by_its_owner_alone(blobs):
    name, _ = await put(blobs, stream(b"bytes"), limit=10)
    assert stat.S_IMODE(blobs.path(name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "/"])
def test_a_name_that_is_no_hash_has_no_place(blobs, name):
    with pytest.raises(AssertionError):
        blobs.path(name)
