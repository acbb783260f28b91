"""What is kept of chapter 5, and how rows become models."""

from services.certificates.store.burdens import (
    add_consent,
    add_encumbrance,
    add_freeze,
    burdens_on,
    consents,
    consume_consents,
    encumbrances,
    freezes,
    get_consent,
    get_encumbrance,
    get_freeze,
    lift_encumbrance,
    lift_freeze_row,
    revoke_consent_row,
)
from services.certificates.store.chain import record_on_certificate
from services.certificates.store.title import (
    add_certificate,
    certificate_of_application,
    certificate_with_number,
    certificates,
    get_certificate,
    next_serial,
    save_certificate,
)

__all__ = [
    "add_certificate",
    "add_consent",
    "add_encumbrance",
    "add_freeze",
    "burdens_on",
    "certificate_of_application",
    "certificate_with_number",
    "certificates",
    "consents",
    "consume_consents",
    "encumbrances",
    "freezes",
    "get_certificate",
    "get_consent",
    "get_encumbrance",
    "get_freeze",
    "lift_encumbrance",
    "lift_freeze_row",
    "next_serial",
    "record_on_certificate",
    "revoke_consent_row",
    "save_certificate",
]
