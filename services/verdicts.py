"""Verdicts: what would become of an act on a certificate, told before anybody tries it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.certificates.model import Certificate
from services.refusals import Refusal, RefusalCode


class Verdict(StrEnum):
    """What the rule of an act finds, short of who asks for it."""

    CLEAR = "CLEAR"
    NEEDS_CONSENT = "NEEDS_CONSENT"
    BLOCKED = "BLOCKED"


def verdict_of(refusals: Sequence[Refusal]) -> Verdict:
    """Nothing in the way, nothing but consents that can be asked for, or more than that."""
    if not refusals:
        return Verdict.CLEAR
    only_consents = all(refusal.code is RefusalCode.CONSENT_MISSING for refusal in refusals)
    return Verdict.NEEDS_CONSENT if only_consents else Verdict.BLOCKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The refusals an act on `certificate` would meet at `as_of`, as its own rule gives them."""

    certificate: Certificate
    refusals: Sequence[Refusal]
    as_of: datetime

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.refusals)
