"""Pledges for tests, made through the acts: placed, confirmed, consented to."""

from dataclasses import replace

from services.actors import Actor
from services.certificates.actions import give_consent
from services.certificates.model import (
    Burdens,
    Certificate,
    Consent,
    ConsentTerms,
    Encumbrance,
    Operation,
)
from services.certificates.store import burdens_on, get_certificate
from services.pledges.actions import confirm_pledge, place_pledge
from services.pledges.model import Pledge, PledgeTerms
from services.registry import Registry
from tests.builders.pledges import DEBT, DUE
from tests.founding import a_key


async def version_of(registry: Registry, certificate: Certificate) -> int:
    async with registry.reading() as tx:
        stored = await get_certificate(tx, certificate.id)
    assert stored is not None
    return stored.version


async def burdens_of(registry: Registry, certificate: Certificate) -> Burdens:
    async with registry.reading() as tx:
        return await burdens_on(tx, certificate.id)


async def burden_of(registry: Registry, pledge: Pledge) -> Encumbrance:
    """The encumbrance a registered pledge has laid on its certificate."""
    async with registry.reading() as tx:
        burdens = await burdens_on(tx, pledge.certificate_id)
    (burden,) = [e for e in burdens.encumbrances if e.instrument_id == pledge.id]
    return burden


async def placed(
    registry: Registry, certificate: Certificate, holder: Actor, lender: Actor, **changes
) -> Pledge:
    """A pledge on the certificate as it is now, which the lender has yet to confirm."""
    terms = PledgeTerms(
        certificate_id=certificate.id,
        pledgee_id=lender.party_id,
        secured_amount=DEBT,
        matures_on=DUE,
        expected_version=await version_of(registry, certificate),
    )
    return await place_pledge(registry, holder, replace(terms, **changes), a_key())


async def registered(
    registry: Registry, certificate: Certificate, holder: Actor, lender: Actor, **changes
) -> Pledge:
    pledge = await placed(registry, certificate, holder, lender, **changes)
    version = await version_of(registry, certificate)
    return await confirm_pledge(registry, lender, pledge.id, version)


async def consented(
    registry: Registry, pledge: Pledge, pledgee: Actor, operation: Operation, **changes
) -> Consent:
    """The pledgee's consent to an act that the pledge closes."""
    burden = await burden_of(registry, pledge)
    terms = ConsentTerms(encumbrance_id=burden.id, operation=operation)
    return await give_consent(registry, pledgee, replace(terms, **changes), a_key())
