"""The sweep: what time has already decided is recorded as events, each once.

Nothing rests on it. What has expired, closed or lapsed is so from its instant on, whether or not
that is recorded; the events only let those who follow the ledger hear of it.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from services.announcements import actions as announcements
from services.applications import actions as applications
from services.applications.store import applications_to_close, applications_to_lapse
from services.certificates import actions as certificates
from services.certificates.store import certificates_to_expire, freezes_to_lapse
from services.licensing import actions as licensing
from services.licensing.store import licenses_to_expire
from services.refusals import Refused
from services.registry import Registry, Transaction

logger = logging.getLogger(__name__)

AT_ONCE = 100


class Passed(NamedTuple):
    """Something that time decides: some of which it is due to be recorded, and how it is."""

    event: str
    due: Callable[[Transaction, int], Awaitable[list[str]]]
    record: Callable[[Registry, str], Awaitable[bool]]


# What ends before what it rests on is told first.
PASSED = (
    Passed("announcement-closed", applications_to_close, announcements.record_closing),
    Passed("application-lapsed", applications_to_lapse, applications.record_lapse),
    Passed("freeze-lapsed", freezes_to_lapse, certificates.record_lapse),
    Passed("license-expired", licenses_to_expire, licensing.record_license_expiry),
    Passed("certificate-expired", certificates_to_expire, certificates.record_expiry),
)


async def sweep(registry: Registry, most: int = AT_ONCE) -> dict[str, int]:
    """Record what is due, at most so many of each event, each in a transaction of its own.

    Gives how many events there were of each. What fails is logged and found again by the next
    sweep; a ledger that has ended records nothing any more.
    """
    recorded = dict.fromkeys((passed.event for passed in PASSED), 0)
    for passed in PASSED:
        async with registry.reading() as tx:
            due = await passed.due(tx, most)
        for record_id in due:
            try:
                recorded[passed.event] += await passed.record(registry, record_id)
            except Refused:
                return recorded
            except Exception:
                logger.exception("fault while %s was recorded of %s", passed.event, record_id)
    return recorded
