"""The public keys that notes are checked with, and what each of their kinds signs.

A key is written down as a vkey (c2sp.org/signed-note): its name, its id in hex, and base64 of
its algorithm's byte and its bytes, joined by +.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.cosigning import (
    COSIGNER_NAME_LIMIT,
    cosignature_message,
    join_time,
    split_time,
    subtree_message,
)
from ledger.formats.spelling import Malformed, format_bytes, parse_bytes

KEY_ID_SIZE = 4

# No space of any kind, no plus, no control character and no half of a surrogate pair.
_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")


class MalformedKey(Malformed):
    """Not a key as it is written down."""


class SignatureFailed(Exception):  # noqa: N818 - what a checker finds, not a fault of ours.
    """No known key signed this note, or a signature said to be a known key's is not."""


class Algorithm(IntEnum):
    """What a key signs and how, by the byte that c2sp.org/signed-note gives it."""

    ED25519 = 0x01
    """The text of a note, with Ed25519 (c2sp.org/signed-note)."""

    COSIGNATURE = 0x04
    """A checkpoint and a time, with Ed25519 (c2sp.org/tlog-cosignature)."""

    ML_DSA_44 = 0x06
    """A checkpoint, a time and the signer's name, with ML-DSA-44 (c2sp.org/tlog-cosignature)."""

    @property
    def key_size(self) -> int:
        return 1312 if self is Algorithm.ML_DSA_44 else 32

    @property
    def is_timestamped(self) -> bool:
        return self is not Algorithm.ED25519

    def can_sign_as(self, name: str) -> bool:
        if not is_key_name(name):
            return False
        return self is not Algorithm.ML_DSA_44 or len(name.encode()) < COSIGNER_NAME_LIMIT


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key and the name it signs under, which for a log is its origin."""

    name: str
    algorithm: Algorithm
    key: bytes

    def __post_init__(self) -> None:
        assert self.algorithm.can_sign_as(self.name), self.name
        assert len(self.key) == self.algorithm.key_size, len(self.key)

    @property
    def id(self) -> bytes:
        """SHA-256(name || newline || algorithm || key), its first four bytes."""
        return sha256(self.name.encode() + b"\n" + self._typed).digest()[:KEY_ID_SIZE]

    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{format_bytes(self._typed)}"

    def message(self, text: str, at: int) -> bytes:
        """The bytes this key signs for a note's text at a unix time, if its kind tells the time.

        Raises `Malformed` where the kind signs checkpoints only and the text is none.
        """
        if self.algorithm is Algorithm.ED25519:
            return text.encode()
        checkpoint = parse_checkpoint(text)
        if self.algorithm is Algorithm.COSIGNATURE:
            return cosignature_message(checkpoint, at)
        return subtree_message(self.name, checkpoint, at)

    def blob(self, signature: bytes, at: int) -> bytes:
        """A signature over `message` as it stands in a note's line, after the key's id."""
        return join_time(at, signature) if self.algorithm.is_timestamped else signature

    def check(self, text: str, blob: bytes) -> int | None:
        """Raise `SignatureFailed` unless this key made the blob for this text.

        Gives the unix time at which the signer knew of no larger tree; None when it says none.
        """
        try:
            at, signature = split_time(blob) if self.algorithm.is_timestamped else (0, blob)
            self._verify(signature, self.message(text, at))
        except (Malformed, InvalidSignature):
            raise SignatureFailed(f"A signature by {self.name} is not good.") from None
        # A time of zero says nothing about the time (c2sp.org/tlog-cosignature).
        return at or None

    def _verify(self, signature: bytes, message: bytes) -> None:
        if self.algorithm is Algorithm.ML_DSA_44:
            MLDSA44PublicKey.from_public_bytes(self.key).verify(signature, message)
        else:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)

    @property
    def _typed(self) -> bytes:
        return bytes([self.algorithm]) + self.key


def is_key_name(name: str) -> bool:
    """Whether the line of a signature can carry this name."""
    return _NAME.fullmatch(name) is not None


def parse_vkey(vkey: str) -> VerifyingKey:
    """The only way in: a key that parses is written down as the very same text."""
    name, algorithm, key = parse_typed_key(vkey)
    if len(key) != algorithm.key_size:
        raise MalformedKey("This key is not as long as its algorithm's keys are.")
    parsed = VerifyingKey(name, algorithm, key)
    if parsed.vkey() != vkey:
        raise MalformedKey("The key id does not belong to this key.")
    return parsed


def parse_typed_key(written: str) -> tuple[str, Algorithm, bytes]:
    """The parts of name+id+base64, the id unchecked, for keys public and secret."""
    name, _, rest = written.partition("+")
    typed = parse_bytes(rest.partition("+")[2])
    if not typed:
        raise MalformedKey("A key is written as its name, its id and base64, joined by +.")
    if typed[0] not in list(Algorithm):
        raise MalformedKey("This is not a key of an algorithm known here.")
    algorithm = Algorithm(typed[0])
    if not algorithm.can_sign_as(name):
        raise MalformedKey("This is not a key with a name.")
    return name, algorithm, typed[1:]
