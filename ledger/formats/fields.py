"""The facts of an event: salted one by one, committed to together, opened or erased singly."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.formats.hashing import (
    HASH_SIZE,
    SALT_SIZE,
    Hash,
    field_hash,
    leaf_hashes,
    node_hashes,
)

SLOTS = 16

# One slot is always padding, so that the public fields from the front and the private ones from
# the back never touch, and which is which stands in the commitment.
FIELDS_MAX = SLOTS - 1

# The facts that every event has, in the first slots, always public and never erased.
KIND = "kind"
AT = "at"

FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")


class Field(NamedTuple):
    """A fact of an event that can be opened: shown, with the salt that proves it."""

    slot: int
    name: str
    salt: bytes
    value: str

    def digest(self) -> Hash:
        return field_hash(self.salt, self.name.encode(), self.value.encode())


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
    assert all(map(FIELD_NAME.fullmatch, names)), names
    salts = _draw(len(names), SALT_SIZE)
    first_hidden = SLOTS - len(private)
    slots = (*range(len(public)), *range(first_hidden, SLOTS))
    values = (*public.values(), *private.values())
    fields = tuple(map(Field, slots, names, salts, values))
    digests = list(map(Hash, _draw(SLOTS, HASH_SIZE)))
    for field in fields:
        digests[field.slot] = field.digest()
    return SaltedFields(fields[: len(public)], fields[len(public) :], tuple(digests))


def _draw(count: int, size: int) -> list[bytes]:
    """Random bytes, all drawn at once, for each draw asks the operating system."""
    drawn = secrets.token_bytes(count * size)
    return [drawn[at : at + size] for at in range(0, len(drawn), size)]


def commitment_of(digests: Sequence[Hash]) -> Hash:
    """The RFC 9162 root over the sixteen slots, each digest taken as an entry."""
    assert len(digests) == SLOTS, len(digests)
    return root_over(digests)


def root_over(digests: Sequence[Hash]) -> Hash:
    """The same over a complete part of them: one slot, or two, four, eight beside each other."""
    nodes = leaf_hashes(digests)
    while len(nodes) > 1:
        nodes = node_hashes(nodes)
    return nodes[0]
