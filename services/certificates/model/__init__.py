"""The nouns of chapter 5: certificate, encumbrance, consent, and the scopes they speak of."""

from services.certificates.model.burdens import (
    EFFECTS,
    Attempt,
    Burdens,
    Consent,
    ConsentTerms,
    Effect,
    Encumbrance,
    EncumbranceKind,
    Freeze,
    FreezeKind,
    FreezeTerms,
    Operation,
)
from services.certificates.model.scope import Scope
from services.certificates.model.title import (
    TRANSITIONS,
    Certificate,
    CertificateEvent,
    CertificateStatus,
    Limit,
    certificate_number,
)

__all__ = [
    "EFFECTS",
    "TRANSITIONS",
    "Attempt",
    "Burdens",
    "Certificate",
    "CertificateEvent",
    "CertificateStatus",
    "Consent",
    "ConsentTerms",
    "Effect",
    "Encumbrance",
    "EncumbranceKind",
    "Freeze",
    "FreezeKind",
    "FreezeTerms",
    "Limit",
    "Operation",
    "Scope",
    "certificate_number",
]
