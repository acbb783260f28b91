"""Permits to upload: sealed by this register, so that nothing is kept of what may never come."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.actors import Actor

SECRET_SIZE = 32
NONCE_SIZE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPermit:
    """One document of this name, brought by or for this member. `nonce` tells permits apart."""

    subject: str
    party_id: str
    name: str
    nonce: str
    expires_at: datetime

    def has_expired(self, now: datetime) -> bool:
        return now >= self.expires_at


class Permits:
    """Issues permits and knows its own again. `limit` is the largest document, in bytes."""

    def __init__(self, secret: bytes, limit: int) -> None:
        assert len(secret) == SECRET_SIZE, "the secret has the size of the hash"
        self._secret = secret
        self.limit = limit

    def issue(self, actor: Actor, name: str, expires_at: datetime) -> str:
        """A permit fit for a path: what it says in JSON and base64url, a dot, its seal in hex."""
        permit = UploadPermit(
            subject=actor.subject,
            party_id=actor.party_id,
            name=name,
            nonce=secrets.token_hex(NONCE_SIZE),
            expires_at=expires_at,
        )
        told = urlsafe_b64encode(msgspec.json.encode(permit)).decode()
        return f"{told}.{self._seal(told)}"

    def open(self, permit: str) -> UploadPermit | None:
        """What a permit says, also of one that has expired; None when its seal is not ours."""
        told, _, seal = permit.partition(".")
        if not hmac.compare_digest(self._seal(told).encode(), seal.encode()):
            return None
        return msgspec.json.decode(urlsafe_b64decode(told), type=UploadPermit)

    def _seal(self, told: str) -> str:
        return hmac.digest(self._secret, told.encode(), "sha256").hex()
