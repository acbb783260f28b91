"""Signed notes (c2sp.org/signed-note): a text, a blank line, and a line for each signature.

For instance a checkpoint of a log with eight entries:

    datatitle.example/log
    8
    XcnaeacGWaSprVWctwHaKrn9BKg60vTwb+T+yPRlRNo=

    — datatitle.example/log Hf3QZAAAAABm...

Whoever reads a note knows some keys, and believes no others.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.formats.keys import KEY_ID_SIZE, SignatureFailed, VerifyingKey, is_key_name
from ledger.formats.spelling import Malformed, format_bytes, is_plain_text, parse_bytes

SIGNATURES_MAX = 100

_SIGNATURE_LINE = re.compile(r"— (?P<name>[^ ]+) (?P<signature>[^ ]+)")


class MalformedNote(Malformed):
    """Not a signed note."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One line of a note: who is said to have signed, and the bytes that are to prove it."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        return f"— {self.name} {format_bytes(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """What was signed, with its last newline, and the signatures nobody has checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class SignedBy:
    """A good signature: the key, and the unix time it tells (see `VerifyingKey.check`)."""

    key: VerifyingKey
    time: int | None


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A text, and all good signatures of known keys in the order of the note; at least one."""

    text: str
    signed: tuple[SignedBy, ...]


def parse_note(note: str) -> Note:
    """The only way in: a note that parses encodes back to the very same text."""
    if not is_plain_text(note):
        raise MalformedNote("A note is Unicode text without control characters.")
    # The text ends at the last blank line, so it may hold blank lines itself.
    before, blank, after = note.rpartition("\n\n")
    lines = after.split("\n")
    if not blank or lines.pop() != "" or not 0 < len(lines) <= SIGNATURES_MAX:
        raise MalformedNote("A note ends with a blank line and its signatures.")
    parsed = Note(before + "\n", tuple(parse_signature_line(line) for line in lines))
    if parsed.encode() != note:
        raise MalformedNote("This is not how a note is spelt.")
    return parsed


def open_note(note: str, keys: Iterable[VerifyingKey]) -> OpenedNote:
    """The text of a note that at least one of these keys signed, and which of them did.

    Signatures of other keys mean nothing and are passed over. One that bears the name and id
    of a known key must be good, or the whole note is refused. Raises `SignatureFailed`, or
    `MalformedNote` for what is no note at all.
    """
    parsed = parse_note(note)
    known = {(key.name, key.id): key for key in keys}
    signed = []
    for signature in parsed.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            signed.append(SignedBy(key, key.check(parsed.text, signature.signature)))
    if not signed:
        raise SignatureFailed("No known key has signed this.")
    return OpenedNote(parsed.text, tuple(signed))


def parse_signature_line(line: str) -> Signature:
    """A signature's line without its newline, as notes hold it and witnesses answer with it."""
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None or not is_key_name(match["name"]):
        raise MalformedNote("This is not a signature line.")
    signed = parse_bytes(match["signature"])
    if len(signed) <= KEY_ID_SIZE:
        raise MalformedNote("This signature is too short.")
    return Signature(match["name"], signed[:KEY_ID_SIZE], signed[KEY_ID_SIZE:])
