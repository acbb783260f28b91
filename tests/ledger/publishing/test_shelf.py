"""A folder of files that never change, but for those that say where the log stands."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.publishing.publication import Publication
from ledger.publishing.shelf import FolderShelf, NotPublishedError, open_shelf


@pytest.fixture
def shelf(tmp_path):
    return FolderShelf(tmp_path / "public")


def everything_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_files_are_added_once_and_may_be_added_again(shelf):
    for _ in range(2):
        shelf.add({"tile/0/000.p/1": b"one", "tile/entries/000.p/1": b"two"})
    assert shelf.read("tile/0/000.p/1") == b"one"
    assert shelf.read("tile/0/000.p/2") is None
    assert [path for path in everything_in(shelf.root) if path.endswith("1")] == [
        "tile/0/000.p/1",
        "tile/entries/000.p/1",
    ]


def test_everybody_may_read_them(shelf):
    shelf.add({"tile/0/000": b"one"})
    assert stat.S_IMODE((shelf.root / "tile/0/000").stat().st_mode) == 0o644


def test_a_file_is_never_given_other_bytes(shelf):
    shelf.add({"tile/0/000": b"one"})
    with pytest.raises(NotPublishedError, match="tile/0/000 is not what the log has in its place"):
        shelf.add({"tile/0/000": b"two"})
    assert shelf.read("tile/0/000") == b"one"


def test_what_may_change_is_replaced_as_a_whole(shelf):
    with shelf.held():
        shelf.replace("checkpoint", b"one")
        shelf.replace("checkpoint", b"two")
    assert shelf.read("checkpoint") == b"two"
    assert everything_in(shelf.root) == ["checkpoint"]


def test_a_folder_that_is_not_there_has_no_names_and_can_be_removed(shelf):
    assert shelf.names("tile/0/000.p") == []
    shelf.remove("tile/0/000.p")
    shelf.add({"tile/0/000.p/1": b"one", "tile/0/000.p/2": b"two"})
    assert sorted(shelf.names("tile/0/000.p")) == ["1", "2"]
    shelf.remove("tile/0/000.p")
    assert everything_in(shelf.root) == ["tile", "tile/0"]


def test_only_drafts_are_swept_away(shelf):
    shelf.add({"tile/0/000": b"one"})
    (shelf.root / "tile/0/.001.0011223344556677.draft").write_bytes(b"half")
    (shelf.root / ".htaccess").write_bytes(b"an operator's own")
    shelf.sweep()
    assert everything_in(shelf.root) == [".htaccess", "tile", "tile/0", "tile/0/000"]


def test_of_many_who_add_the_same_files_nobody_is_disturbed(shelf):
    files = {f"tile/0/{number:03}": bytes([number]) * 8192 for number in range(50)}

    def add(_):
        Publication(shelf).add(files)

    with ThreadPoolExecutor(4) as rivals:
        list(rivals.map(add, range(4)))
    assert {path: shelf.read(path) for path in files} == files
    assert everything_in(shelf.root) == sorted([*files, "tile", "tile/0"])


@pytest.mark.parametrize("address", ["ftp://host/folder", "memory:///", "s4://bucket", "://"])
def test_an_address_of_nothing_known_is_refused(address):
    with pytest.raises(ValueError, match=r"^must be a folder, or an address like s3://"):
        open_shelf(address)


def test_a_path_is_a_folder(tmp_path):
    assert open_shelf(str(tmp_path / "public")) == FolderShelf(tmp_path / "public")
