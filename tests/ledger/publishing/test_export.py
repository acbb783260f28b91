"""The whole log as a folder: every checkpoint that was ever signed, and all that they need."""

import pytest
import sqlalchemy as sa

from ledger.keeping import store
from ledger.publishing.export import export
from ledger.publishing.shelf import FolderShelf, NotPublishedError
from tests.ledger.publishing.expected import expected_files, files_in
from tests.ledger.publishing.signed_log import entries_of, grow_to
from tests.ledger.tampering import tamper

VKEY = "datatitle.example/log+00000000+AQ=="
COSIGNATURE = "— witness.example AAAAAAA="


@pytest.fixture
def shelf(tmp_path):
    return FolderShelf(tmp_path / "exported")


async def export_to(engine, shelf, report=lambda _: None):
    async with engine.begin() as connection:
        return await export(connection, shelf, VKEY, report)


def beside_tiles(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


async def test_every_checkpoint_is_there_with_all_that_it_needs(engine, signer, shelf):
    notes = await grow_to(engine, signer, 3, 256, 300, 700)
    sizes = []
    assert await export_to(engine, shelf, sizes.append) == 700
    assert sizes == [700]
    assert files_in(shelf.root) == expected_files(await entries_of(engine), 700, [256, 300])
    assert beside_tiles(shelf.root) == {
        "checkpoint": notes[-1],
        "log.vkey": f"{VKEY}\n",
        **{
            f"checkpoint.{size}": note for size, note in zip((3, 256, 300, 700), notes, strict=True)
        },
    }


async def test_a_checkpoint_that_was_signed_and_not_published_is_there_too(
    engine, signer, shelf, database
):
    published, signed = await grow_to(engine, signer, 3, 9)
    tamper(database, "UPDATE ledger_checkpoint SET published_at = NULL WHERE size = 9")
    assert await export_to(engine, shelf) == 9
    there = beside_tiles(shelf.root)
    assert (there["checkpoint"], there["checkpoint.9"]) == (published, signed)
    assert files_in(shelf.root) == expected_files(await entries_of(engine), 9, [3])


async def test_cosignatures_stand_in_every_checkpoint_they_were_given_for(engine, signer, shelf):
    first, second = await grow_to(engine, signer, 3, 9)
    async with engine.begin() as connection:
        row = {"name": "witness.example", "key_id": bytes(4), "time": 0, "line": COSIGNATURE}
        for size in (3, 9):
            values = sa.insert(store.ledger_cosignature).values(size=size, **row)
            await connection.execute(values)
    await export_to(engine, shelf)
    there = beside_tiles(shelf.root)
    assert there["checkpoint.3"] == f"{first}{COSIGNATURE}\n"
    assert there["checkpoint.9"] == there["checkpoint"] == f"{second}{COSIGNATURE}\n"


async def test_a_folder_of_the_same_log_is_continued(engine, signer, shelf):
    await grow_to(engine, signer, 3, 200)
    await export_to(engine, shelf)
    notes = await grow_to(engine, signer, 300, 310)
    assert await export_to(engine, shelf) == 310
    entries = await entries_of(engine)
    assert files_in(shelf.root).items() >= expected_files(entries, 310, [300]).items()
    assert beside_tiles(shelf.root)["checkpoint"] == notes[-1]


async def test_before_the_first_published_checkpoint_there_is_nothing_to_export(engine, shelf):
    assert await export_to(engine, shelf) is None
    assert not shelf.root.exists()


async def test_a_folder_with_something_else_in_it_is_left_alone(engine, signer, shelf):
    await grow_to(engine, signer, 3)
    shelf.add({"tile/0/000.p/3": b"something else"})
    with pytest.raises(NotPublishedError, match="is not what the log has in its place"):
        await export_to(engine, shelf)
    assert shelf.read("tile/0/000.p/3") == b"something else"
    assert beside_tiles(shelf.root) == {}
