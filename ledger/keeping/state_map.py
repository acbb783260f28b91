"""The state map in the database: always that of the newest published checkpoint.

What changes it is planned first, when the log is closed by a state, and written when the
checkpoint over that state is published. Each function is one visit to the database (see
`together`), whose cost depends on how much changes and hardly on how large the map is.

Rows and pages are believed as they are stored: what is planned upon them is checked against the
published root before it is signed, and a proof by whoever it is given to.
"""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.hashing import Hash, standing_hash
from ledger.formats.state_map import MapProof, MapStep, Standing, prove_among
from ledger.keeping.map_pages import DIVIDED_SIZE, TOP, Page, bounds_of
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
    steps: list[MapStep] = []
    place, slot, height = TOP, 0, 0
    while page := (yield from pages_at([place])).get(place):
        found, slot = page.steps_to(key)
        steps = found + steps
        if not page.is_divided(slot):
            height = page.height
            break
        place, slot = page.place_of(slot), 0
    rows = yield from rows_within([bounds_of(place, slot, height)])
    if not rows:
        return MapProof()
    found, at = prove_among(leaves_of(rows), key)
    other, *standing = rows[at]
    holds_key = other == key
    return MapProof((*found, *steps), None if holds_key else (other, standing_hash(*standing)))


def _proofs_of(keys: Iterable[Hash]) -> Conversation[dict[Hash, MapProof]]:
    proofs = {}
    for key in keys:
        proofs[key] = yield from proof_of(key)
    return proofs


def _apply(update: MapUpdate) -> Conversation[None]:
    before = yield from map_root()
    assert before == update.before, "The map is not the one that the update was planned for."
    yield Ask(_INSERT_ROW, update.new_rows)
    yield Ask(_UPDATE_ROW, [(*row[1:], row[0]) for row in update.changed_rows])
    yield Ask(_INSERT_PAGE, [(page.place, *_stored(page)) for page in update.new_pages])
    yield Ask(_UPDATE_PAGE, [(*_stored(page), page.place) for page in update.changed_pages])


def _stored(page: Page) -> Row:
    return page.hashes, page.divided.to_bytes(DIVIDED_SIZE)
