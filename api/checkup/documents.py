"""The documents: whether their place can be used, and holds what the register says it holds."""

from collections.abc import Iterable

import sqlalchemy as sa

from api.checkup.checks import Check, fault, ok
from api.checkup.visit import Visit
from services.blobs import StoreAwayError, open_blobs
from services.documents.store import documents

LOOKED_AT = 20


async def check_documents(visit: Visit) -> Iterable[Check]:
    """The place, and whether the newest documents are there. Their bytes are not read.

    After a restore from backups of different days it is the newest that are missing.
    """
    place = visit.settings.documents
    try:
        blobs = open_blobs(place, visit.settings.data)
        await blobs.check()
        newest = await _newest(visit)
        missing = [each for each in newest if not await blobs.holds(each)]
    except (StoreAwayError, ValueError) as reason:
        to_do = "Until it can, no document comes in or goes out."
        return [fault("documents", f"{place} cannot be used: {reason}.", to_do)]
    if missing:
        found = f"{place} lacks {len(missing)} of the newest {len(newest)}, {missing[0]} first."
        return [fault("documents", found, "Put the newest copy of the documents back.")]
    return [ok("documents", f"{place} can be used, and holds the newest {len(newest)}.")]


async def _newest(visit: Visit) -> list[str]:
    """The hashes of the documents that came last."""
    order = documents.c.received_at.desc(), documents.c.id.desc()
    query = sa.select(documents.c.sha256).order_by(*order).limit(LOOKED_AT)
    return list((await visit.connection.execute(query)).scalars())
