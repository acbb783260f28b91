"""Every byte of a log changed once, those of its database, its files and its guard.

`make campaign-tamper` runs it, in about half an hour.
"""

from itertools import islice

import pytest

from tests.ledger.inspecting.changing import is_named, remembering

PARTS = 400


def every_byte(places):
    for group in sorted(places):
        for place in places[group]:
            yield from ((place, at) for at in range(len(place)))


@pytest.mark.parametrize("part", range(PARTS))
def test_a_changed_byte_is_found_where_it_was_changed(bench, part):
    changes = enumerate(every_byte(bench.places()))

    with remembering():
        missed = [
            (place, at)
            for number, (place, at) in islice(changes, part, None, PARTS)
            if not place.is_free and not is_named(bench, place, at, 1 << number // PARTS % 8)
        ]
    assert missed == []
    assert bench.found() == []
