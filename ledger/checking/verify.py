"""What a stranger runs: a proof file and the log's public key go in, what is proven comes out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType

from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.entry import AT, KIND, SUBJECT, Event, check_opening, parse_event
from ledger.formats.hashing import NO_HASH, Hash, leaf_hash, subject_key
from ledger.formats.note import SignatureFailed, open_note, parse_vkey
from ledger.formats.proof_file import MalformedProof, ProofFile, ProvenEvent, parse_proof_file
from ledger.formats.proofs import ProofFailed, check_inclusion
from ledger.formats.spelling import Malformed, parse_instant


@dataclass(frozen=True, slots=True)
class VerifiedEvent:
    """An event, and the facts the file opens beside its kind, instant and subject."""

    index: int
    number: int
    kind: str
    at: datetime
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verified:
    """What the log with this origin has signed: these events, from the subject's first on.

    Later events of the subject may have been left out of the file.
    """

    origin: str
    tree_size: int
    root: Hash
    subject: str
    events: tuple[VerifiedEvent, ...]


def verify(text: str, vkey: str) -> Verified:
    """Check everything a proof file says, with nothing but the key the log signs with.

    Gives one complete result or raises: `MalformedProof` for what is no proof file (or no
    key), with a sentence for a person; `ProofFailed` for one that does not prove what it says.
    """
    try:
        return _verify(text, vkey)
    except Malformed as malformed:
        raise MalformedProof(*malformed.args) from None


def _verify(text: str, vkey: str) -> Verified:
    file = parse_proof_file(text)
    checkpoint = _open_checkpoint(file.checkpoint, vkey)
    key = subject_key(file.salt, file.subject.encode())
    events = [parse_event(proven.entry) for proven in file.events]
    for proven in file.events:
        _check_included(proven, checkpoint)
    _check_chain(file, events, key)
    return Verified(
        checkpoint.origin,
        checkpoint.tree_size,
        checkpoint.root,
        file.subject,
        tuple(_verified_events(file, events)),
    )


def _open_checkpoint(note: str, vkey: str) -> Checkpoint:
    key = parse_vkey(vkey)
    try:
        checkpoint = parse_checkpoint(open_note(note, [key]))
    except SignatureFailed:
        raise ProofFailed("The signature is not by this key.") from None
    if checkpoint.origin != key.name:
        raise ProofFailed("The checkpoint is not of the log this key signs for.")
    return checkpoint


def _check_included(proven: ProvenEvent, checkpoint: Checkpoint) -> None:
    check_inclusion(
        proven.path,
        tree_size=checkpoint.tree_size,
        root=checkpoint.root,
        index=proven.index,
        leaf=leaf_hash(proven.entry),
    )


def _check_chain(file: ProofFile, events: list[Event], key: Hash) -> None:
    """Each event is of this subject, carries the next number, and names the one before."""
    leaves = [NO_HASH, *(leaf_hash(proven.entry) for proven in file.events)]
    expected = [(key, number, leaves[number]) for number in range(len(events))]
    if [(event.key, event.number, event.previous) for event in events] != expected:
        raise ProofFailed("The events do not follow one another.")
    if any(one.index >= next_one.index for one, next_one in pairwise(file.events)):
        raise ProofFailed("The events do not follow one another.")


def _verified_events(file: ProofFile, events: list[Event]) -> Iterator[VerifiedEvent]:
    earliest = None
    for proven, event in zip(file.events, events, strict=True):
        facts = _open_facts(proven, event.commitment)
        kind, at = facts.pop(KIND), parse_instant(facts.pop(AT))
        if facts.pop(SUBJECT) != file.subject:
            raise ProofFailed("The event is of another subject.")
        if earliest is not None and at < earliest:
            raise ProofFailed("The events do not follow one another.")
        earliest = at
        yield VerifiedEvent(proven.index, event.number, kind, at, MappingProxyType(facts))


def _open_facts(proven: ProvenEvent, commitment: Hash) -> dict[str, str]:
    for opening in proven.openings:
        check_opening(opening, commitment)
    facts = {opening.field.name: opening.field.value for opening in proven.openings}
    slots = [opening.field.slot for opening in proven.openings]
    if slots != sorted(set(slots)) or len(facts) != len(slots):
        raise MalformedProof("A field is opened once, and in the order of slots.")
    if not {KIND, AT, SUBJECT} <= facts.keys():
        raise MalformedProof("Of every event its kind, its instant and its subject are opened.")
    return facts
