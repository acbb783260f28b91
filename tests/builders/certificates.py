"""Certificates, burdens and consents for tables of rules: in order unless you say otherwise."""

from dataclasses import replace
from datetime import UTC, datetime

from services.applications.model import ProductKind
from services.certificates.model import (
    Certificate,
    CertificateStatus,
    Consent,
    ConsentTerms,
    Encumbrance,
    EncumbranceKind,
    Freeze,
    FreezeKind,
    FreezeTerms,
    Operation,
    Scope,
)

ISSUED = datetime(2025, 1, 5, tzinfo=UTC)
NOW = datetime(2026, 1, 5, tzinfo=UTC)
LATER = datetime(2027, 1, 5, tzinfo=UTC)
END = datetime(2028, 1, 5, tzinfo=UTC)
FAR = datetime(2030, 1, 5, tzinfo=UTC)


def a_certificate(**changes) -> Certificate:
    certificate = Certificate(
        id="certificate_1",
        number="20250131000000001",
        application_id="application_1",
        holder_id="party_holder",
        product_name="样例产品",
        kind=ProductKind.PRODUCT,
        industry="finance",
        content_hash="0" * 64,
        profile="SH-2024/1",
        status=CertificateStatus.ACTIVE,
        issued_at=ISSUED,
        valid_until=END,
        source_authorised_until=None,
        version=3,
    )
    return replace(certificate, **changes)


def an_ended_certificate(status: CertificateStatus) -> Certificate:
    return a_certificate(status=status, ended_at=ISSUED, ended_because="样例")


def a_scope(**changes) -> Scope:
    return replace(Scope(begin=NOW, end=LATER), **changes)


def an_encumbrance(**changes) -> Encumbrance:
    """A pledge, unless another kind is named."""
    encumbrance = Encumbrance(
        id="encumbrance_1",
        certificate_id="certificate_1",
        kind=EncumbranceKind.PLEDGE,
        instrument_id="pledge_1",
        protects="party_bank",
        since=ISSUED,
    )
    return replace(encumbrance, **changes)


def a_freeze_burden(**changes) -> Encumbrance:
    frozen = an_encumbrance(
        id="encumbrance_2",
        kind=EncumbranceKind.FREEZE,
        instrument_id="freeze_1",
        protects=None,
        until=LATER,
    )
    return replace(frozen, **changes)


def consent_terms(**changes) -> ConsentTerms:
    terms = ConsentTerms(encumbrance_id="encumbrance_1", operation=Operation.LICENSE)
    return replace(terms, **changes)


def a_consent(terms: ConsentTerms | None = None, **changes) -> Consent:
    consent = Consent(
        id="consent_1",
        certificate_id="certificate_1",
        given_by="party_bank",
        given_at=ISSUED,
        terms=terms or consent_terms(),
    )
    return replace(consent, **changes)


def freeze_terms(**changes) -> FreezeTerms:
    terms = FreezeTerms(
        certificate_id="certificate_1",
        kind=FreezeKind.COURT_PRESERVATION,
        authority="样例法院",
        instrument_number="(2026)沪样1号",
        until=LATER,
    )
    return replace(terms, **changes)


def a_freeze(**changes) -> Freeze:
    return replace(Freeze(id="freeze_1", terms=freeze_terms(), placed_at=ISSUED), **changes)
