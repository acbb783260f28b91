"""Secret keys, each in a file that only its owner may read: whoever has it speaks for its name."""

import os
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.files import OWNER_ONLY, create_file
from ledger.formats.keys import Algorithm, MalformedKey, VerifyingKey, parse_typed_key
from ledger.formats.note import Signature
from ledger.formats.spelling import format_bytes

PREFIX = "PRIVATE+KEY+"
SEED_SIZE = 32
EVERYBODY_ELSE = 0o077


class Signer(Protocol):
    """Whatever signs under a name: a key in a file, or one that is kept in another device."""

    @property
    def verifying_key(self) -> VerifyingKey: ...

    def sign(self, text: str, at: int) -> Signature:
        """Sign a note's text at a unix time."""


@dataclass(frozen=True)
class SecretKey:
    """The seed of a key, which is 32 bytes with every algorithm here, and the name it signs under.

    Two are alike when they hold the same seed; none shows it when it is printed.
    """

    name: str
    algorithm: Algorithm
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        assert self.algorithm.can_sign_as(self.name), self.name
        assert len(self.seed) == SEED_SIZE, len(self.seed)

    @cached_property
    def verifying_key(self) -> VerifyingKey:
        return VerifyingKey(self.name, self.algorithm, self._key.public_key().public_bytes_raw())

    def sign(self, text: str, at: int | None = None) -> Signature:
        """Sign a note's text, which ends with a newline, at a unix time.

        An Ed25519 note key signs the text alone and needs no time. The other kinds sign nothing
        but checkpoints, and raise `Malformed` for any other text.
        """
        assert text.endswith("\n"), text
        assert at is not None or not self.algorithm.is_timestamped, self.algorithm
        key, time = self.verifying_key, at or 0
        signature = self._key.sign(key.message(text, time))
        return Signature(self.name, key.id, key.blob(signature, time))

    def secret(self) -> str:
        """PRIVATE+KEY+name+key id+base64(algorithm || seed), as Go's programs write all three."""
        written = format_bytes(bytes([self.algorithm]) + self.seed)
        return f"{PREFIX}{self.name}+{self.verifying_key.id.hex()}+{written}"

    @cached_property
    def _key(self) -> Ed25519PrivateKey | MLDSA44PrivateKey:
        if self.algorithm is Algorithm.ML_DSA_44:
            return MLDSA44PrivateKey.from_seed_bytes(self.seed)
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def parse_secret(secret: str) -> SecretKey:
    """The only way in: a secret that parses is written down as the very same text."""
    name, algorithm, seed = parse_typed_key(secret.removeprefix(PREFIX))
    if len(seed) != SEED_SIZE:
        raise MalformedKey("This is not a secret key.")
    parsed = SecretKey(name, algorithm, seed)
    if parsed.secret() != secret:
        raise MalformedKey("This is not how a secret key is spelt.")
    return parsed


def create_secret(path: Path, name: str, algorithm: Algorithm) -> SecretKey:
    """Make a new key and keep it in a file that must not exist yet, durably, mode 0600.

    The file appears whole or not at all. Raises `FileExistsError`.
    """
    made = SecretKey(name, algorithm, secrets.token_bytes(SEED_SIZE))
    create_file(path, f"{made.secret()}\n".encode(), mode=OWNER_ONLY)
    return made


def load_secret(path: Path) -> SecretKey:
    """Read a key. One that others may read is no secret any more, and is refused."""
    if os.name == "posix" and path.stat().st_mode & EVERYBODY_ELSE:
        raise PermissionError(f"{path} may be read by others: chmod 600 it, or make a new key.")
    try:
        return parse_secret(path.read_bytes().decode().removesuffix("\n"))
    except UnicodeDecodeError:
        raise MalformedKey("This is not a secret key.") from None
