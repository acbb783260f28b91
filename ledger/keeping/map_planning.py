"""How the state map gets from one root to the next: which rows and pages change, and to what."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.formats.hashing import Hash
from ledger.formats.state_map import EMPTY_MAP_HASH, MapLeaf, Standing, fold_leaves
from ledger.keeping.map_pages import (
    DIGIT_BITS,
    KEYS_WITHOUT_PAGE,
    TOP,
    Bounds,
    Page,
    bounds_of,
    build,
)
from ledger.keeping.map_rows import leaves_of, pages_at, rows_within
from ledger.keeping.together import Conversation, Row


@dataclass(frozen=True, slots=True)
class MapUpdate:
    """What to write so that the map under one root becomes the map under another."""

    before: Hash
    root: Hash
    new_rows: Sequence[Row]
    changed_rows: Sequence[Row]
    new_pages: Sequence[Page]
    changed_pages: Sequence[Page]


def plan(changed: Mapping[Hash, Standing]) -> Conversation[MapUpdate]:
    rows = [
        (key, standing.count, standing.last_index, standing.head)
        for key, standing in sorted(changed.items())
    ]
    leaves = leaves_of(rows)
    planning = yield from _begun(leaves)
    pages, before = planning.pages, _root(planning.pages, planning.beside)
    root = (yield from planning.change(TOP, leaves)) if leaves else before
    known = set(planning.keys)
    return MapUpdate(
        before=before,
        root=root,
        new_rows=[row for row in rows if row[0] not in known],
        changed_rows=[row for row in rows if row[0] in known],
        new_pages=[page for place, page in planning.changed.items() if place not in pages],
        changed_pages=[page for place, page in planning.changed.items() if place in pages],
    )


def map_root() -> Conversation[Hash]:
    """The root of the map as it is stored."""
    pages = yield from pages_at([TOP])
    rows = [] if pages else (yield from rows_within([bounds_of(TOP)]))
    return _root(pages, leaves_of(rows))


@dataclass(frozen=True, slots=True)
class _Planning:
    """What is stored on the way to leaves that change and beside them, and what becomes of it."""

    pages: dict[bytes, Page]
    parted: dict[bytes, list[tuple[int, list[MapLeaf]]]]
    beside: list[MapLeaf]
    keys: list[Hash]
    changed: dict[bytes, Page] = field(default_factory=dict)

    def change(self, place: bytes, leaves: Sequence[MapLeaf]) -> Conversation[Hash]:
        """The hash of a place that gets these leaves."""
        page = self.pages.get(place)
        if page is None:
            return self._build(place, self._with_those_beside(bounds_of(place), leaves))
        slots, divided = {}, page.divided
        for slot, group in self.parted[place]:
            if page.height == DIGIT_BITS:
                below = page.place_of(slot)
                slots[slot] = yield from self.change(below, group)
                divided |= (below in self.changed) << slot
                continue
            all_in_slot = self._with_those_beside(bounds_of(place, slot, page.height), group)
            if len(all_in_slot) > KEYS_WITHOUT_PAGE:
                rows = yield from rows_within([bounds_of(place)])
                return self._build(place, _joined(leaves_of(rows), leaves))
            slots[slot] = fold_leaves(all_in_slot)
        self.changed[place] = page.changed(slots, divided)
        return self.changed[place].top

    def _with_those_beside(self, bounds: Bounds, leaves: Iterable[MapLeaf]) -> list[MapLeaf]:
        start = bisect_left(self.keys, bounds.low)
        end = bisect_right(self.keys, bounds.high)
        return _joined(self.beside[start:end], leaves)

    def _build(self, place: bytes, leaves: Sequence[MapLeaf]) -> Hash:
        pages, top = build(place, leaves)
        self.changed.update((page.place, page) for page in pages)
        return top


def _begun(leaves: Sequence[MapLeaf]) -> Conversation[_Planning]:
    """Read all pages above these leaves, and what stands beside them."""
    pages: dict[bytes, Page] = {}
    parted = {}
    bounds = []
    ahead: dict[bytes, Sequence[MapLeaf]] = {TOP: leaves}
    while ahead:
        pages |= yield from pages_at(ahead)
        further: dict[bytes, Sequence[MapLeaf]] = {}
        for place, below in ahead.items():
            if place not in pages:
                bounds.append(bounds_of(place))
                continue
            page = pages[place]
            parted[place] = page.parted(below)
            for slot, group in parted[place]:
                if page.is_divided(slot):
                    further[page.place_of(slot)] = group
                else:
                    bounds.append(bounds_of(place, slot, page.height))
        ahead = further
    beside = leaves_of((yield from rows_within(sorted(bounds))))
    return _Planning(pages, parted, beside, [key for key, _ in beside])


def _joined(leaves: Iterable[MapLeaf], newer: Iterable[MapLeaf]) -> list[MapLeaf]:
    return sorted((dict(leaves) | dict(newer)).items())


def _root(pages: Mapping[bytes, Page], leaves: Sequence[MapLeaf]) -> Hash:
    """The root of the map, of whose leaves all are given where it has no pages."""
    if TOP in pages:
        return pages[TOP].top
    return fold_leaves(leaves) if leaves else EMPTY_MAP_HASH
