"""A copy at another place follows in its own time, and nobody waits for it."""

import logging

import obstore
import pytest
from obstore.store import MemoryStore

from ledger.publishing.mirror import Mirror
from ledger.publishing.object_shelf import ObjectShelf
from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf, NotPublishedError
from tests.ledger.publishing.expected import expected_files, files_in
from tests.ledger.publishing.signed_log import entries_of, grow_to

INTRODUCTION = {"log.vkey": "a key\n", "policy": "a policy\n"}


@pytest.fixture
def source(tmp_path):
    return FolderShelf(tmp_path / "public")


@pytest.fixture
def publisher(source):
    return LogPublisher(source, lambda: INTRODUCTION)


@pytest.fixture
def copy(tmp_path):
    return FolderShelf(tmp_path / "copy")


@pytest.fixture
def mirror(source, copy):
    return Mirror(source, copy, "copy")


async def publish(engine, signer, publisher, *sizes):
    for size in sizes:
        (note,) = await grow_to(engine, signer, size)
        async with engine.begin() as connection:
            await publisher.tiles(connection, size, size)
        await publisher.checkpoint(note)
    return note


def all_in(store):
    paths = [each["path"] for page in obstore.list(store) for each in page]
    return {path: bytes(obstore.get(store, path).bytes()) for path in paths}


async def test_the_copy_holds_what_the_folder_holds(engine, signer, publisher, source, copy):
    mirror = Mirror(source, copy, "copy")
    for size in (3, 200, 256, 700):
        await publish(engine, signer, publisher, size)
        await mirror.follow()
        assert (copy.root / "checkpoint").read_bytes() == source.read("checkpoint")
    assert files_in(copy.root) == files_in(source.root)
    assert {name: copy.read(name).decode() for name in INTRODUCTION} == INTRODUCTION


async def test_a_copy_that_was_away_catches_up_with_every_checkpoint_between(
    engine, signer, publisher, source, mirror, copy
):
    await publish(engine, signer, publisher, 3)
    await mirror.follow()
    await publish(engine, signer, publisher, 300, 310, 400)
    await mirror.follow()
    entries = await entries_of(engine)
    expected = expected_files(entries, 400, [300, 310]) | expected_files(entries, 3)
    assert files_in(copy.root) == expected
    await publish(engine, signer, publisher, 401)
    await mirror.follow()
    assert files_in(copy.root) == files_in(source.root)


async def test_a_new_process_goes_on_where_the_copy_is(
    engine, signer, publisher, source, mirror, copy
):
    await publish(engine, signer, publisher, 3, 300)
    await mirror.follow()
    await publish(engine, signer, publisher, 700)
    await Mirror(source, copy, "copy").follow()
    assert files_in(copy.root) == files_in(source.root)


async def test_a_copy_that_was_emptied_is_made_anew(
    engine, signer, publisher, source, mirror, copy
):
    await publish(engine, signer, publisher, 300)
    await mirror.follow()
    copy.root.rename(copy.root.with_name("moved away"))
    await publish(engine, signer, publisher, 310)
    await mirror.follow()
    assert files_in(copy.root) == files_in(source.root)


async def test_before_the_first_checkpoint_there_is_nothing_to_copy(mirror, copy):
    await mirror.follow()
    assert not copy.root.exists()


async def test_a_place_that_fails_is_logged_once_and_so_is_that_it_works_again(
    engine, signer, publisher, mirror, copy, caplog
):
    copy.root.write_bytes(b"no folder")
    for size in (3, 4, 5):
        note = await publish(engine, signer, publisher, size)
        await mirror.follow()
    copy.root.unlink()
    for _ in range(2):
        await mirror.follow()
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "the mirror copy is behind",
        "the mirror copy has caught up",
    ]
    assert copy.read("checkpoint") == note.encode()


async def test_a_copy_of_another_log_is_left_alone(engine, signer, publisher, mirror, copy, caplog):
    await publish(engine, signer, publisher, 3)
    copy.add({"tile/0/000.p/3": b"of another log"})
    await mirror.follow()
    with pytest.raises(NotPublishedError, match="is not what the log has in its place"):
        mirror.catch_up()
    assert copy.read("checkpoint") is None
    assert "or these are the files of another log" in caplog.text


async def test_an_object_store_holds_the_same_with_the_headers_for_a_cdn(
    engine, signer, publisher, source
):
    store = MemoryStore()
    mirror = Mirror(source, ObjectShelf(store), "memory")
    for sizes in ((3, 200), (256, 300), (700,), (701,)):
        await publish(engine, signer, publisher, *sizes)
        await mirror.follow()
    everything = {path.relative_to(source.root).as_posix() for path in source.root.rglob("*")}
    assert all_in(store) == {
        path: source.read(path) for path in everything if (source.root / path).is_file()
    }
    attributes = {
        path: dict(obstore.get(store, path).attributes)
        for path in ("checkpoint", "tile/0/000", "tile/entries/002.p/189", "policy")
    }
    immutable = {
        "Content-Type": "application/octet-stream",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    text = "text/plain; charset=utf-8"
    assert attributes == {
        "checkpoint": {"Content-Type": text, "Cache-Control": "public, max-age=1"},
        "tile/0/000": immutable,
        "tile/entries/002.p/189": immutable,
        "policy": {"Content-Type": text, "Cache-Control": "public, max-age=300"},
    }


def test_an_object_is_never_given_other_bytes():
    shelf = ObjectShelf(MemoryStore())
    for _ in range(2):
        shelf.add({"tile/0/000": b"one"})
    with pytest.raises(
        NotPublishedError, match=r"^tile/0/000 is not what the log has in its place"
    ):
        shelf.add({"tile/0/000": b"two"})
    assert shelf.read("tile/0/000") == b"one"
