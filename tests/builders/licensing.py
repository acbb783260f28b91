"""Offers, requests and licenses for tables of rules: in order unless you say otherwise."""

from dataclasses import replace

from services.certificates.model import Burdens
from services.licensing.model import (
    License,
    LicenseKind,
    LicenseStatus,
    Negotiation,
    NegotiationStatus,
    Offer,
    OfferStatus,
    OfferTerms,
    RequestTerms,
    Situation,
    Wanted,
)
from services.money import Currency, Money
from tests.builders.certificates import ISSUED, a_certificate, a_scope

PRICE = Money(5_000_000, Currency.CNY)


def offer_terms(**changes) -> OfferTerms:
    terms = OfferTerms(
        certificate_id="certificate_1",
        kind=LicenseKind.NON_EXCLUSIVE,
        scope=a_scope(),
        price=PRICE,
        name="样例许可",
        description="样例条款",
    )
    return replace(terms, **changes)


def an_offer(terms: OfferTerms | None = None, **changes) -> Offer:
    offer = Offer(
        id="offer_1",
        terms=terms or offer_terms(),
        status=OfferStatus.PUBLISHED,
        published_at=ISSUED,
    )
    return replace(offer, **changes)


def a_withdrawn_offer() -> Offer:
    return an_offer(status=OfferStatus.WITHDRAWN, withdrawn_at=ISSUED)


def a_negotiation(**changes) -> Negotiation:
    negotiation = Negotiation(
        id="negotiation_1",
        licensee_id="party_licensee",
        terms=RequestTerms(offer_id="offer_1", scope=a_scope()),
        status=NegotiationStatus.REQUESTED,
        requested_at=ISSUED,
    )
    return replace(negotiation, **changes)


def wanted(**changes) -> Wanted:
    base = Wanted(
        kind=LicenseKind.NON_EXCLUSIVE,
        scope=a_scope(),
        price=PRICE,
        licensee_id="party_licensee",
    )
    return replace(base, **changes)


def a_license(**changes) -> License:
    """A running non-exclusive license of somebody else, unless another kind is named."""
    granted = License(
        id="license_1",
        certificate_id="certificate_1",
        negotiation_id="negotiation_1",
        licensee_id="party_rival",
        kind=LicenseKind.NON_EXCLUSIVE,
        scope=a_scope(),
        price=PRICE,
        status=LicenseStatus.ACTIVE,
        granted_at=ISSUED,
    )
    return replace(granted, **changes)


def a_terminated_license(**changes) -> License:
    ended = {"status": LicenseStatus.TERMINATED, "terminated_at": ISSUED}
    return a_license(**(ended | changes))


def a_situation(**changes) -> Situation:
    situation = Situation(certificate=a_certificate(), burdens=Burdens(), offer=an_offer())
    return replace(situation, **changes)
