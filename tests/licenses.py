"""Offers and licenses for tests, made through the acts."""

from datetime import timedelta

from services.actors import Actor
from services.certificates.model import Certificate, Scope
from services.certificates.store import get_certificate
from services.licensing.actions import grant_license, publish_offer, request_license
from services.licensing.model import (
    GrantTerms,
    License,
    LicenseKind,
    Negotiation,
    Offer,
    OfferTerms,
    RequestTerms,
)
from services.money import Currency, Money
from services.registry import Registry
from tests.founding import a_key

YEAR = timedelta(days=365)
PRICE = Money(5_000_000, Currency.CNY)


def a_year_from_now(registry: Registry, **changes) -> Scope:
    now = registry.clock.now()
    return Scope(**({"begin": now, "end": now + YEAR} | changes))


async def publish(
    registry: Registry,
    holder: Actor,
    certificate: Certificate,
    kind: LicenseKind = LicenseKind.NON_EXCLUSIVE,
    **scope,
) -> Offer:
    terms = OfferTerms(
        certificate_id=certificate.id,
        kind=kind,
        scope=a_year_from_now(registry, **scope),
        price=PRICE,
        name="样例许可",
        description="样例条款",
    )
    return await publish_offer(registry, holder, terms, a_key())


async def ask(registry: Registry, licensee: Actor, offer: Offer, **scope) -> Negotiation:
    """Ask for all of an offer, or for the part that is named."""
    asked = {
        "begin": offer.terms.scope.begin,
        "end": offer.terms.scope.end,
        "territories": offer.terms.scope.territories,
        "fields_of_use": offer.terms.scope.fields_of_use,
    }
    terms = RequestTerms(offer_id=offer.id, scope=Scope(**(asked | scope)))
    return await request_license(registry, licensee, terms, a_key())


async def grant(registry: Registry, holder: Actor, negotiation: Negotiation, seen: int) -> License:
    terms = GrantTerms(negotiation_id=negotiation.id, expected_version=seen)
    return await grant_license(registry, holder, terms, a_key())


async def license_under(
    registry: Registry, holder: Actor, licensee: Actor, offer: Offer, **scope
) -> License:
    """Ask for a license and grant it."""
    negotiation = await ask(registry, licensee, offer, **scope)
    seen = await version_of(registry, offer.terms.certificate_id)
    return await grant(registry, holder, negotiation, seen)


async def version_of(registry: Registry, certificate_id: str) -> int:
    async with registry.reading() as tx:
        return (await get_certificate(tx, certificate_id)).version
