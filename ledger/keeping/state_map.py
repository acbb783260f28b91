"""The state map in the database: always that of the newest published checkpoint.

What changes it is planned first, when the log is closed by a state, and written when the
checkpoint over that state is published. Each function is one visit to the database (see
`together`), whose cost depends on how much changes and hardly on how large the map is.

Rows and pages are believed as they are stored: what is planned upon them is checked against the
published root before it is signed, and a proof by whoever it is given to.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.hashing import Hash, standing_hash
from ledger.formats.state_map import MapProof, MapStep, Standing, prove_among
from ledger.keeping.map_pages import DIVIDED_SIZE, TOP, Bounds, Page, bounds_of
from ledger.keeping.map_planning import MapUpdate, map_root, plan
from ledger.keeping.map_rows import (
    leaves_of,
    ledger_state,
    ledger_state_page,
    pages_at,
    rows_within,
)
from ledger.keeping.together import Ask, Conversation, Row, Statement, together

__all__ = [
    "MapUpdate",
    "apply",
    "ledger_state",
    "ledger_state_page",
    "plan_update",
    "proof_of",
    "prove",
    "prove_each",
    "read_root",
]

_INSERT_ROW = Statement(ledger_state.insert(), "key", "count", "last_idx", "head_leaf")
_UPDATE_ROW = Statement(
    ledger_state.update().where(ledger_state.c.key == sa.bindparam("of")),
    "count",
    "last_idx",
    "head_leaf",
    "of",
)
_INSERT_PAGE = Statement(ledger_state_page.insert(), "place", "hashes", "divided")
_UPDATE_PAGE = Statement(
    ledger_state_page.update().where(ledger_state_page.c.place == sa.bindparam("at")),
    "hashes",
    "divided",
    "at",
)


async def plan_update(connection: AsyncConnection, changed: Mapping[Hash, Standing]) -> MapUpdate:
    """How the map gets to where these subjects stand now. Nothing is written."""
    return await together(connection, plan(changed))


async def apply(connection: AsyncConnection, update: MapUpdate) -> None:
    """Write an update. The map must be as it was when that was planned."""
    await together(connection, _apply(update))


async def prove(connection: AsyncConnection, key: Hash) -> MapProof:
    """That the map holds a key, or that it does not."""
    return await together(connection, proof_of(key))


async def prove_each(connection: AsyncConnection, keys: Iterable[Hash]) -> dict[Hash, MapProof]:
    return await together(connection, _proofs_of(keys))


async def read_root(connection: AsyncConnection) -> Hash:
    return await together(connection, map_root())


def proof_of(key: Hash) -> Conversation[MapProof]:
    """As `prove`, to be part of a longer conversation."""
    return (yield from _proofs_of([key]))[key]


@dataclass(slots=True)
class _Way:
    """How far down a key was sought: the steps from there up, and where its row must stand."""

    key: Hash
    steps: list[MapStep] = field(default_factory=list)
    place: bytes = TOP
    slot: int = 0
    height: int = 0

    def follow(self, page: Page | None) -> bool:
        """Seek on in the page of the place; whether there is a page below."""
        if page is None:
            return False
        found, self.slot = page.steps_to(self.key)
        self.steps = found + self.steps
        if not page.is_divided(self.slot):
            self.height = page.height
            return False
        self.place, self.slot = page.place_of(self.slot), 0
        return True

    @property
    def bounds(self) -> Bounds:
        return bounds_of(self.place, self.slot, self.height)

    def proof(self, rows: Sequence[Row]) -> MapProof:
        """From all rows within the bounds."""
        if not rows:
            return MapProof()
        found, at = prove_among(leaves_of(rows), self.key)
        other, *standing = rows[at]
        holds_key = other == self.key
        beside = None if holds_key else (other, standing_hash(*standing))
        return MapProof((*found, *self.steps), beside)


def _proofs_of(keys: Iterable[Hash]) -> Conversation[dict[Hash, MapProof]]:
    """All keys go down the map side by side: a server is asked once for each page on the way."""
    ways = [_Way(key) for key in keys]
    going = ways
    while going:
        pages = yield from pages_at({way.place for way in going})
        going = [way for way in going if way.follow(pages.get(way.place))]
    rows = yield from rows_within(sorted({way.bounds for way in ways}))
    # No two bounds overlap, so that these are in the order of the keys, too.
    order = [row[0] for row in rows]
    return {
        way.key: way.proof(rows[bisect_left(order, low) : bisect_right(order, high)])
        for way in ways
        for low, high in [way.bounds]
    }


def _apply(update: MapUpdate) -> Conversation[None]:
    before = yield from map_root()
    assert before == update.before, "The map is not the one that the update was planned for."
    yield Ask(_INSERT_ROW, update.new_rows)
    yield Ask(_UPDATE_ROW, [(*row[1:], row[0]) for row in update.changed_rows])
    yield Ask(_INSERT_PAGE, [(page.place, *_stored(page)) for page in update.new_pages])
    yield Ask(_UPDATE_PAGE, [(*_stored(page), page.place) for page in update.changed_pages])


def _stored(page: Page) -> Row:
    return page.hashes, page.divided.to_bytes(DIVIDED_SIZE)
