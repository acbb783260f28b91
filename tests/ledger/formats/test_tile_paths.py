"""What the files of a published log are called, and how full each is."""

import pytest

from ledger.formats.spelling import Malformed
from ledger.formats.tile_paths import (
    entries_path,
    parse_entries_path,
    parse_tile_path,
    tile_path,
    tile_width,
)
from ledger.formats.tree import Tile


def is_refused(parse, path):
    try:
        parse(path)
    except Malformed:
        return True
    return False


def test_tiles_are_called_as_published(vectors):
    for level, number, width, path in vectors["tile_paths"]["tiles"]:
        assert tile_path(Tile(level, number), width) == path
        assert parse_tile_path(path) == (Tile(level, number), width)


def test_bundles_are_called_as_published(vectors):
    for number, width, path in vectors["tile_paths"]["entries"]:
        assert entries_path(number, width) == path
        assert parse_entries_path(path) == (number, width)


def test_an_entry_is_in_the_bundle_that_is_published_for_the_size(vectors):
    for index, size, path in vectors["tile_paths"]["entry_path_for_index"]:
        number = index // 256
        assert entries_path(number, tile_width(Tile(0, number), size)) == path


def test_published_bad_paths_are_refused(vectors):
    *paths, levels = vectors["tile_paths"]["bad"]
    numbers = [path.partition(" (")[0] for path in paths]
    for number in numbers:
        assert is_refused(parse_tile_path, f"tile/0/{number}")
        assert is_refused(parse_entries_path, f"tile/entries/{number}")
    for level in levels.removeprefix("level ").split(", "):
        assert is_refused(parse_tile_path, f"tile/{level}/000")
    assert len(numbers) == 11


def test_every_size_has_the_published_tiles(vectors):
    for shape in vectors["tile_paths"]["tree_shapes"]:
        size = shape["size"]
        for level in range(3):
            full, partial = shape.get(f"level{level}", [0, 0])
            widths = [tile_width(Tile(level, number), size) for number in range(full + 2)]
            assert widths == [*[256] * full, partial, 0]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 70_000, 2**24 + 1])
def test_a_level_has_a_hash_for_each_full_tile_below(size):
    for level in range(4):
        number, width = divmod(size // 256**level, 256)
        assert tile_width(Tile(level, number), size) == width
        assert tile_width(Tile(level, number + 1), size) == 0
        if number:
            assert tile_width(Tile(level, number - 1), size) == 256


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/01/000",
        "tile/+1/000",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/X001/001",
        "tile/0/x001/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/-1",
        "tile/0/000.p/1/",
        "tile/0/000.p",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/0/../000",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x999/" * 7 + "999",
        "tile//000",
        "tile/data/000",
        "tile/entries",
    ],
)
def test_a_path_has_one_spelling(path):
    assert is_refused(parse_tile_path, path)
    assert is_refused(parse_entries_path, path.replace("tile/0/", "tile/entries/"))


def test_a_tile_is_no_bundle():
    assert is_refused(parse_tile_path, "tile/entries/000")
    assert is_refused(parse_entries_path, "tile/0/000")


@pytest.mark.parametrize("number", [0, 1, 999, 1000, 1001, 999_999, 1_000_000, 2**63 - 1])
def test_every_number_comes_back_from_its_path(number):
    for width in (1, 99, 255, 256):
        assert parse_entries_path(entries_path(number, width)) == (number, width)
        assert parse_tile_path(tile_path(Tile(63, number), width)) == (Tile(63, number), width)
