"""The act of erasing."""

from ledger.checking.life import OPENINGS_ERASED, STANDING_FACTS
from ledger.formats.fields import AT, KIND
from ledger.keeping.erasing import erase_facts as erase_recorded
from ledger.keeping.erasing import facts_of_event
from services.actors import Actor
from services.certificates.model import Certificate
from services.certificates.store import lock_certificate_with_number, record_on_certificate
from services.erasures.model import ErasureTerms
from services.erasures.rules import refusals_to_erase_facts
from services.locks import lock_names
from services.recording import record
from services.refusals import found, raise_if_refused
from services.registry import Registry, Transaction
from services.retrying import retried

# A proof opens kind and instant of every event, and replays the life of a certificate.
KEPT = frozenset({KIND, AT}) | STANDING_FACTS


@retried
async def erase_facts(registry: Registry, actor: Actor, terms: ErasureTerms) -> frozenset[str]:
    """Erase facts of an event for good (rule 9.1), and give the names of those erased now.

    That something was erased is recorded on the subject, and nothing of what. Facts erased
    before are left as they are; when there are no others, nothing happens.
    """
    async with registry.deciding() as tx:
        certificate = await lock_certificate_with_number(tx, terms.subject)
        if certificate is None:
            await lock_names(tx, subject=terms.subject)
        facts = found(
            await facts_of_event(tx.connection, terms.subject, terms.number), "subject", "number"
        )
        recorded = facts.readable | facts.erased
        raise_if_refused(refusals_to_erase_facts(terms, recorded, STANDING_FACTS, actor))

        names = terms.names & facts.readable
        if names:
            await _record(tx, actor, certificate, terms.subject)
            await erase_recorded(tx.connection, facts, names, tx.now)
        return names


async def _record(
    tx: Transaction, actor: Actor, certificate: Certificate | None, subject: str
) -> None:
    if certificate is None:
        await record(tx, actor, OPENINGS_ERASED, subject)
    else:
        await record_on_certificate(tx, actor, certificate, OPENINGS_ERASED)
