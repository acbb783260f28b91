"""The way through the log from its first entry to its last: all that follows from it, anew."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa

from ledger.formats.entry import EVENT
from ledger.formats.hashing import HASH_SIZE, NO_HASH, Hash
from ledger.formats.tree import TILE_WIDTH
from ledger.inspecting.marks import MarksAnew
from ledger.inspecting.raw_rows import fetch, has_outbox, raw_between
from ledger.inspecting.report import Findings
from ledger.inspecting.subjects import ENTRY, SubjectsAnew
from ledger.inspecting.tree import TreeAnew
from ledger.keeping import store

TILES_AT_A_TIME = 8
ENTRIES_AT_A_TIME = TILES_AT_A_TIME * TILE_WIDTH

_EVENT = EVENT.encode()
_ENTRIES = raw_between(
    store.ledger_entry,
    store.ledger_entry.c.idx,
    *("idx", "id", "kind", "subject", "number", "entry", "leaf", "chain"),
)
_TILES = raw_between(store.ledger_tile, store.ledger_tile.c.n, "n", "hashes").where(
    store.ledger_tile.c.level == 0
)


class Columns(NamedTuple):
    """What is stored of consecutive entries, one tuple for each column."""

    indexes: tuple[int, ...] = ()
    ids: tuple[int, ...] = ()
    kinds: tuple[bytes, ...] = ()
    subjects: tuple[Any, ...] = ()
    numbers: tuple[Any, ...] = ()
    entries: tuple[bytes, ...] = ()
    leaves: tuple[Hash, ...] = ()
    chains: tuple[Hash, ...] = ()


@dataclass(slots=True)
class Walk:
    """What follows from the entries it has come by, and what of them does not agree.

    What is wrong is built upon as far as can be, so that it is found once. There are `entries`
    rows; `sizes`, in their order, are those whose roots are wanted; `at_published` is called
    where the published tree ends.
    """

    connection: sa.Connection
    findings: Findings
    subjects: SubjectsAnew
    marks: MarksAnew
    tree: TreeAnew
    entries: int
    sizes: Sequence[int]
    published: int
    at_published: Callable[[], None]
    chain: Hash = NO_HASH
    roots: dict[int, Hash] = field(default_factory=dict)

    def go(self, progress: Callable[[int], None]) -> None:
        """Through the whole log; tells how many entries it has come by, now and then."""
        is_at_end = False
        while not is_at_end:
            start = self.tree.size
            columns = self._read_entries(start)
            is_at_end = len(columns.indexes) < ENTRIES_AT_A_TIME
            end = start + len(columns.indexes)
            if is_at_end and end != self.entries:
                self.findings.add(end, ENTRY, "an entry is missing, or one stands outside the log")
            tiles = self._read_tiles(start)
            leaves = self._check_leaves(start, columns, tiles)
            chains = self._check_chain(start, columns, leaves)
            self._follow(start, columns, leaves, chains)
            self._grow(start, leaves, tiles)
            self.chain = chains[-1]
            progress(self.tree.size)
        self.marks.judge_end(self.tree.size)

    def _read_entries(self, start: int) -> "Columns":
        """The next entries, up to the first gap in the indexes."""
        rows = fetch(self.connection, _ENTRIES, start, start + ENTRIES_AT_A_TIME - 1)
        columns = Columns(*zip(*rows, strict=True)) if rows else Columns()
        if columns.indexes != tuple(range(start, start + len(rows))):
            gap = next(at for at, index in enumerate(columns.indexes) if index != start + at)
            columns = Columns(*zip(*rows[:gap], strict=True)) if gap else Columns()
        if columns.ids != columns.indexes and not has_outbox(self.connection):
            for index, id_ in zip(columns.indexes, columns.ids, strict=True):
                if index != id_:
                    self.findings.add(index, ENTRY, "it did not come in the order of the log")
        return columns

    def _read_tiles(self, start: int) -> list[bytes]:
        """The stored tiles of the lowest level over the entries from `start` on."""
        first = start // TILE_WIDTH
        stored = dict(fetch(self.connection, _TILES, first, first + TILES_AT_A_TIME - 1))
        return [stored.get(first + at, b"") for at in range(TILES_AT_A_TIME)]

    def _check_leaves(self, start: int, columns: "Columns", tiles: Sequence[bytes]) -> list[Hash]:
        """The leaves. Of one that is not the hash of its entry, the tile says which to go by."""
        computed = [Hash(sha256(b"\x00" + entry).digest()) for entry in columns.entries]
        leaves = list(columns.leaves)
        if leaves == computed:
            return computed
        for at, (stored, leaf) in enumerate(zip(leaves, computed, strict=True)):
            if stored != leaf:
                self.findings.add(start + at, ENTRY, "its leaf is not the hash of its entry")
                tile, place = divmod(at, TILE_WIDTH)
                in_tile = tiles[tile][place * HASH_SIZE : (place + 1) * HASH_SIZE]
                leaves[at] = Hash(stored) if stored == in_tile else leaf
        return leaves

    def _check_chain(self, start: int, columns: "Columns", leaves: Sequence[Hash]) -> list[Hash]:
        """The chain before each of these entries, and after the last."""
        chain = self.chain
        chains = [chain]
        for stored, leaf in zip(columns.chains, leaves, strict=True):
            chain = Hash(sha256(b"\x02" + chain + leaf).digest())
            if chain != stored:
                index = start + len(chains) - 1
                self.findings.add(index, ENTRY, "its chain does not continue")
                chain = _hash_or(chain, stored)
            chains.append(chain)
        return chains

    def _follow(
        self, start: int, columns: "Columns", leaves: Sequence[Hash], chains: Sequence[Hash]
    ) -> None:
        marks = [at for at, kind in enumerate(columns.kinds) if kind != _EVENT]
        begin = 0
        for at in [*marks, len(leaves)]:
            events = slice(begin, at)
            self.subjects.take(
                start + begin,
                columns.subjects[events],
                columns.numbers[events],
                columns.entries[events],
                leaves[events],
            )
            if at < len(leaves):
                self.marks.take(start + at, columns, at, chains[at])
                if start + at == self.published - 1:
                    self.at_published()
            begin = at + 1

    def _grow(self, start: int, leaves: Sequence[Hash], tiles: Sequence[bytes]) -> None:
        for at, stored in zip(range(0, len(leaves), TILE_WIDTH), tiles, strict=False):
            tile = leaves[at : at + TILE_WIDTH]
            begin = start + at
            first, end = (bisect_right(self.sizes, size) for size in (begin, begin + len(tile)))
            within = self.sizes[first:end]
            self.roots |= self.tree.take(tile, stored, within)


def _hash_or(computed: bytes, stored: bytes | None) -> Hash:
    return Hash(stored if stored is not None and len(stored) == HASH_SIZE else computed)
