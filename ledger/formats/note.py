"""Signed notes (c2sp.org/signed-note): a text, a blank line, and a line for each signature.

    datatitle.example/log
    8
    XcnaeacGWaSprVWctwHaKrn9BKg60vTwb+T+yPRlRNo=

    — datatitle.example/log Hf3QZAAAAABm...

A key is written down as a vkey: name, key id in hex and base64 of its type and bytes, joined by +.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.formats.spelling import Malformed, format_bytes, parse_bytes

ED25519 = 0x01
KEY_SIZE = 32
KEY_ID_SIZE = 4
SIGNATURES_MAX = 100

_SIGNATURE_LINE = re.compile(r"— (?P<name>[^ ]+) (?P<signature>[^ ]+)")


class MalformedNote(Malformed):
    """Not a signed note."""


class MalformedKey(Malformed):
    """Not a key as it is written down."""


class SignatureFailed(Exception):  # noqa: N818 - what a checker finds, not a fault of ours.
    """No known key signed this note, or a signature said to be a known key's is not."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 key and the name it signs under."""

    name: str
    key: bytes

    def __post_init__(self) -> None:
        assert is_key_name(self.name), self.name
        assert len(self.key) == KEY_SIZE, len(self.key)

    @property
    def id(self) -> bytes:
        typed = bytes([ED25519]) + self.key
        return sha256(self.name.encode() + b"\n" + typed).digest()[:KEY_ID_SIZE]

    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{format_bytes(bytes([ED25519]) + self.key)}"

    def has_signed(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
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


def is_key_name(name: str) -> bool:
    printable = not any(each.isspace() or each == "+" or each < " " for each in name)
    return bool(name) and printable and _is_unicode(name)


def parse_vkey(vkey: str) -> PublicKey:
    """The only way in: a key that parses is written down as the very same text."""
    name, _, rest = vkey.partition("+")
    typed = parse_bytes(rest.partition("+")[2])
    if not is_key_name(name) or typed[:1] != bytes([ED25519]) or len(typed) != 1 + KEY_SIZE:
        raise MalformedKey("This is not an Ed25519 key with a name.")
    key = PublicKey(name, typed[1:])
    if key.vkey() != vkey:
        raise MalformedKey("The key id does not belong to this key.")
    return key


def parse_note(note: str) -> Note:
    """The only way in. The text ends at the last blank line, so it may hold blank lines itself."""
    if not _is_unicode(note) or any(each < " " and each != "\n" for each in note):
        raise MalformedNote("A note is Unicode text without control characters.")
    before, blank, after = note.rpartition("\n\n")
    lines = after.split("\n")
    if not blank or lines.pop() != "" or not 0 < len(lines) <= SIGNATURES_MAX:
        raise MalformedNote("A note ends with a blank line and its signatures.")
    parsed = Note(before + "\n", tuple(_parse_signature(line) for line in lines))
    if parsed.encode() != note:
        raise MalformedNote("This is not how a note is spelt.")
    return parsed


def open_note(note: str, keys: Sequence[PublicKey]) -> str:
    """The text of a note that at least one of these keys signed.

    Signatures of other keys mean nothing and are passed over. One that bears the name and id
    of a known key must be good, or the whole note is refused. Raises `SignatureFailed`, or
    `MalformedNote` for what is no note at all.
    """
    parsed = parse_note(note)
    known = {(key.name, key.id): key for key in keys}
    checked = [
        known[signature.name, signature.key_id].has_signed(parsed.text, signature.signature)
        for signature in parsed.signatures
        if (signature.name, signature.key_id) in known
    ]
    if not checked or not all(checked):
        raise SignatureFailed
    return parsed.text


def _parse_signature(line: str) -> Signature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None or not is_key_name(match["name"]):
        raise MalformedNote("This is not a signature line.")
    signed = parse_bytes(match["signature"])
    if len(signed) <= KEY_ID_SIZE:
        raise MalformedNote("This signature is too short.")
    return Signature(match["name"], signed[:KEY_ID_SIZE], signed[KEY_ID_SIZE:])


def _is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8; half of a surrogate pair cannot."""
    return not any("\ud800" <= each <= "\udfff" for each in text)
