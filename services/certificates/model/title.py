"""The certificate: who holds title to which product, from when, until when."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Self

from services.applications.model import ProductKind
from services.periods import legal_day


class CertificateStatus(StrEnum):
    """The lifecycle. EXPIRED is never stored: it is a fact about a moment, so it is asked."""

    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REVOKED = "REVOKED"


class CertificateEvent(StrEnum):
    CANCELLED = "CANCELLED"
    REVOKED = "REVOKED"


TRANSITIONS: dict[tuple[CertificateStatus, CertificateEvent], CertificateStatus] = {
    (CertificateStatus.ACTIVE, CertificateEvent.CANCELLED): CertificateStatus.CANCELLED,
    (CertificateStatus.ACTIVE, CertificateEvent.REVOKED): CertificateStatus.REVOKED,
}


class Limit(StrEnum):
    """What decides when a certificate's effect ends."""

    VALIDITY = "VALIDITY"
    SOURCE_AUTHORISATION = "SOURCE_AUTHORISATION"
    CANCELLATION = "CANCELLATION"
    REVOCATION = "REVOCATION"


SERIALS = 10_000_000


def certificate_number(issued_at: datetime, registry_code: str, serial: int) -> str:
    """The national shape of 17 digits: year 4, month 2, registry 4, serial 7."""
    assert 0 < serial < SERIALS, serial
    return f"{legal_day(issued_at):%Y%m}{registry_code}{serial:07}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """In force from `issued_at` up to, and not including, its effective end.

    `version` counts the events recorded on it. `source_authorised_until` is the instant at
    which the authorisation of the source data ends, if the rule profile lets that bind. That it
    has expired is recorded at `expiry_recorded_at`, some time after it was so.
    """

    id: str
    number: str
    application_id: str
    holder_id: str
    product_name: str
    kind: ProductKind
    industry: str
    content_hash: str
    profile: str
    status: CertificateStatus
    issued_at: datetime
    valid_until: datetime
    source_authorised_until: datetime | None
    version: int = 0
    ended_at: datetime | None = None
    ended_because: str | None = None
    expiry_recorded_at: datetime | None = None

    def __post_init__(self) -> None:
        assert self.issued_at < self.valid_until, self

    @property
    def effective_end(self) -> datetime:
        """The earliest of all that can end it."""
        ends = (self.valid_until, self.source_authorised_until, self.ended_at)
        return min(end for end in ends if end is not None)

    @property
    def binding_limit(self) -> Limit:
        """Which of the limits is the effective end."""
        if self.ended_at == self.effective_end:
            ended = self.status is CertificateStatus.CANCELLED
            return Limit.CANCELLATION if ended else Limit.REVOCATION
        if self.source_authorised_until == self.effective_end:
            return Limit.SOURCE_AUTHORISATION
        return Limit.VALIDITY

    def effective_status(self, now: datetime) -> CertificateStatus:
        if self.status is CertificateStatus.ACTIVE and now >= self.effective_end:
            return CertificateStatus.EXPIRED
        return self.status

    def is_in_force(self, now: datetime) -> bool:
        return self.effective_status(now) is CertificateStatus.ACTIVE

    def is_held_by(self, party_id: str) -> bool:
        return self.holder_id == party_id

    @property
    def allowed_events(self) -> list[CertificateEvent]:
        return [event for status, event in TRANSITIONS if status is self.status]

    def after(self, event: CertificateEvent, at: datetime, because: str) -> Self:
        assert (self.status, event) in TRANSITIONS, (self.status, event)
        status = TRANSITIONS[self.status, event]
        return replace(self, status=status, ended_at=at, ended_because=because)

    @property
    def certificate_hash(self) -> str:
        """SHA-256 in hex of what the certificate said when it was issued, as canonical JSON."""
        said = {
            "content_hash": self.content_hash,
            "holder": self.holder_id,
            "issued_at": self.issued_at.isoformat(),
            "kind": self.kind,
            "number": self.number,
            "product": self.product_name,
            "valid_until": self.valid_until.isoformat(),
        }
        text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()
