"""The tables of the state map, and how they are read."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import sqlalchemy as sa

from ledger.formats.hashing import HASH_SIZE, Hash
from ledger.formats.state_map import MapLeaf
from ledger.keeping.map_pages import DIVIDED_SIZE, Bounds, Page
from ledger.keeping.store import metadata
from ledger.keeping.together import Ask, Conversation, Row, Statement

# Where every subject stood at the newest published checkpoint. SQLite keeps the rows in the
# order of their keys, so that those of one place are read at once.
ledger_state = sa.Table(
    "ledger_state",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("last_idx", sa.BigInteger, nullable=False),
    sa.Column("head_leaf", sa.LargeBinary, nullable=False),
    sa.CheckConstraint(f"length(key) = {HASH_SIZE}", "key"),
    sa.CheckConstraint("count > 0", "count"),
    sa.CheckConstraint("last_idx >= 0", "last_idx"),
    sa.CheckConstraint(f"length(head_leaf) = {HASH_SIZE}", "head_leaf"),
    sqlite_with_rowid=False,
)

# The hashes above many of them (see `map_pages`). A place has one byte for each digit.
ledger_state_page = sa.Table(
    "ledger_state_page",
    metadata,
    sa.Column("place", sa.LargeBinary, primary_key=True),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    sa.Column("divided", sa.LargeBinary, nullable=False),
    sa.CheckConstraint(f"length(hashes) % {2 * HASH_SIZE} = 0", "hashes"),
    sa.CheckConstraint(f"length(divided) = {DIVIDED_SIZE}", "divided"),
)

_READ_ROWS = Statement(
    sa.select(ledger_state)
    .where(ledger_state.c.key.between(sa.bindparam("low"), sa.bindparam("high")))
    .order_by(ledger_state.c.key),
    "low",
    "high",
)
_READ_PAGE = Statement(
    sa.select(ledger_state_page).where(ledger_state_page.c.place == sa.bindparam("at")), "at"
)


def rows_within(bounds: Iterable[Bounds]) -> Conversation[Sequence[Row]]:
    """Key, count, last index and head of all that stand there, in the order of the bounds."""
    return (yield Ask(_READ_ROWS, list(bounds)))


def pages_at(places: Iterable[bytes]) -> Conversation[dict[bytes, Page]]:
    """Those pages there are at these places."""
    rows = yield Ask(_READ_PAGE, [(place,) for place in places])
    return {place: Page(place, hashes, int.from_bytes(divided)) for place, hashes, divided in rows}


def leaves_of(rows: Iterable[Row]) -> list[MapLeaf]:
    """What `map_leaf_hash` and `Standing.digest` say of rows, many at a time."""
    return [
        (key, Hash(sha256(key + sha256(b"\x07" + count + last + head).digest()).digest()))
        for key, count, last, head in (
            (key, count.to_bytes(8), last.to_bytes(8), head) for key, count, last, head in rows
        )
    ]
