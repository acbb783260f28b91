"""The public files follow the log: tiles and entries first, the checkpoint last."""

import pytest

from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf, NotPublishedError
from tests.ledger.growing import ORIGIN, signed
from tests.ledger.publishing.expected import expected_files, files_in
from tests.ledger.publishing.signed_log import entries_of, grow_to
from tests.ledger.tampering import tamper

INTRODUCTION = {"log.vkey": "a key\n", "policy": "a policy\n"}


@pytest.fixture
def shelf(tmp_path):
    return FolderShelf(tmp_path / "public")


@pytest.fixture
def publisher(shelf):
    return LogPublisher(shelf, lambda: INTRODUCTION)


async def publish(engine, publisher, old_size, new_size, note):
    async with engine.begin() as connection:
        await publisher.tiles(connection, old_size, new_size)
    await publisher.checkpoint(note)


async def grow_and_publish(engine, signer, publisher, *sizes):
    for old_size, new_size in zip((0, *sizes), sizes, strict=False):
        (note,) = await grow_to(engine, signer, new_size)
        await publish(engine, publisher, old_size, new_size, note)
    return note


async def test_every_file_is_what_the_entries_alone_say(engine, signer, publisher, shelf):
    note = await grow_and_publish(engine, signer, publisher, 1, 3, 256, 700)
    assert files_in(shelf.root) == expected_files(await entries_of(engine), 700, [3, 256])
    beside = {path.name: path.read_text() for path in shelf.root.iterdir() if path.is_file()}
    assert beside == {**INTRODUCTION, "checkpoint": note}


async def test_partial_files_stay_until_everybody_has_had_time_for_the_full_ones(
    engine, signer, publisher, shelf
):
    await grow_and_publish(engine, signer, publisher, 3, 200, 256)
    entries = await entries_of(engine)
    assert files_in(shelf.root) == {
        **expected_files(entries, 256),
        **expected_files(entries, 3),
        **expected_files(entries, 200),
    }
    (note,) = await grow_to(engine, signer, 300)
    await publish(engine, publisher, 256, 300, note)
    assert files_in(shelf.root) == expected_files(await entries_of(engine), 300, [256])


async def test_a_folder_that_was_lost_is_made_anew_with_the_partial_tiles_of_every_checkpoint(
    engine, signer, publisher, tmp_path
):
    note = await grow_and_publish(engine, signer, publisher, 3, 200, 300, 400, 512, 520, 550)
    shelf = FolderShelf(tmp_path / "anew")
    await publish(engine, LogPublisher(shelf), 520, 550, note)
    assert files_in(shelf.root) == expected_files(await entries_of(engine), 550, [300, 520])


async def test_a_folder_that_is_behind_is_caught_up_from_where_it_is(
    engine, signer, publisher, shelf
):
    await grow_and_publish(engine, signer, publisher, 3)
    *_, note = await grow_to(engine, signer, 270, 290, 600)
    await publish(engine, publisher, 290, 600, note)
    assert files_in(shelf.root) == expected_files(await entries_of(engine), 600, [270, 290]) | (
        expected_files(await entries_of(engine), 3)
    )


async def test_what_has_been_appended_meanwhile_is_not_published(engine, signer, publisher, shelf):
    note, _ = await grow_to(engine, signer, 5, 290)
    await publish(engine, publisher, 0, 5, note)
    assert files_in(shelf.root) == expected_files(await entries_of(engine), 5)


async def test_the_same_tree_with_fresh_signatures_replaces_the_checkpoint_alone(
    engine, signer, publisher, shelf
):
    note = await grow_and_publish(engine, signer, publisher, 9)
    before = files_in(shelf.root)
    again = note + "— witness.example AAAAAAA=\n"
    await publish(engine, publisher, 9, 9, again)
    assert (shelf.root / "checkpoint").read_text() == again
    assert files_in(shelf.root) == before


async def test_an_older_checkpoint_is_never_published_again(engine, signer, publisher, shelf):
    old, new = await grow_to(engine, signer, 5, 9)
    await publish(engine, publisher, 0, 9, new)
    with pytest.raises(
        NotPublishedError, match=r"^A tree of 9 entries is published, and this one has"
    ):
        await publish(engine, publisher, 0, 5, old)
    with pytest.raises(NotPublishedError, match=r"older than what it has published\. Restore"):
        await publisher.checkpoint(old)
    assert (shelf.root / "checkpoint").read_text() == new


async def test_another_tree_of_the_same_size_is_never_published(engine, signer, publisher, shelf):
    note = await grow_and_publish(engine, signer, publisher, 5)
    root = "A" * 43 + "="
    with pytest.raises(NotPublishedError, match=r"^Another tree of 5 entries is published already"):
        await publisher.checkpoint(signed(f"{ORIGIN}\n5\n{root}\n", signer))
    assert (shelf.root / "checkpoint").read_text() == note


async def test_the_folder_of_another_log_is_left_alone(engine, signer, publisher):
    await grow_and_publish(engine, signer, publisher, 5)
    root = "A" * 43 + "="
    with pytest.raises(
        NotPublishedError, match=f"^These are the files of {ORIGIN}, not of other/log"
    ):
        await publisher.checkpoint(signed(f"other/log\n9\n{root}\n", signer))


async def test_a_checkpoint_that_is_none_stops_publication(engine, signer, publisher, shelf):
    await grow_and_publish(engine, signer, publisher, 5)
    (shelf.root / "checkpoint").write_bytes(b"\xff")
    (note,) = await grow_to(engine, signer, 9)
    with pytest.raises(NotPublishedError, match=r"^What is published as `checkpoint` is none"):
        await publish(engine, publisher, 5, 9, note)


async def test_a_file_with_other_bytes_stops_publication(engine, signer, publisher, shelf):
    (note,) = await grow_to(engine, signer, 5)
    tile = shelf.root / "tile/0/000.p/5"
    tile.parent.mkdir(parents=True)
    tile.write_bytes(bytes(160))
    with pytest.raises(
        NotPublishedError, match=r"tile/0/000\.p/5 is not what the log has in its place"
    ):
        await publish(engine, publisher, 0, 5, note)
    assert tile.read_bytes() == bytes(160)
    assert not (shelf.root / "checkpoint").exists()


async def test_entries_that_do_not_have_their_hashes_are_not_published(
    engine, signer, publisher, database
):
    (note,) = await grow_to(engine, signer, 5)
    tamper(database, "UPDATE ledger_entry SET entry = zeroblob(1) WHERE idx = 3")
    with pytest.raises(NotPublishedError, match=r"^The entries from 0 on do not have the hashes"):
        await publish(engine, publisher, 0, 5, note)


async def test_drafts_that_nobody_finished_are_swept_away(engine, signer, publisher, shelf):
    draft = shelf.root / "tile/0/000.p/.5.0123456789abcdef.draft"
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half")
    await grow_and_publish(engine, signer, publisher, 5)
    assert files_in(shelf.root) == expected_files(await entries_of(engine), 5)
