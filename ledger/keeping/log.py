"""The log as services use it: append, sign, prove, each inside its caller's transaction."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.entry import AT, KIND, SUBJECT, Event, commitment_of, open_field, salt_fields
from ledger.formats.hashing import (
    EMPTY_TREE_HASH,
    NO_HASH,
    SALT_SIZE,
    Hash,
    chain_hash,
    leaf_hash,
    subject_key,
)
from ledger.formats.note import PublicKey, SignatureFailed, open_note, parse_note
from ledger.formats.proof_file import ProofFile, ProvenEvent, is_subject
from ledger.formats.proofs import (
    consistency_spans,
    inclusion_spans,
    prove_consistency,
    prove_inclusion,
)
from ledger.formats.spelling import Malformed, format_instant, parse_instant
from ledger.formats.tree import TILE_HEIGHT, TILE_WIDTH, grow, tiles_of
from ledger.keeping import store
from ledger.signing.key_file import Signer
from ledger.signing.read_back import LogDamagedError, read_back


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an event went. Both its index in the log and its number on its subject count
    from 0 and leave no gap.
    """

    index: int
    subject: str
    number: int
    leaf: Hash


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event with all that can be opened of it beyond its kind, instant and subject."""

    index: int
    number: int
    leaf: Hash
    kind: str
    at: datetime
    public: Mapping[str, str]
    private: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Log:
    """One log per database. `origin` names it for ever: a URL without scheme, as C2SP advises."""

    origin: str

    async def append(
        self,
        connection: AsyncConnection,
        *,
        subject: str,
        kind: str,
        at: datetime,
        public: Mapping[str, str],
        private: Mapping[str, str],
    ) -> Recorded:
        """Record an event on a subject, with at most 15 facts in all.

        Three of the public ones are always `kind`, `at` (RFC 3339, UTC, microseconds) and
        `subject`. `at` must not be older than the event before it in the log. The transaction
        must hold the right to write already: on SQLite it began IMMEDIATE.
        """
        assert is_subject(subject), subject
        head = await store.read_head(connection, locked=True)
        assert store.microseconds(at) >= head.last_at, (at, head.last_at)
        known = await store.read_subject(connection, subject)
        before = known or store.Subject(subject, secrets.token_bytes(SALT_SIZE), 0, NO_HASH)
        always = {KIND: kind, AT: format_instant(at), SUBJECT: subject}
        fields = salt_fields(_joined(always, public), private)
        entry = Event(
            commitment=commitment_of(fields.digests),
            key=subject_key(before.salt, subject.encode()),
            number=before.next_number,
            previous=before.head_leaf,
        ).encode()
        leaf = leaf_hash(entry)
        chain = chain_hash(head.chain, leaf)
        after = store.Subject(subject, before.salt, before.next_number + 1, leaf)
        await store.write_subject(connection, after)
        row = store.EventRow(
            head.size, subject, before.next_number, entry, leaf, chain, fields.digests
        )
        await store.insert_event(connection, row, fields)
        edge = await _keep_hashes(connection, head, leaf)
        moved_on = store.Head(head.size + 1, edge, chain, store.microseconds(at))
        await store.write_head(connection, moved_on)
        return Recorded(head.size, subject, before.next_number, leaf)

    async def position(self, connection: AsyncConnection) -> int:
        """How many events there are: the index the next one will have."""
        return (await store.read_head(connection)).size

    async def has_grown(self, connection: AsyncConnection) -> bool:
        """Whether there are events no checkpoint covers yet. Needs no lock to be asked."""
        signed = await store.signed_size(connection)
        return (await store.read_head(connection)).size > signed

    async def sign_checkpoint(
        self, connection: AsyncConnection, signer: Signer, at: datetime
    ) -> str | None:
        """Sign and keep what was appended since the last checkpoint; None when nothing was.

        Everything since then is read back and hashed anew first. Raises `LogDamagedError`
        and signs nothing when what is stored does not continue what was signed.
        """
        assert signer.name == self.origin, (signer.name, self.origin)
        head = await store.read_head(connection, locked=True)
        assert store.microseconds(at) >= head.last_at, (at, head.last_at)
        last = await self._last_signed(connection, signer.public_key)
        if head.size == last.tree_size:
            return None
        checkpoint = await read_back(connection, last, head)
        note = signer.sign(checkpoint.text())
        await store.insert_checkpoint(
            connection, checkpoint.tree_size, note, store.microseconds(at)
        )
        return note

    async def latest_checkpoint(self, connection: AsyncConnection) -> str | None:
        """The signed note of the largest tree that was signed."""
        return await store.latest_checkpoint(connection)

    async def prove_subject(
        self, connection: AsyncConnection, subject: str, *, include_private: bool = False
    ) -> str | None:
        """The proof file of all events of a subject that the latest checkpoint covers.

        None when there is no such event. Private facts are opened only when asked for.
        """
        note = await store.latest_checkpoint(connection)
        known = await store.read_subject(connection, subject)
        if note is None or known is None:
            return None
        size = parse_checkpoint(parse_note(note).text).tree_size
        events = await store.events_of_subject(connection, subject, size)
        if not events:
            return None
        openings = await store.openings_of_subject(connection, subject)
        spans = [span for event in events for span in inclusion_spans(event.index, size)]
        read_tile = await store.read_tiles(connection, tiles_of(spans))
        proven = [
            ProvenEvent(
                event.index,
                event.entry,
                tuple(prove_inclusion(event.index, size, read_tile)),
                tuple(
                    open_field(opening.field, event.digests)
                    for opening in openings[event.index]
                    if opening.is_public or include_private
                ),
            )
            for event in events
        ]
        return ProofFile(subject, known.salt, tuple(proven), note).text()

    async def prove_consistency(
        self, connection: AsyncConnection, old_size: int, new_size: int
    ) -> list[Hash]:
        """That the tree of `new_size` begins with that of `old_size`; neither beyond `position`."""
        spans = consistency_spans(old_size, new_size)
        read_tile = await store.read_tiles(connection, tiles_of(spans))
        return prove_consistency(old_size, new_size, read_tile)

    async def prove_inclusion(
        self, connection: AsyncConnection, index: int, size: int
    ) -> list[Hash]:
        """That event `index` is in the tree of `size`, which is not beyond `position`."""
        read_tile = await store.read_tiles(connection, tiles_of(inclusion_spans(index, size)))
        return prove_inclusion(index, size, read_tile)

    async def events_of(self, connection: AsyncConnection, subject: str) -> list[RecordedEvent]:
        """All events of a subject in their order, also those no checkpoint covers yet."""
        size = await self.position(connection)
        openings = await store.openings_of_subject(connection, subject)
        return [
            _opened(event, openings[event.index])
            for event in await store.events_of_subject(connection, subject, size)
        ]

    async def _last_signed(self, connection: AsyncConnection, key: PublicKey) -> Checkpoint:
        note = await store.latest_checkpoint(connection)
        if note is None:
            return Checkpoint(self.origin, 0, EMPTY_TREE_HASH)
        try:
            return parse_checkpoint(open_note(note, [key]))
        except (Malformed, SignatureFailed):
            raise LogDamagedError("The last checkpoint was not signed by this key.") from None


async def _keep_hashes(
    connection: AsyncConnection, head: store.Head, leaf: Hash
) -> tuple[Hash, ...]:
    edge, kept = grow(head.edge, head.size, leaf)
    for tile, each in kept:
        place = (head.size >> tile.level * TILE_HEIGHT) % TILE_WIDTH
        await store.keep_hash(connection, tile, each, first=place == 0)
    return tuple(edge)


def _joined(always: Mapping[str, str], public: Mapping[str, str]) -> dict[str, str]:
    assert not always.keys() & public.keys(), public.keys()
    return {**always, **public}


def _opened(event: store.EventRow, openings: Sequence[store.OpeningRow]) -> RecordedEvent:
    public = dict(_facts(openings, is_public=True))
    kind, at, _ = public.pop(KIND), public.pop(AT), public.pop(SUBJECT)
    private = dict(_facts(openings, is_public=False))
    return RecordedEvent(
        event.index,
        event.number,
        event.leaf,
        kind,
        parse_instant(at),
        MappingProxyType(public),
        MappingProxyType(private),
    )


def _facts(openings: Sequence[store.OpeningRow], *, is_public: bool) -> Iterator[tuple[str, str]]:
    return (
        (opening.field.name, opening.field.value)
        for opening in openings
        if opening.is_public is is_public
    )
