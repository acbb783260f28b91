"""Giving entries their places: index, chain, tree, tiles and head, written all together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import sqlalchemy as sa

from ledger.formats.fields import SaltedFields
from ledger.formats.hashing import Hash, chain_hash
from ledger.formats.tree import TILE_HEIGHT, TILE_WIDTH, Tile, extend
from ledger.keeping.reading import Head
from ledger.keeping.store import ledger_entry, ledger_head, ledger_opening, ledger_tile
from ledger.keeping.together import Ask, Conversation, Row, Statement

_INSERT_ENTRY = Statement(
    ledger_entry.insert(),
    "id",
    "idx",
    "kind",
    "subject",
    "number",
    "entry",
    "leaf",
    "chain",
    "digests",
)
_INSERT_OPENING = Statement(
    ledger_opening.insert(), "entry_id", "slot", "name", "salt", "value", "is_public"
)
_INSERT_TILE = Statement(ledger_tile.insert(), "level", "n", "hashes")
# SQLite's || makes text of bytes, unharmed; the cast makes bytes of it again.
_GROW_TILE = Statement(
    ledger_tile.update()
    .where(
        ledger_tile.c.level == sa.bindparam("at_level"), ledger_tile.c.n == sa.bindparam("number")
    )
    .values(hashes=sa.cast(ledger_tile.c.hashes.op("||")(sa.bindparam("more")), sa.LargeBinary)),
    "more",
    "at_level",
    "number",
)
_HEAD = ("size", "edge", "chain", "last_at")
_INSERT_HEAD = Statement(ledger_head.insert(), "id", *_HEAD)
_UPDATE_HEAD = Statement(ledger_head.update(), *_HEAD)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An entry whose index is still open, with its leaf hash and, of an event, what is its own."""

    kind: str
    entry: bytes
    leaf: Hash
    subject: str | None = None
    number: int | None = None
    fields: SaltedFields | None = None


def place(head: Head, entries: Sequence[Unplaced], last_at: int) -> Conversation[None]:
    """Write entries where the log ends; `last_at` is the instant of the last of them.

    Their ids are their indexes, as on SQLite.
    """
    leaves = [new.leaf for new in entries]
    chains = chained(head.chain, leaves)
    rows, openings = list[Row](), list[Row]()
    for index, (new, chain) in enumerate(zip(entries, chains, strict=True), head.size):
        digests = None if new.fields is None else b"".join(new.fields.digests)
        rows.append(
            (index, index, new.kind, new.subject, new.number, new.entry, new.leaf, chain, digests)
        )
        if new.fields is not None:
            openings += ((index, *opening) for opening in opening_rows(new.fields))
    yield Ask(_INSERT_ENTRY, rows)
    yield Ask(_INSERT_OPENING, openings)
    yield from grow(head, leaves, chains[-1], last_at)


def grow(head: Head, leaves: Sequence[Hash], chain: Hash, last_at: int) -> Conversation[None]:
    """Bring the tree and the head up to entries that have got these leaves and this chain."""
    edge, kept = extend(head.edge, head.size, leaves)
    begun = [(*tile, hashes) for tile, hashes in kept if _begins(tile, head.size)]
    yield Ask(_INSERT_TILE, begun)
    yield Ask(_GROW_TILE, [(more, *tile) for tile, more in kept if not _begins(tile, head.size)])
    end = (head.size + len(leaves), b"".join(edge), chain, last_at)
    yield Ask(_UPDATE_HEAD, [end]) if head.size else Ask(_INSERT_HEAD, [(1, *end)])


def chained(before: Hash, leaves: Sequence[Hash]) -> list[Hash]:
    """The chain at each of these leaves, from that before the first of them."""
    return list(accumulate(leaves, chain_hash, initial=before))[1:]


def opening_rows(fields: SaltedFields) -> Iterator[Row]:
    """Slot, name, salt, value, and whether it is public."""
    for field in fields.public:
        yield *field, True
    for field in fields.private:
        yield *field, False


def _begins(tile: Tile, size: int) -> bool:
    """Whether a tree of this size has no hash in this tile yet."""
    return tile.number * TILE_WIDTH >= size >> tile.level * TILE_HEIGHT
