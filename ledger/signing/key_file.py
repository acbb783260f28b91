"""The log's own key, in a file that only its owner may read: whoever has it speaks for the log."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.formats.note import (
    ED25519,
    KEY_SIZE,
    MalformedKey,
    Note,
    PublicKey,
    Signature,
    is_key_name,
)
from ledger.formats.spelling import format_bytes, parse_bytes

PREFIX = "PRIVATE+KEY+"
OWNER_ONLY = 0o600
EVERYBODY_ELSE = 0o077


@dataclass(frozen=True, slots=True)
class Signer:
    """An Ed25519 key that signs under a name, which for a log is its origin."""

    name: str
    private_key: Ed25519PrivateKey

    @property
    def public_key(self) -> PublicKey:
        return PublicKey(self.name, self.private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """A note: the text, which ends with a newline, and one signature."""
        assert text.endswith("\n"), text
        signature = self.private_key.sign(text.encode())
        return Note(text, (Signature(self.name, self.public_key.id, signature),)).encode()

    def secret(self) -> str:
        """PRIVATE+KEY+name+key id+base64(0x01 || seed), as Go's sumdb/note writes it."""
        seed = self.private_key.private_bytes_raw()
        written = format_bytes(bytes([ED25519]) + seed)
        return f"{PREFIX}{self.name}+{self.public_key.id.hex()}+{written}"


def parse_secret(secret: str) -> Signer:
    """The only way in: a secret that parses is written down as the very same text."""
    name, _, rest = secret.removeprefix(PREFIX).partition("+")
    typed = parse_bytes(rest.partition("+")[2])
    if not is_key_name(name) or typed[:1] != bytes([ED25519]) or len(typed) != 1 + KEY_SIZE:
        raise MalformedKey("This is not a secret Ed25519 key.")
    signer = Signer(name, Ed25519PrivateKey.from_private_bytes(typed[1:]))
    if signer.secret() != secret:
        raise MalformedKey("This is not how a secret key is spelt.")
    return signer


def create_signer(path: Path, name: str) -> Signer:
    """Make a new key and write it to a file that must not exist yet, durably, mode 0600."""
    signer = Signer(name, Ed25519PrivateKey.generate())
    written = signer.secret() + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(written)
        file.flush()
        os.fsync(file.fileno())
    return signer


def load_signer(path: Path) -> Signer:
    """Read a key. One that others may read is no secret any more, and is refused."""
    if os.name == "posix" and path.stat().st_mode & EVERYBODY_ELSE:
        raise PermissionError(f"{path} may be read by others: chmod 600 it, or make a new key.")
    return parse_secret(path.read_text(encoding="utf-8").removesuffix("\n"))
