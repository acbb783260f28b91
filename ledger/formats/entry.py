"""The bytes of an event as the public sees them, and the salted fields they commit to."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.formats.hashing import HASH_SIZE, SALT_SIZE, Hash, field_hash, leaf_hash, node_hash
from ledger.formats.proofs import check_inclusion
from ledger.formats.spelling import Malformed, format_bytes, parse_hash

NUMBER_LIMIT = 2**53
SLOTS = 16

# One slot is always padding, so that the public fields from the front and the private ones from
# the back never touch, and which is which stands in the commitment.
FIELDS_MAX = SLOTS - 1

# The facts that every event has, in the first slots, always public.
KIND = "kind"
AT = "at"
SUBJECT = "subject"

FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")

_HASH = rb"([A-Za-z0-9+/]{43}=)"
_EVENT = re.compile(
    rb'\{"c":"%b","k":"%b","n":(0|[1-9][0-9]{0,15}),"p":"%b","t":"event","v":1\}'
    % (_HASH, _HASH, _HASH)
)


class MalformedEntry(Malformed):
    """Not an entry in its canonical form."""


@dataclass(frozen=True, slots=True)
class Event:
    """Event `number` of the subject behind `key`; `previous` is the leaf of the one before."""

    commitment: Hash
    key: Hash
    number: int
    previous: Hash

    def encode(self) -> bytes:
        """JSON with sorted keys and no spaces; hashes in standard base64; about 200 bytes."""
        assert 0 <= self.number < NUMBER_LIMIT, self.number
        commitment, key, previous = map(format_bytes, (self.commitment, self.key, self.previous))
        return (
            f'{{"c":"{commitment}","k":"{key}","n":{self.number},"p":"{previous}",'
            '"t":"event","v":1}'
        ).encode()


def parse_event(entry: bytes) -> Event:
    """The only way in: an entry that parses encodes back to the very same bytes."""
    match = _EVENT.fullmatch(entry)
    if match is None:
        raise MalformedEntry("This is not an event entry.")
    commitment, key, number, previous = (group.decode() for group in match.groups())
    event = Event(parse_hash(commitment), parse_hash(key), int(number), parse_hash(previous))
    if event.number >= NUMBER_LIMIT or event.encode() != entry:
        raise MalformedEntry("This is not how the event is spelt.")
    return event


@dataclass(frozen=True, slots=True)
class Field:
    """A fact of an event that can be opened: shown, with the salt that proves it."""

    slot: int
    name: str
    salt: bytes
    value: str

    def digest(self) -> Hash:
        return field_hash(self.salt, self.name.encode(), self.value.encode())


@dataclass(frozen=True, slots=True)
class Opening:
    """A field with the way from its slot up to the commitment."""

    field: Field
    path: tuple[Hash, ...]


@dataclass(frozen=True, slots=True)
class SaltedFields:
    """What an event commits to: its fields, and the digests of all sixteen slots."""

    public: tuple[Field, ...]
    private: tuple[Field, ...]
    digests: tuple[Hash, ...]


def salt_fields(public: Mapping[str, str], private: Mapping[str, str]) -> SaltedFields:
    """Public facts from the first slot up, private ones up to the last, random digests between."""
    names = [*public, *private]
    assert len(set(names)) == len(names) <= FIELDS_MAX, names
    assert all(FIELD_NAME.fullmatch(name) for name in names), names
    shown = tuple(_salted(slot, *fact) for slot, fact in enumerate(public.items()))
    first_hidden = SLOTS - len(private)
    hidden = tuple(_salted(slot, *fact) for slot, fact in enumerate(private.items(), first_hidden))
    digests = [Hash(secrets.token_bytes(HASH_SIZE)) for _ in range(SLOTS)]
    for field in (*shown, *hidden):
        digests[field.slot] = field.digest()
    return SaltedFields(shown, hidden, tuple(digests))


def _salted(slot: int, name: str, value: str) -> Field:
    return Field(slot, name, secrets.token_bytes(SALT_SIZE), value)


def commitment_of(digests: Sequence[Hash]) -> Hash:
    """The RFC 9162 root over the sixteen slots, each digest taken as an entry."""
    return _levels(digests)[-1][0]


def open_field(field: Field, digests: Sequence[Hash]) -> Opening:
    levels = _levels(digests)[:-1]
    return Opening(
        field,
        tuple(level[(field.slot >> height) ^ 1] for height, level in enumerate(levels)),
    )


def check_opening(opening: Opening, commitment: Hash) -> None:
    """Raise `ProofFailed` unless the commitment holds this field in this slot."""
    check_inclusion(
        opening.path,
        tree_size=SLOTS,
        root=commitment,
        index=opening.field.slot,
        leaf=leaf_hash(opening.field.digest()),
    )


def _levels(digests: Sequence[Hash]) -> list[list[Hash]]:
    assert len(digests) == SLOTS, len(digests)
    levels = [[leaf_hash(digest) for digest in digests]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(*pair) for pair in zip(below[::2], below[1::2], strict=True)])
    return levels
