"""The bytes of an entry as the public sees them, one spelling for each of the six kinds."""

import json
import re
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Any, ClassVar

from ledger.formats.hashing import Hash
from ledger.formats.spelling import Malformed, format_bytes, parse_bytes, parse_hash

NUMBER_LIMIT = 2**53
ENTRY_SIZE_MAX = 4096

EVENT, STATE, KEY, POLICY, FREEZE, ORIGIN = "event", "state", "key", "policy", "freeze", "origin"
KINDS = (EVENT, STATE, KEY, POLICY, FREEZE, ORIGIN)

# A hash in base64 ends in one of the sixteen characters whose last two bits are 0: what matches
# has no second spelling.
_HASH = rb"([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)"
_EVENT = re.compile(
    rb'\{"c":"%b","k":"%b","n":(0|[1-9][0-9]{0,15}),"p":"%b","t":"event","v":1\}'
    % (_HASH, _HASH, _HASH)
)


class MalformedEntry(Malformed):
    """Not an entry in its canonical form."""


@dataclass(frozen=True, slots=True)
class Event:
    """Event `number` of the subject behind `key`; `previous` is the leaf of the one before."""

    kind: ClassVar[str] = EVENT

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


@dataclass(frozen=True, slots=True)
class State:
    """What the `size` entries before this one amount to: always the last leaf of a checkpoint.

    `chain` is the linear chain over those entries, `map_root` the root of the state map after
    them; `time` in whole seconds since 1970 UTC.
    """

    kind: ClassVar[str] = STATE

    chain: Hash
    map_root: Hash
    size: int
    time: int

    def encode(self) -> bytes:
        return _spell(
            STATE,
            chain=format_bytes(self.chain),
            map=format_bytes(self.map_root),
            size=self.size,
            time=self.time,
        )


@dataclass(frozen=True, slots=True)
class KeyChange:
    """From here on the log signs with another key. Both sign `signed_text` with raw Ed25519.

    Keys are texts `name+key id+base64`; whoever judges the signatures parses them.
    """

    kind: ClassVar[str] = KEY

    old: str
    old_signature: bytes
    new: str
    new_signature: bytes

    def encode(self) -> bytes:
        return _spell(
            KEY,
            new=self.new,
            new_signature=format_bytes(self.new_signature),
            old=self.old,
            old_signature=format_bytes(self.old_signature),
        )

    def signed_text(self, origin: str) -> str:
        return key_change_text(origin, self.old, self.new)


def key_change_text(origin: str, old: str, new: str) -> str:
    """What both keys sign, in UTF-8."""
    return f"datatitle key change\n{origin}\n{old}\n{new}\n"


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """From here on these rules hold; `digest` is the SHA-256 of the profile as published."""

    kind: ClassVar[str] = POLICY

    name: str
    digest: Hash

    def encode(self) -> bytes:
        return _spell(POLICY, digest=format_bytes(self.digest), name=self.name)


@dataclass(frozen=True, slots=True)
class Freeze:
    """The log ends: one state leaf follows, then nothing ever. `successor` is the next origin."""

    kind: ClassVar[str] = FREEZE

    successor: str

    def encode(self) -> bytes:
        return _spell(FREEZE, next=self.successor)


@dataclass(frozen=True, slots=True)
class Origin:
    """The first leaf of a log that succeeds another: the last good signed note of that one."""

    kind: ClassVar[str] = ORIGIN

    last: bytes

    def encode(self) -> bytes:
        return _spell(ORIGIN, last=format_bytes(self.last))


Mark = State | KeyChange | PolicyInForce | Freeze | Origin
Entry = Event | Mark


def parse_entry(entry: bytes) -> Entry:
    """The only way in: an entry that parses encodes back to the very same bytes."""
    return parse_event(entry) if _EVENT.fullmatch(entry) else parse_mark(entry)


def parse_event(entry: bytes) -> Event:
    match = _EVENT.fullmatch(entry)
    if match is None:
        raise MalformedEntry("This is not an event entry.")
    commitment, key, number, previous = match.groups()
    event = Event(
        Hash(a2b_base64(commitment)),
        Hash(a2b_base64(key)),
        int(number),
        Hash(a2b_base64(previous)),
    )
    if event.number >= NUMBER_LIMIT:
        raise MalformedEntry("This is not how the event is spelt.")
    return event


def parse_mark(entry: bytes) -> Mark:
    """An entry that is not an event."""
    if len(entry) > ENTRY_SIZE_MAX:
        raise MalformedEntry("This is too long for an entry.")
    try:
        said = json.loads(entry)
        mark = _read_mark(said) if isinstance(said, dict) else None
        if mark is not None and mark.encode() == entry:
            return mark
    except (ValueError, RecursionError):
        # Not JSON, not UTF-8, half a surrogate pair, or brackets in brackets without end.
        pass
    raise MalformedEntry("This is not how an entry is spelt.")


def _read_mark(said: dict[str, Any]) -> Mark | None:
    match said:
        case {"t": "state", "chain": str(chain), "map": str(root), "size": int(n), "time": int(t)}:
            return State(parse_hash(chain), parse_hash(root), _number(n), _number(t))
        case {
            "t": "key",
            "old": str(old),
            "old_signature": str(by_old),
            "new": str(new),
            "new_signature": str(by_new),
        }:
            return KeyChange(old, parse_bytes(by_old), new, parse_bytes(by_new))
        case {"t": "policy", "digest": str(digest), "name": str(name)}:
            return PolicyInForce(name, parse_hash(digest))
        case {"t": "freeze", "next": str(successor)}:
            return Freeze(successor)
        case {"t": "origin", "last": str(last)}:
            return Origin(parse_bytes(last))
    return None


def _number(number: int) -> int:
    if isinstance(number, bool) or not 0 <= number < NUMBER_LIMIT:
        raise MalformedEntry("This is not a number.")
    return number


def _spell(kind: str, **said: str | int) -> bytes:
    """JSON as RFC 8785 has it: sorted keys, no spaces, nothing escaped that need not be."""
    facts = said | {"t": kind, "v": 1}
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
