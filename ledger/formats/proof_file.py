"""The proof file: all events of one subject under one signed checkpoint, as a text.

    datatitle-proof@v0
    subject <salt> <subject>
    event <index> <entry>
    path <hash> ...
    open <slot> <name> <salt> <value> <hash> <hash> <hash> <hash>

    <the signed checkpoint, verbatim>

One `event` line, its `path` line and its `open` lines for each event, in order. Salts, entries,
values and hashes are in base64. README.md says what each is a hash of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ledger.formats.entry import FIELD_NAME, SLOTS, Field, Opening
from ledger.formats.hashing import SALT_SIZE, Hash
from ledger.formats.spelling import Malformed, format_bytes, parse_bytes, parse_hash, parse_number

FORMAT = "datatitle-proof@v0"
OPENING_PATH_LENGTH = SLOTS.bit_length() - 1


class MalformedProof(Malformed):
    """Not a proof file."""


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    index: int
    entry: bytes
    path: tuple[Hash, ...]
    openings: tuple[Opening, ...]

    def lines(self) -> Iterator[str]:
        yield f"event {self.index} {format_bytes(self.entry)}"
        yield " ".join(["path", *map(format_bytes, self.path)])
        for opening in self.openings:
            field = opening.field
            yield " ".join(
                [
                    f"open {field.slot} {field.name}",
                    format_bytes(field.salt),
                    format_bytes(field.value.encode()),
                    *map(format_bytes, opening.path),
                ]
            )


@dataclass(frozen=True, slots=True)
class ProofFile:
    subject: str
    salt: bytes
    events: tuple[ProvenEvent, ...]
    checkpoint: str

    def text(self) -> str:
        lines = [FORMAT, f"subject {format_bytes(self.salt)} {self.subject}"]
        for event in self.events:
            lines += event.lines()
        return "\n".join([*lines, "", self.checkpoint])


def parse_proof_file(text: str) -> ProofFile:
    """The only way in: a file that parses is written as the very same text. Nothing is checked."""
    head, _, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    if first != FORMAT or not lines:
        raise MalformedProof(f"A proof file begins with the line {FORMAT} and its subject.")
    salt, subject = _parse_subject(lines[0])
    begins = [at for at, line in enumerate(lines) if line.startswith("event ")]
    if begins[:1] != [1]:
        raise MalformedProof("A proof file has at least one event, after its subject.")
    events = tuple(_parse_event(lines[start:end]) for start, end in pairwise([*begins, len(lines)]))
    parsed = ProofFile(subject, salt, events, checkpoint)
    if parsed.text() != text:
        raise MalformedProof("This is not how a proof file is spelt.")
    return parsed


def _parse_subject(line: str) -> tuple[bytes, str]:
    word, _, rest = line.partition(" ")
    salt, _, subject = rest.partition(" ")
    if word != "subject" or not is_subject(subject):
        raise MalformedProof("A proof file names its subject.")
    return _parse_salt(salt), subject


def _parse_event(lines: list[str]) -> ProvenEvent:
    words = [line.split(" ") for line in lines]
    match words:
        case [["event", index, entry], ["path", *path], *openings]:
            return ProvenEvent(
                parse_number(index),
                parse_bytes(entry),
                tuple(map(parse_hash, path)),
                tuple(map(_parse_opening, openings)),
            )
    raise MalformedProof("An event has its entry, then its path, then what is opened of it.")


def _parse_opening(words: list[str]) -> Opening:
    match words:
        case ["open", slot, name, salt, value, *path] if FIELD_NAME.fullmatch(name):
            field = Field(parse_number(slot), name, _parse_salt(salt), _parse_value(value))
            if len(path) == OPENING_PATH_LENGTH:
                return Opening(field, tuple(map(parse_hash, path)))
    raise MalformedProof("An opened field has a slot, a name, a salt, a value and four hashes.")


def _parse_salt(text: str) -> bytes:
    salt = parse_bytes(text)
    if len(salt) != SALT_SIZE:
        raise MalformedProof(f"A salt has {SALT_SIZE} bytes.")
    return salt


def _parse_value(text: str) -> str:
    try:
        return parse_bytes(text).decode()
    except UnicodeDecodeError:
        raise MalformedProof("A value is UTF-8 text.") from None


def is_subject(subject: str) -> bool:
    """Whether this may name a subject: one line of printable Unicode text."""
    return subject.isprintable() and bool(subject.strip())
