"""Which tiles are published from one size to the next."""

import pytest

from ledger.formats.tree import Tile
from ledger.publishing.tiling import full_tiles, partial_tiles, steps

SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 70_000, 131_072]


def counted(size):
    """How many hashes each level of a tree has in its tiles."""
    counts = []
    while size:
        counts.append(size)
        size //= 256
    return counts


def all_full(size):
    return {
        Tile(level, number)
        for level, count in enumerate(counted(size))
        for number in range(count // 256)
    }


@pytest.mark.parametrize("old_size", SIZES)
@pytest.mark.parametrize("new_size", SIZES)
def test_each_tile_is_full_once(old_size, new_size):
    if old_size <= new_size:
        tiles = list(full_tiles(old_size, new_size))
        assert len(tiles) == len(set(tiles))
        assert set(tiles) == all_full(new_size) - all_full(old_size)


def test_a_tree_of_70_000_has_the_tiles_of_the_standards_example():
    assert len(list(full_tiles(0, 70_000))) == 273 + 1
    assert partial_tiles([70_000], 70_000) == {
        (Tile(0, 273), 112),
        (Tile(1, 1), 17),
        (Tile(2, 0), 1),
    }


def test_a_tree_of_256_has_a_full_tile_and_one_of_a_single_hash_above_it():
    assert list(full_tiles(0, 256)) == [Tile(0, 0)]
    assert partial_tiles([256], 256) == {(Tile(1, 0), 1)}


def test_an_empty_tree_has_no_tiles():
    assert list(full_tiles(0, 0)) == []
    assert partial_tiles([0], 0) == set()


def test_older_trees_keep_their_partial_tiles_until_the_full_ones_are_there():
    assert partial_tiles([3, 200, 300, 310, 512, 530], 530) == {
        (Tile(0, 2), 18),
        (Tile(1, 0), 1),
        (Tile(1, 0), 2),
    }


@pytest.mark.parametrize(("old_size", "new_size"), [(0, 40_000), (100, 101), (16_384, 32_768)])
def test_the_steps_lead_from_one_size_to_the_other(old_size, new_size):
    way = list(steps(old_size, new_size))
    assert [way[0][0], way[-1][1]] == [old_size, new_size]
    assert [end for _, end in way[:-1]] == [start for start, _ in way[1:]]
    assert max(len(list(full_tiles(start, end))) for start, end in way) <= 64 + 1
    stepped = [tile for start, end in way for tile in full_tiles(start, end)]
    assert sorted(stepped) == sorted(full_tiles(old_size, new_size))


def test_from_a_size_to_itself_there_is_no_step():
    assert list(steps(7, 7)) == []
