"""Bundles of entries (c2sp.org/tlog-tiles): each entry behind two bytes that say how long it is."""

from collections.abc import Sequence

from ledger.formats.spelling import Malformed
from ledger.formats.tree import TILE_WIDTH

ENTRY_SIZE_LIMIT = 2**16

_LENGTH_SIZE = 2


class MalformedBundle(Malformed):
    """Not a bundle of entries."""


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """One to 256 entries, each shorter than 2**16 bytes, in the order of the log."""
    assert 0 < len(entries) <= TILE_WIDTH, len(entries)
    return b"".join(len(entry).to_bytes(_LENGTH_SIZE) + entry for entry in entries)


def parse_bundle(bundle: bytes) -> list[bytes]:
    """The only way in: entries that parse make up the very same bundle."""
    entries = []
    start = 0
    while start < len(bundle):
        begin = start + _LENGTH_SIZE
        start = begin + int.from_bytes(bundle[start:begin])
        entries.append(bundle[begin:start])
        if start > len(bundle):
            raise MalformedBundle("A bundle ends with its last entry.")
    if not 0 < len(entries) <= TILE_WIDTH:
        raise MalformedBundle(f"A bundle has 1 to {TILE_WIDTH} entries.")
    return entries
