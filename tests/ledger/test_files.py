"""Files that are there whole or not at all."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.files import OWNER_ONLY, create_file, put_file, replace_file
from tests.ledger.witnessing.faulted import fail, met_at


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("write", [replace_file, put_file])
def test_a_file_is_made_and_then_replaced(tmp_path, write):
    path = tmp_path / "file"
    for content in (b"one", b"another"):
        write(path, content)
        assert path.read_bytes() == content
    assert mode_of(path) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_there_is_not_created_again(tmp_path):
    path = tmp_path / "file"
    create_file(path, b"one", mode=OWNER_ONLY)
    with pytest.raises(FileExistsError):
        create_file(path, b"another")
    assert (path.read_bytes(), mode_of(path)) == (b"one", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_of_rivals_one_creates_the_file(tmp_path):
    path = tmp_path / "file"

    def create(number):
        try:
            create_file(path, b"%d" % number)
        except FileExistsError:
            return None
        return number

    with ThreadPoolExecutor(8) as rivals:
        created = [number for number in rivals.map(create, range(40)) if number is not None]
    assert [path.read_bytes()] == [b"%d" % number for number in created]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_what_fails_before_the_end_leaves_the_file_as_it_was(tmp_path, nth):
    """The draft is opened, written out, named: until then nothing has changed."""
    path = tmp_path / "file"
    replace_file(path, b"one")
    with met_at(nth, fail), pytest.raises(OSError, match="does not answer"):
        replace_file(path, b"another")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_at_the_folder_is_told(tmp_path):
    """The file has its name; whether it keeps it through a power cut is not known."""
    path = tmp_path / "file"
    with met_at(5, fail), pytest.raises(OSError, match="does not answer"):
        replace_file(path, b"one")
    assert path.read_bytes() == b"one"
