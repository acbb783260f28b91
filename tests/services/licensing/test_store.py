"""Rules the database says a second time, tried by writing around the code that says them first."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services.certificates.model import Scope
from services.certificates.store import get_certificate
from services.licensing.model import LicenseKind, LicenseStatus, NegotiationStatus
from services.licensing.store import (
    add_license,
    add_negotiation,
    get_license,
    licenses,
    licenses_under,
    negotiations,
    offers,
)
from tests.builders.licensing import a_license, a_negotiation
from tests.licenses import a_year_from_now, ask, license_under, publish
from tests.titles import certify, terms_of

HALF_A_YEAR = timedelta(days=180)
EXCLUSIVE, SOLE, NON_EXCLUSIVE = LicenseKind
ODD = 'a "quoted" \\ use'


class Standing(Exception):  # noqa: N818 - what was found, and a way to leave no trace of it.
    """Both were kept."""


def leave_no_trace():
    raise Standing


@pytest.fixture
async def offer(registry, certificate, holder):
    return await publish(registry, holder, certificate)


def a_negotiation_under(offer, licensee, number, status=NegotiationStatus.TERMINATED):
    return a_negotiation(
        id=f"negotiation_{number}",
        licensee_id=licensee.party_id,
        terms=replace(a_negotiation().terms, offer_id=offer.id),
        status=status,
        requested_at=offer.published_at,
        closed_at=None if status is NegotiationStatus.REQUESTED else offer.published_at,
    )


def a_license_under(offer, licensee, number, **changes):
    return a_license(
        id=f"license_{number}",
        certificate_id=offer.terms.certificate_id,
        negotiation_id=f"negotiation_{number}",
        licensee_id=licensee.party_id,
        granted_at=offer.published_at,
        **changes,
    )


async def both_can_stand(registry, offer, licensee, first, second) -> bool:
    """Whether the database keeps two licenses side by side; it is left as it was."""
    try:
        async with registry.deciding() as tx:
            for number, changes in enumerate((first, second)):
                await add_negotiation(tx, a_negotiation_under(offer, licensee, number))
                await add_license(tx, a_license_under(offer, licensee, number, **changes))
            leave_no_trace()
    except Standing:
        return True
    except IntegrityError as refused:
        assert "licenses that exclude others do not overlap" in str(refused)  # noqa: PT017
        return False


async def certificate_of(registry, offer):
    async with registry.reading() as tx:
        return await get_certificate(tx, offer.terms.certificate_id)


def scopes(registry) -> list[Scope]:
    """Scopes that differ in one dimension each, and some with awkward spellings."""
    base = a_year_from_now(registry)
    middle = base.begin + HALF_A_YEAR
    periods = [{}, {"end": middle}, {"begin": middle}]
    places = [(), ("CN",), ("CN-SH",), ("CN-S", "US"), ("CN-ZJ", "US-CA")]
    uses = [(), (ODD,), ("风控", "营销"), ("风", ODD + "!")]
    return [
        replace(base, **period, territories=frozenset(place), fields_of_use=frozenset(use))
        for period, place, use in product(periods, places, uses)
    ]


async def test_overlaps_are_what_the_model_says_they_are(registry, offer, licensee):
    every = scopes(registry)
    pairs = list(product(every, every))[::7]  # A seventh of them meets every dimension.
    met = [first.overlaps(second) for first, second in pairs]
    assert set(met) == {True, False}
    for (first, second), meet in zip(pairs, met, strict=True):
        sides = {"scope": first, "kind": EXCLUSIVE}, {"scope": second, "kind": NON_EXCLUSIVE}
        assert await both_can_stand(registry, offer, licensee, *sides) == (not meet), sides


@pytest.mark.parametrize(
    ("first", "second", "stand"),
    [
        (NON_EXCLUSIVE, NON_EXCLUSIVE, True),
        (NON_EXCLUSIVE, EXCLUSIVE, False),
        (NON_EXCLUSIVE, SOLE, False),
        (EXCLUSIVE, NON_EXCLUSIVE, False),
        (EXCLUSIVE, EXCLUSIVE, False),
        (EXCLUSIVE, SOLE, False),
        (SOLE, NON_EXCLUSIVE, False),
        (SOLE, EXCLUSIVE, False),
        (SOLE, SOLE, False),
    ],
)
async def test_the_exclusivity_algebra_stands_in_the_database(
    registry, offer, licensee, first, second, stand
):
    scope = a_year_from_now(registry)
    sides = {"kind": first, "scope": scope}, {"kind": second, "scope": scope}
    assert await both_can_stand(registry, offer, licensee, *sides) == stand


async def test_licenses_under_two_certificates_do_not_meet(
    registry, office, offer, holder, licensee
):
    first = await publish(registry, holder, await certificate_of(registry, offer), EXCLUSIVE)
    title = await certify(registry, office, holder, terms_of("另一产品"))
    second = await publish(registry, holder, title, EXCLUSIVE)
    granted = [await license_under(registry, holder, licensee, each) for each in (first, second)]
    async with registry.reading() as tx:
        assert [await licenses_under(tx, each.certificate_id) for each in granted] == [
            [each] for each in granted
        ]


async def test_a_terminated_license_leaves_its_scope_free(registry, offer, licensee):
    scope = a_year_from_now(registry)
    ended = {
        "kind": EXCLUSIVE,
        "scope": scope,
        "status": LicenseStatus.TERMINATED,
        "terminated_at": scope.begin,
    }
    running = {"kind": EXCLUSIVE, "scope": scope}
    assert await both_can_stand(registry, offer, licensee, ended, running)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": LicenseKind.EXCLUSIVE},
        {"territories": frozenset({"CN"})},
        {"fields_of_use": frozenset({"风控"})},
        {"price_minor": 1},
        {"ends_at": None},
    ],
)
async def test_a_granted_license_is_never_rewritten(registry, offer, holder, licensee, change):
    granted = await license_under(registry, holder, licensee, offer)
    change = {name: value or granted.scope.end + HALF_A_YEAR for name, value in change.items()}
    with pytest.raises(IntegrityError, match="a license stays as it was granted"):
        async with registry.deciding() as tx:
            await tx.connection.execute(licenses.update().values(**change))
    async with registry.reading() as tx:
        assert await get_license(tx, granted.id) == granted


async def test_a_terminated_license_stays_terminated(registry, offer, holder, licensee):
    granted = await license_under(registry, holder, licensee, offer)
    now = registry.clock.now()
    async with registry.deciding() as tx:
        ended = licenses.update().where(licenses.c.id == granted.id)
        await tx.connection.execute(ended.values(status="TERMINATED", terminated_at=now))
    with pytest.raises(IntegrityError, match="a license stays as it was granted"):
        async with registry.deciding() as tx:
            await tx.connection.execute(ended.values(status="ACTIVE", terminated_at=None))


async def test_two_open_requests_of_one_licensee_under_one_offer_cannot_be_kept(
    registry, offer, licensee
):
    await ask(registry, licensee, offer)
    second = a_negotiation_under(offer, licensee, 2, NegotiationStatus.REQUESTED)
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        async with registry.deciding() as tx:
            await add_negotiation(tx, second)


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        (offers, {"price_minor": -1}),
        (offers, {"status": "EXPIRED"}),
        (offers, {"status": "WITHDRAWN"}),
        (offers, {"ends_at": offers.c.begins_at}),
        (negotiations, {"closed_at": negotiations.c.requested_at}),
        (negotiations, {"ends_at": negotiations.c.begins_at}),
        (licenses, {"status": "IMPAIRED"}),
        (licenses, {"status": "TERMINATED"}),
        (licenses, {"granted_at": licenses.c.begins_at + sa.text("1")}),
    ],
)
async def test_what_a_row_must_not_say_is_not_kept(
    registry, offer, holder, licensee, table, changes
):
    await license_under(registry, holder, licensee, offer)
    await ask(registry, licensee, offer)
    open_ones = table.update()
    if table is negotiations:
        open_ones = open_ones.where(table.c.status == "REQUESTED")
    with pytest.raises(IntegrityError, match=r"(?i)check"):
        async with registry.deciding() as tx:
            await tx.connection.execute(open_ones.values(**changes))
