"""What may be read of chapter 7, and what could be granted."""

from services.licensing.views.grantability import GrantabilityQuestion, assess_license
from services.licensing.views.records import (
    LICENSE,
    LICENSES_OF_CERTIFICATE,
    NEGOTIATION,
    NEGOTIATIONS_OF_OFFER,
    OFFER,
    OFFERS_OF_CERTIFICATE,
    is_in_license,
    is_in_negotiation,
)

__all__ = [
    "LICENSE",
    "LICENSES_OF_CERTIFICATE",
    "NEGOTIATION",
    "NEGOTIATIONS_OF_OFFER",
    "OFFER",
    "OFFERS_OF_CERTIFICATE",
    "GrantabilityQuestion",
    "assess_license",
    "is_in_license",
    "is_in_negotiation",
]
