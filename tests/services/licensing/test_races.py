"""What is scarce: one exclusive scope, many who want it. Fifty rounds of eight rivals."""

import asyncio
from dataclasses import replace

import pytest

from services.actors import Role
from services.licensing.model import License, LicenseKind
from services.licensing.store import licenses_under
from services.refusals import RefusalCode, Refused
from services.registry import open_engine
from tests.founding import enter_party
from tests.ledger_counts import size_of_ledger
from tests.licenses import ask, grant, publish, version_of

ROUNDS, RIVALS = 50, 8
# What each rival wants: different places, all of which meet in Shanghai.
PLACES = [(), ("CN",), ("CN-SH",), ("CN", "US"), ("CN-SH", "US"), ("CN-SH", "CN-BJ")] * 2


@pytest.fixture
async def rivals(registry, office):
    names = [f"样例竞争者{n}" for n in range(RIVALS)]
    return [await enter_party(registry, office, name, Role.LICENSEE) for name in names]


@pytest.fixture
async def second_door(registry, database):
    """Another process's registry on the same database: it shares no lock with the first."""
    door = replace(registry, engine=open_engine(database))
    yield door
    await door.close()


async def test_an_exclusive_scope_is_granted_once_however_many_want_it(
    registry, second_door, certificate, holder, rivals
):
    winners = []
    for n in range(ROUNDS):
        scope = {"fields_of_use": frozenset({f"用途{n}"})}
        kind = (LicenseKind.EXCLUSIVE, LicenseKind.SOLE)[n % 2]
        offer = await publish(registry, holder, certificate, kind, **scope)
        wanted = [
            await ask(registry, rival, offer, territories=frozenset(places))
            for rival, places in zip(rivals, PLACES[n % 4 :], strict=False)
        ]
        seen = await version_of(registry, certificate.id)
        before = await size_of_ledger(registry)

        doors = [registry, second_door] * (RIVALS // 2)
        pairs = zip(doors, wanted, strict=True)
        attempts = [grant(door, holder, negotiation, seen) for door, negotiation in pairs]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)

        winners += [outcome for outcome in outcomes if isinstance(outcome, License)]
        lost = [[r.code for r in o.refusals] for o in outcomes if isinstance(o, Refused)]
        assert lost == [[RefusalCode.CERTIFICATE_HAS_MOVED_ON, RefusalCode.ENCUMBRANCE_FORBIDS]] * (
            RIVALS - 1
        )
        assert len(winners) == n + 1
        assert await size_of_ledger(registry) == before + 1

    async with registry.reading() as tx:
        assert {each.id for each in await licenses_under(tx, certificate.id)} == {
            winner.id for winner in winners
        }


async def test_a_loser_who_looks_again_is_told_of_the_license_alone(
    registry, certificate, holder, rivals
):
    offer = await publish(registry, holder, certificate, LicenseKind.SOLE)
    first, second = [await ask(registry, rival, offer) for rival in rivals[:2]]
    await grant(registry, holder, first, await version_of(registry, certificate.id))
    with pytest.raises(Refused) as refused:
        await grant(registry, holder, second, await version_of(registry, certificate.id))
    assert [r.code for r in refused.value.refusals] == [RefusalCode.ENCUMBRANCE_FORBIDS]
