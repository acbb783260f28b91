"""The map replayed over keys known beforehand, against the map made from nothing at every step."""

from random import Random

import pytest

from ledger.formats.hashing import Hash, map_leaf_hash
from ledger.formats.state_map import EMPTY_MAP_HASH, root_of
from ledger.inspecting.map_anew import MapAnew


@pytest.mark.parametrize("count", [0, 1, 2, 3, 17, 200])
def test_its_root_is_that_of_the_same_values_put_together_at_once(count):
    random = Random(count)
    keys = [Hash(random.randbytes(32)) for _ in range(count)]
    # Keys that part at the last bit, and keys that share all but the first byte.
    keys += [Hash(bytes(31) + bytes([last])) for last in range(count % 4)]
    replayed, values = MapAnew(keys), {}

    assert replayed.root == EMPTY_MAP_HASH
    for _ in range(30):
        changed = {key: Hash(random.randbytes(32)) for key in random.sample(keys, len(keys) // 5)}
        values |= changed
        replayed.update(
            [(replayed.places[key], map_leaf_hash(key, value)) for key, value in changed.items()]
        )
        assert replayed.root == root_of(values)
    replayed.update([])
    assert replayed.root == root_of(values)
