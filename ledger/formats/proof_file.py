"""The proof file: how one certificate stands under one signed checkpoint, as a text.

    datatitle-proof@v1
    form full 2
    subject <key> <salt> 20260131000000001
    state {"chain":"…","map":"…","size":41,"t":"state","time":1767578400,"v":1}
    map <proof>
    tree <hashes>
    event 0 7 <commitment>
    0 kind <salt> "certificate-issued"
    …
    rest <hashes>
    event 1 23 <commitment>
    …

    c2sp.org/tlog-proof@v1
    …

The form is `full` (all events), `short` (only the last one, behind whose commitment stands the
leaf hash of the event before) or `absent` (the log knows no such subject); behind it stands how
many events the subject has. What follows the empty line proves the state entry, and is verbatim
a file of its own. Bytes are in base64, several hashes in one; values are JSON strings. README.md
says what each is a hash of.
"""

import json
import re
from binascii import a2b_base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from ledger.formats.entry import NUMBER_LIMIT
from ledger.formats.fields import FIELD_NAME, Field
from ledger.formats.hashing import HASH_SIZE, SALT_SIZE, Hash
from ledger.formats.spelling import (
    Malformed,
    format_bytes,
    parse_bytes,
    parse_hash,
    parse_number,
)
from ledger.formats.state_map import MapProof, parse_map_proof
from ledger.formats.tlog_proof import TlogProof, parse_tlog_proof
from ledger.formats.tree import split_hashes

FORMAT = "datatitle-proof@v1"

# A salt's last character stands for two bits, the others being 0. In a value quotes and what
# cannot be printed are escaped.
_FIELDS = re.compile(
    rf"^(0|[1-9][0-9]?) ({FIELD_NAME.pattern}) ([A-Za-z0-9+/]{{21}}[AQgw]==) "
    r'("(?:[^"\\\x00-\x1f\ud800-\udfff]|\\.)*")$',
    re.MULTILINE,
)


class MalformedProof(Malformed):
    """Not a proof file."""


class Form(StrEnum):
    FULL = "full"
    SHORT = "short"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    """An event as its line tells it, and what is opened of it; `rest` closes the other slots.

    `previous` is given where the event before does not stand in the file.
    """

    number: int
    index: int
    commitment: Hash
    previous: Hash | None
    opened: tuple[Field, ...]
    rest: tuple[Hash, ...]

    def lines(self) -> Iterator[str]:
        previous = "" if self.previous is None else f" {format_bytes(self.previous)}"
        yield f"event {self.number} {self.index} {format_bytes(self.commitment)}{previous}"
        for field in self.opened:
            yield f"{field.slot} {field.name} {format_bytes(field.salt)} {_quoted(field.value)}"
        yield _line("rest", *self.rest)


@dataclass(frozen=True, slots=True)
class ProofFile:
    """`count` is how many events the subject has; `state` the exact bytes of the state entry.

    `tree` holds the hashes that lead from the events to those of `tlog_proof`.
    """

    form: Form
    count: int
    key: Hash
    salt: bytes
    subject: str
    state: bytes
    map_proof: MapProof
    tree: tuple[Hash, ...]
    events: tuple[ProvenEvent, ...]
    tlog_proof: TlogProof

    def text(self) -> str:
        lines = [
            FORMAT,
            f"form {self.form} {self.count}",
            f"subject {format_bytes(self.key)} {format_bytes(self.salt)} {self.subject}",
            f"state {self.state.decode()}",
            _line("map", self.map_proof.encode()),
            _line("tree", *self.tree),
        ]
        for event in self.events:
            lines += event.lines()
        return "\n".join([*lines, "", self.tlog_proof.text()])


def _line(word: str, *parts: bytes) -> str:
    data = b"".join(parts)
    return f"{word} {format_bytes(data)}" if data else word


def _quoted(value: str) -> str:
    """RFC 8785: between quotes, and nothing escaped that need not be."""
    if value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return json.dumps(value, ensure_ascii=False)


def parse_proof_file(text: str) -> ProofFile:
    """The only way in: a file that parses is written as the very same text. Nothing is checked.

    Every part has one spelling, so that the text need not be written anew to be compared. Raises
    `MalformedProof`, with a sentence for a person.
    """
    try:
        return _parse(text)
    except MalformedProof:
        raise
    except Malformed as malformed:
        raise MalformedProof(*malformed.args) from None


def _parse(text: str) -> ProofFile:
    head, _, tlog_proof = text.partition("\n\n")
    first, *lines = head.split("\n")
    if first != FORMAT:
        raise MalformedProof(f"A proof file begins with the line {FORMAT}.")
    words = [line.split(" ", 3) for line in lines[:5]]
    match words:
        case [
            ["form", form, count],
            ["subject", key, salt, subject],
            ["state", state],
            ["map", *map_proof],
            ["tree", *tree],
        ]:
            if not is_subject(subject) or not state.isascii():
                raise MalformedProof("A proof file names its subject, and the state of the log.")
            return ProofFile(
                _parse_form(form),
                parse_number(count),
                parse_hash(key),
                _parse_salt(salt),
                subject,
                state.encode(),
                parse_map_proof(_parse_data(map_proof)),
                _parse_hashes(tree),
                tuple(_parse_events(lines[5:], Form(form))),
                _parse_tlog_proof(tlog_proof),
            )
    raise MalformedProof("A proof file has form, subject, state, map and tree, in this order.")


def _parse_form(form: str) -> Form:
    if form not in list(Form):
        raise MalformedProof("A proof is full, short or absent.")
    return Form(form)


def _parse_data(words: Sequence[str]) -> bytes:
    if len(words) > 1 or "" in words:
        raise MalformedProof("Hashes stand one behind another, in one word or none.")
    return b"".join(map(parse_bytes, words))


def _parse_hashes(words: Sequence[str]) -> tuple[Hash, ...]:
    data = _parse_data(words)
    if len(data) % HASH_SIZE != 0:
        raise MalformedProof(f"A hash has {HASH_SIZE} bytes.")
    return tuple(split_hashes(data))


def _parse_tlog_proof(text: str) -> TlogProof:
    parsed = parse_tlog_proof(text)
    if parsed.extra:
        raise MalformedProof("The proof of the state carries nothing that nobody vouches for.")
    return parsed


def _parse_events(lines: Sequence[str], form: Form) -> Iterator[ProvenEvent]:
    begins = [at for at, line in enumerate(lines) if line.startswith("event ")]
    if begins[:1] != [0] * bool(lines):
        raise MalformedProof("The line of an event stands before what is told of it.")
    for start, end in pairwise([*begins, len(lines)]):
        yield _parse_event(lines[start:end], form)


def _parse_event(lines: Sequence[str], form: Form) -> ProvenEvent:
    match lines[0].split(" "), lines[-1].split(" "):
        case ["event", number, index, commitment, *previous], ["rest", *rest]:
            if len(previous) == (form is Form.SHORT):
                return ProvenEvent(
                    _parse_event_number(number),
                    parse_number(index),
                    parse_hash(commitment),
                    parse_hash(previous[0]) if previous else None,
                    _parse_opened(lines[1:-1]),
                    _parse_hashes(rest),
                )
    raise MalformedProof("An event has number, index and commitment, its facts, and the rest.")


def _parse_event_number(text: str) -> int:
    number = parse_number(text)
    if number >= NUMBER_LIMIT:
        raise MalformedProof("No certificate has so many events.")
    return number


def _parse_opened(lines: Sequence[str]) -> tuple[Field, ...]:
    found = _FIELDS.findall("\n".join(lines))
    opened = tuple(
        Field(int(slot), name, a2b_base64(salt), _parse_value(value))
        for slot, name, salt, value in found
    )
    slots, names = [field.slot for field in opened], {field.name for field in opened}
    if len(opened) != len(lines) or len(names) != len(lines) or slots != sorted(set(slots)):
        raise MalformedProof(
            "An opened fact has a slot, a name, a salt and a value; "
            "each is opened once, in the order of slots."
        )
    return opened


def _parse_value(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted[1:-1]
    try:
        value = json.loads(quoted)
    except ValueError:
        value = None
    if not isinstance(value, str) or _quoted(value) != quoted:
        raise MalformedProof("A value is a JSON string, with nothing escaped that need not be.")
    return value


def _parse_salt(text: str) -> bytes:
    salt = parse_bytes(text)
    if len(salt) != SALT_SIZE:
        raise MalformedProof(f"A salt has {SALT_SIZE} bytes.")
    return salt


def is_subject(subject: str) -> bool:
    """Whether this may name a subject: one line of printable Unicode text."""
    return subject.isprintable() and bool(subject.strip())
