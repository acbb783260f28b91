"""Making proof files: how a subject stood under the newest published checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import STATE, parse_event
from ledger.formats.fields import Field
from ledger.formats.hashing import Hash, subject_key
from ledger.formats.multiproof import brothers_before
from ledger.formats.proof_file import Form, ProofFile, ProvenEvent
from ledger.formats.proofs import inclusion_spans
from ledger.formats.slots import close_slots
from ledger.formats.state_map import MapProof
from ledger.formats.tlog_proof import TlogProof
from ledger.formats.tree import Span, split_hashes
from ledger.keeping.reading import (
    EventRow,
    OpeningRow,
    history_below,
    newest_published_note,
    subjects_named,
)
from ledger.keeping.state_map import proof_of
from ledger.keeping.store import ledger_entry, ledger_opening
from ledger.keeping.tiles import TileCache
from ledger.keeping.together import Ask, Conversation, Statement, together

History = Sequence[tuple[EventRow, Sequence[OpeningRow]]]

_e, _o = ledger_entry.c, ledger_opening.c
_READ_STATE = Statement(sa.select(_e.kind, _e.entry).where(_e.idx == sa.bindparam("at")), "at")
_READ_LAST_EVENT = Statement(
    sa.select(_e.idx, _e.number, _e.entry, _e.leaf, _e.digests)
    .where(_e.subject == sa.bindparam("name"), _e.idx < sa.bindparam("size"))
    .order_by(_e.number.desc())
    .limit(sa.literal_column("1"))
    .offset(sa.literal_column("0")),
    "name",
    "size",
)
_READ_OPENINGS_AT = Statement(
    sa.select(_o.is_public, _o.slot, _o.name, _o.salt, _o.value)
    .join_from(ledger_entry, ledger_opening)
    .where(_e.idx == sa.bindparam("at"), _o.erased_at.is_(None))
    .order_by(_o.slot),
    "at",
)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the database holds of a subject under a checkpoint over `size` entries."""

    size: int
    note: str
    state: bytes
    salt: bytes
    key: Hash
    map_proof: MapProof
    history: History


async def prove_subject(
    connection: AsyncConnection,
    tiles: TileCache,
    name: str,
    *,
    form: Form = Form.FULL,
    salt: bytes | None = None,
    include_private: bool = False,
) -> str | None:
    """The proof file of a subject, `full` or `short`, under the newest published checkpoint.

    With a `salt` that is not the subject's, or for a name that the log does not know, the file
    proves that the log has nothing under this name and salt. None where there is nothing to
    prove yet: no checkpoint, no event of the subject under it, or an unknown name and no salt.
    Private facts are opened only when asked for.
    """
    found = await together(connection, _find(name, salt, form))
    if found is None:
        return None
    openings = [
        tuple(each.field for each in opened if each.is_public or include_private)
        for _, opened in found.history
    ]
    indexes = [event.index for event, _ in found.history]
    of_state = inclusion_spans(found.size - 1, found.size)
    of_events = [
        Span(place << height, (place + 1) << height)
        for height, place in brothers_before(found.size - 1, indexes)
    ]
    hashes = await tiles.hash_spans(connection, [*of_state, *of_events], found.size)
    return ProofFile(
        form=form if found.history else Form.ABSENT,
        count=found.history[-1][0].number + 1 if found.history else 0,
        key=found.key,
        salt=found.salt,
        subject=name,
        state=found.state,
        map_proof=found.map_proof,
        tree=tuple(hashes[len(of_state) :]),
        events=tuple(
            _proven(event, fields, form)
            for (event, _), fields in zip(found.history, openings, strict=True)
        ),
        tlog_proof=TlogProof(found.size - 1, tuple(hashes[: len(of_state)]), found.note),
    ).text()


def _find(name: str, salt: bytes | None, form: Form) -> Conversation[_Found | None]:
    published = yield from newest_published_note()
    known = (yield from subjects_named([name])).get(name)
    asked = known.salt if known and salt is None else salt
    if published is None or asked is None:
        return None
    size, note = published
    history: History = []
    if known and known.salt == asked:
        is_full = form is Form.FULL
        history = yield from history_below(name, size) if is_full else _last_event(name, size)
        if not history:
            return None
    ((kind, state),) = yield Ask(_READ_STATE, [(size - 1,)])
    assert kind == STATE, (size, kind)
    key = subject_key(asked, name.encode())
    map_proof = yield from proof_of(key)
    return _Found(size, note, state, asked, key, map_proof, history)


def _last_event(name: str, size: int) -> Conversation[History]:
    rows = yield Ask(_READ_LAST_EVENT, [(name, size)])
    events = [EventRow(*row) for row in rows]
    history = []
    for event in events:
        openings = yield Ask(_READ_OPENINGS_AT, [(event.index,)])
        opened = [OpeningRow(Field(*field), bool(is_public)) for is_public, *field in openings]
        history.append((event, opened))
    return history


def _proven(row: EventRow, opened: tuple[Field, ...], form: Form) -> ProvenEvent:
    event = parse_event(row.entry)
    return ProvenEvent(
        event.number,
        row.index,
        event.commitment,
        event.previous if form is Form.SHORT else None,
        opened,
        close_slots(split_hashes(row.digests), [field.slot for field in opened]),
    )
