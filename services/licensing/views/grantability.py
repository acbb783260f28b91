"""What would become of a license somebody wants: the rule of the grant, asked in advance."""

from dataclasses import dataclass

from services.actors import Actor
from services.certificates.model import Certificate, Scope
from services.certificates.store import burdens_on, get_certificate
from services.licensing.model import LicenseKind, Offer, Situation, Wanted, not_before
from services.licensing.rules import require_grantable
from services.licensing.store import get_offer, licenses_under
from services.licensing.views.records import OFFER
from services.money import Money
from services.reading.records import read_one
from services.registry import Registry, Transaction
from services.verdicts import Assessment


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantabilityQuestion:
    """A license under an offer or, with none published, under a certificate.

    Kind and price not named are the offer's; without an offer the kind is NON_EXCLUSIVE (SPC
    Technology Contract Interpretation, Art. 25) and the price open.
    """

    scope: Scope
    offer_id: str | None = None
    certificate_id: str | None = None
    kind: LicenseKind | None = None
    price: Money | None = None
    licensee_id: str | None = None


async def assess_license(
    registry: Registry, actor: Actor | None, question: GrantabilityQuestion
) -> Assessment | None:
    """What a grant would find now (rule 7.8), apart from who grants and who holds the request.

    None when offer or certificate is not open to the asker, and when the question is about a
    licensee for whom the asker cannot speak, or a price only the holder could offer: a consent
    may be given for one licensee alone, or from a price on that is nobody else's business.
    """
    async with registry.reading() as tx:
        situation = await _situation(tx, actor, question)
        if situation is None or not _may_ask(actor, question, situation.certificate):
            return None
        wanted = _wanted(tx, actor, question, situation)
        return Assessment(
            certificate=situation.certificate,
            refusals=require_grantable(situation, wanted, tx.now),
            as_of=tx.now,
        )


async def _situation(
    tx: Transaction, actor: Actor | None, question: GrantabilityQuestion
) -> Situation | None:
    offer = await _offer(tx, actor, question.offer_id)
    certificate_id = offer.terms.certificate_id if offer else question.certificate_id
    certificate = await get_certificate(tx, certificate_id) if certificate_id else None
    if certificate is None or (question.offer_id and offer is None):
        return None
    return Situation(
        certificate=certificate,
        burdens=await burdens_on(tx, certificate.id),
        licenses=await licenses_under(tx, certificate.id),
        offer=offer,
    )


async def _offer(tx: Transaction, actor: Actor | None, offer_id: str | None) -> Offer | None:
    seen = offer_id and await read_one(tx, actor, OFFER, id=offer_id)
    return await get_offer(tx, offer_id) if seen and offer_id else None


def _may_ask(actor: Actor | None, question: GrantabilityQuestion, certificate: Certificate) -> bool:
    """Who tries licensees or prices nobody offered could find out what a pledgee consented to."""
    named = question.licensee_id
    if named is None and question.price is None:
        return True
    if actor is None:
        return False
    if certificate.is_held_by(actor.party_id) or actor.is_of_the_office:
        return True
    return question.price is None and named is not None and actor.acts_for(named)


def _wanted(
    tx: Transaction, actor: Actor | None, question: GrantabilityQuestion, situation: Situation
) -> Wanted:
    """What is asked about. A licensee not named is the asker, unless the holder asks."""
    asker = actor.party_id if actor else None
    licensee = None if situation.certificate.holder_id == asker else asker
    offered = situation.offer.terms if situation.offer else None
    return Wanted(
        kind=question.kind or (offered.kind if offered else LicenseKind.NON_EXCLUSIVE),
        scope=not_before(question.scope, tx.now),
        price=question.price or (offered.price if offered else None),
        licensee_id=question.licensee_id or licensee,
    )
