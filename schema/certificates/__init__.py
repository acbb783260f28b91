"""Certificates in the contract: titles and their burdens, and the acts on both."""

from schema.certificates.acts import CertificateMutations
from schema.certificates.burdens import Consent, Encumbrance, Freeze
from schema.certificates.changes import (
    CertificateChangeQueries,
    CertificateChangeSubscriptions,
)
from schema.certificates.title import Certificate, CertificateQueries

__all__ = [
    "Certificate",
    "CertificateChangeQueries",
    "CertificateChangeSubscriptions",
    "CertificateMutations",
    "CertificateQueries",
    "Consent",
    "Encumbrance",
    "Freeze",
]
