"""The chain of a certificate: every act on it is recorded with how the certificate then stands."""

from datetime import datetime

from services.actors import Actor
from services.certificates.model import Certificate, Encumbrance, EncumbranceKind
from services.certificates.store.burdens import encumbrances
from services.certificates.store.title import raise_version
from services.recording import Facts, record
from services.registry import Transaction
from services.rows import rows_with

UNBURDENED = "none"


async def record_on_certificate(
    tx: Transaction,
    actor: Actor,
    certificate: Certificate,
    act: str,
    *,
    public: Facts | None = None,
    private: Facts | None = None,
) -> Certificate:
    """Record an act on a certificate's own chain and raise its version by one.

    How the certificate stands after the act is told by the first public facts of every event,
    always the same and in the same order, so that none can be concealed. What the act changes
    must be written before. At most six facts of the act's own fit beside them.
    """
    pledges, burdened_until = await _burdens_left(tx, certificate.id)
    after: Facts = {
        "status": certificate.status,
        "holder": certificate.holder_id,
        "effective_end": certificate.effective_end,
        "pledges": pledges,
        "burdened_until": burdened_until or UNBURDENED,
    }
    recorded = await record(
        tx, actor, act, certificate.number, public={**after, **(public or {})}, private=private
    )
    assert recorded.number == certificate.version, (recorded, certificate)
    return await raise_version(tx, certificate)


async def _burdens_left(tx: Transaction, certificate_id: str) -> tuple[int, datetime | None]:
    """How many pledges bind, and the latest end of all burdens that will end by themselves."""
    rows = await rows_with(tx, encumbrances, certificate_id=certificate_id)
    burdens = [
        burden for burden in (Encumbrance(**row) for row in rows) if burden.is_active(tx.now)
    ]
    pledges = sum(burden.kind is EncumbranceKind.PLEDGE for burden in burdens)
    ends = [burden.until for burden in burdens if burden.until is not None]
    return pledges, max(ends, default=None)
