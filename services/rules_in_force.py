"""The log says by which rules it was kept: each rule profile in force is recorded in it once."""

from collections.abc import Iterable
from hashlib import sha256

from ledger.formats.hashing import Hash
from ledger.keeping.policies import record_policies, unrecorded
from services.profiles import PROFILES, RuleProfile
from services.registry import Registry


async def record_rules_in_force(
    registry: Registry, profiles: Iterable[RuleProfile] = tuple(PROFILES.values())
) -> None:
    """Record the profiles that are not recorded yet, or were recorded with other numbers.

    A log that has ended records nothing any more.
    """
    digests = {each.name: Hash(sha256(each.canonical()).digest()) for each in profiles}
    async with registry.reading() as tx:
        if not await unrecorded(tx.connection, digests):
            return
    async with registry.deciding() as tx:
        await record_policies(tx.connection, digests, tx.now)
