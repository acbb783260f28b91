"""Two thousand bits of a log flipped one at a time, anywhere in it: each is found and named."""

from random import Random

import pytest

from tests.ledger.inspecting.changing import FREE, is_named, remembering

PARTS, BITS = 8, 250


@pytest.mark.parametrize("part", range(PARTS))
def test_a_flipped_bit_is_found_where_it_was_flipped(bench, part):
    random = Random(part)
    groups = list(bench.places().values())
    kinds = [bound for group in groups if (bound := [each for each in group if not each.is_free])]
    assert bench.found() == []

    missed = []
    with remembering():
        for turn in range(BITS):
            # Every kind of place has its turn, however few bytes it has.
            place = random.choice(kinds[(turn * PARTS + part) % len(kinds)])
            at, bit = random.randrange(len(place)), 1 << random.randrange(8)
            if not is_named(bench, place, at, bit):
                missed.append((place, at, bit))
    assert missed == []
    assert bench.found() == []


def test_what_may_be_changed_unnoticed_is_said_to_be_free(bench):
    """The last bit of each, which leaves what there is in order."""
    free = [place for group in bench.places().values() for place in group if place.is_free]
    unnoticed = {place.group for place in free if not is_named(bench, place, len(place) - 1, 1)}

    assert unnoticed == set(FREE)
