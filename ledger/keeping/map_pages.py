"""How the state map is kept: rows for its leaves, and pages for what stands above many of them.

A place is all keys that begin with the same digits; a digit is six bits. A place of more than a
dozen keys has a page. That holds the hashes at some depth below the place, one to six bits, and
all between those and the place's own hash, which is left to the page above. The depth is the
least that leaves no more than a dozen keys in a slot, below one of the lowest hashes; at six bits
a slot is a place again, and if it is full it has a page of its own.

So the pages follow from the keys alone, a small map has none, a place that gets full is parted
without a word to any other, and to change a key is to read and hash the few keys beside it and
one page for each digit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from ledger.formats.hashing import HASH_SIZE, Hash
from ledger.formats.state_map import KEY_BITS, MapLeaf, MapStep, fold_leaves

DIGIT_BITS = 6
DIGITS = 1 << DIGIT_BITS
DIVIDED_SIZE = DIGITS // 8
KEYS_WITHOUT_PAGE = 12

TOP = b""
NOTHING = Hash(bytes(HASH_SIZE))  # A page's hash where there are no keys.
_SIDES_SIZE = 2 * HASH_SIZE


class Bounds(NamedTuple):
    """The least and the greatest key that begin with certain bits."""

    low: bytes
    high: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """The hashes below a place, each node's left side before its right one, level by level.

    Counted from the place's own, which is 1 and not there, the sides of node n are 2n and 2n + 1.
    Of `divided` the nth bit from the right is set when slot n has a page of its own.
    """

    place: bytes
    hashes: bytes
    divided: int = 0

    @property
    def depth(self) -> int:
        """How many bits the keys of the place begin with."""
        return DIGIT_BITS * len(self.place)

    @property
    def height(self) -> int:
        """How many bits there are between the place and the slots."""
        return (len(self.hashes) // HASH_SIZE).bit_length() - 1

    @property
    def top(self) -> Hash:
        return Hash(bytes(_join(bytearray(self.hashes[:_SIDES_SIZE]), self.depth)))

    def parted(self, leaves: Iterable[MapLeaf]) -> list[tuple[int, list[MapLeaf]]]:
        """Leaves in the order of their keys, together with the slot they belong in."""
        shift, last = KEY_BITS - self.depth - self.height, (1 << self.height) - 1
        by_slot = groupby(leaves, lambda leaf: int.from_bytes(leaf[0]) >> shift & last)
        return [(slot, list(group)) for slot, group in by_slot]

    def place_of(self, slot: int) -> bytes:
        assert self.height == DIGIT_BITS
        return self.place + slot.to_bytes(1)

    def is_divided(self, slot: int) -> bool:
        return bool(self.divided >> slot & 1)

    def steps_to(self, key: Hash) -> tuple[list[MapStep], int]:
        """The steps up to the top from the slot that a key is in, or where it would be sought.

        That is not always the one it would come into: a node with an empty side is its other one.
        """
        steps = []
        sought = int.from_bytes(key)
        node = 1
        for bit in range(self.depth, self.depth + self.height):
            left = (node - 1) * _SIDES_SIZE
            right = left + HASH_SIZE
            sides = self.hashes[left:right], self.hashes[right : right + HASH_SIZE]
            is_right = sought >> KEY_BITS - 1 - bit & 1
            if NOTHING in sides:
                is_right = 1 - sides.index(NOTHING)
            else:
                steps.append(MapStep(bit, Hash(sides[1 - is_right])))
            node = 2 * node + is_right
        return steps[::-1], node - (1 << self.height)

    def changed(self, slots: Mapping[int, Hash], divided: int) -> "Page":
        """The page with these hashes in its slots, and what follows from them above."""
        first, depth = 1 << self.height, self.depth
        nodes = bytearray(NOTHING + NOTHING + self.hashes)
        for slot, each in slots.items():
            nodes[(first + slot) * HASH_SIZE : (first + slot + 1) * HASH_SIZE] = each
        # From the last node to the first every node comes after its sides.
        ahead = sorted({first + slot >> 1 for slot in slots}, reverse=True)
        for number in ahead:
            at, left = number * HASH_SIZE, number * _SIDES_SIZE
            bit = depth + number.bit_length() - 1
            nodes[at : at + HASH_SIZE] = _join(nodes[left : left + _SIDES_SIZE], bit)
            above = number >> 1
            if above and ahead[-1] != above:
                ahead.append(above)
        return Page(self.place, bytes(nodes[_SIDES_SIZE:]), divided)


def build(place: bytes, leaves: Sequence[MapLeaf]) -> tuple[list[Page], Hash]:
    """The pages for all keys of a place, given in their order, and the hash of the place."""
    if len(leaves) <= KEYS_WITHOUT_PAGE:
        return [], fold_leaves(leaves) if leaves else NOTHING
    page = _blank(place, _height_for(place, leaves))
    below: list[Page] = []
    slots, divided = {}, 0
    for slot, group in page.parted(leaves):
        pages, slots[slot] = build(place + slot.to_bytes(1), group)
        divided |= bool(pages) << slot
        below += pages
    page = page.changed(slots, divided)
    return [page, *below], page.top


def bounds_of(place: bytes, slot: int = 0, height: int = 0) -> Bounds:
    """The keys of a place, or those in one slot of its page."""
    beginning = 0
    for digit in place:
        beginning = beginning << DIGIT_BITS | digit
    shift = KEY_BITS - DIGIT_BITS * len(place) - height
    low = (beginning << height | slot) << shift
    return Bounds(low.to_bytes(HASH_SIZE), (low | (1 << shift) - 1).to_bytes(HASH_SIZE))


def _join(sides: bytearray, bit: int) -> bytes | bytearray:
    """The hash of a node; one with an empty side is its other side."""
    if sides.find(NOTHING) >= 0:
        if sides.startswith(NOTHING):
            return sides[HASH_SIZE:]
        if sides.endswith(NOTHING):
            return sides[:HASH_SIZE]
    sides.append(bit)
    return sha256(sides).digest()


def _height_for(place: bytes, leaves: Sequence[MapLeaf]) -> int:
    """The least that leaves no more than a dozen keys in a slot, or all six bits."""
    for height in range(1, DIGIT_BITS):
        if len(leaves) > KEYS_WITHOUT_PAGE << height:
            continue  # Some slot must hold more; there is no need to look.
        fullest = max(len(group) for _, group in _blank(place, height).parted(leaves))
        if fullest <= KEYS_WITHOUT_PAGE:
            return height
    return DIGIT_BITS


def _blank(place: bytes, height: int) -> Page:
    return Page(place, NOTHING * ((2 << height) - 2))
