"""Appending to a tree in memory, beside the hashing alone, and beside pymerkle."""

from collections import defaultdict
from collections.abc import Sequence
from gc import collect
from hashlib import sha256
from secrets import token_bytes
from statistics import median
from time import perf_counter

from pymerkle import InmemoryTree

from bench.ledger.rows import Row, Setting, a_second
from ledger.formats.hashing import Hash, leaf_hashes
from ledger.formats.tree import Tile, extend, fold

ENTRIES = 1_000_000
BATCH = 1_000
ENTRY_SIZE = 300
RAW_MAX = 1.3
PYMERKLE_MIN = 8


async def measure(setting: Setting) -> list[Row]:
    entries = _noise()
    ours, raw, theirs = list[float](), list[float](), list[float]()
    for number in range(setting.rounds):
        setting.tell("appending in memory", number / setting.rounds)
        raw.append(_hash_alone(entries))
        seconds, root = _append(entries)
        ours.append(seconds)
        seconds, their_root = _append_with_pymerkle(entries)
        theirs.append(seconds)
        assert root == their_root
        # Their tree goes round in circles: it would be taken down in the middle of our next round.
        collect()
    rate = ENTRIES / median(ours)
    to_raw, to_theirs = median(ours) / median(raw), median(theirs) / median(ours)
    work = "append in memory, 1,000 at a time, 10⁶"
    return [
        Row(
            work,
            f"≤ {RAW_MAX} × the time of hashing alone",
            a_second(rate),
            f"{a_second(ENTRIES / median(raw))} hashlib alone",
            f"{to_raw:.2f} ×",
            to_raw <= RAW_MAX,
        ),
        Row(
            work,
            f"≥ {PYMERKLE_MIN} × as fast as pymerkle",
            a_second(rate),
            f"{a_second(ENTRIES / median(theirs))} pymerkle 7",
            f"{to_theirs:.1f} ×",
            to_theirs >= PYMERKLE_MIN,
        ),
    ]


def _noise() -> list[bytes]:
    return [token_bytes(ENTRY_SIZE) for _ in range(ENTRIES)]


def _hash_alone(entries: Sequence[bytes]) -> float:
    """The same hashes over the same bytes, but for those joined anew from two others."""
    leaves = [b"\x00" + entry for entry in entries]
    nodes = [b"\x01" + entry[:64] for entry in entries[: len(entries) - len(entries).bit_count()]]
    begun = perf_counter()
    for message in leaves:
        sha256(message).digest()
    for message in nodes:
        sha256(message).digest()
    return perf_counter() - begun


def _append(entries: Sequence[bytes]) -> tuple[float, Hash]:
    begun = perf_counter()
    edge, tiles = list[Hash](), defaultdict[Tile, list[bytes]](list)
    for size in range(0, len(entries), BATCH):
        edge, kept = extend(edge, size, leaf_hashes(entries[size : size + BATCH]))
        for tile, hashes in kept:
            tiles[tile].append(hashes)
    return perf_counter() - begun, fold(edge)


def _append_with_pymerkle(entries: Sequence[bytes]) -> tuple[float, bytes]:
    begun = perf_counter()
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)
    root: bytes = tree.get_state()
    return perf_counter() - begun, root
