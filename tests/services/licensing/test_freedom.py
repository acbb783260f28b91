"""What lists say is grantable is what the rule of the grant says, whatever lies on the title."""

from datetime import timedelta

import pytest

from services.certificates.actions import give_consent, place_freeze, revoke_consent
from services.certificates.model import Operation
from services.certificates.store import add_encumbrance
from services.licensing.actions import terminate_license
from services.licensing.model import LicenseKind
from services.licensing.views import OFFER, GrantabilityQuestion, assess_license
from services.money import Currency, Money
from services.reading.records import Wanted, read_one, read_page
from services.verdicts import Verdict
from tests.builders.certificates import an_encumbrance, consent_terms, freeze_terms
from tests.founding import a_key
from tests.licenses import PRICE, license_under, publish
from tests.titles import certify, terms_of

DAY = timedelta(days=1)
EXCLUSIVE, SOLE, NON_EXCLUSIVE = LicenseKind


def of(registry, places="", uses="", days=(0, 200)) -> dict:
    """A scope in short: `of(registry, "CN-SH", "风控", (0, 100))`."""
    now = registry.clock.now()
    return {
        "begin": now + days[0] * DAY,
        "end": now + days[1] * DAY,
        "territories": frozenset(places.split()),
        "fields_of_use": frozenset(uses.split()),
    }


async def freely(case):
    del case


async def frozen(case):
    until = case.registry.clock.now() + DAY
    terms = freeze_terms(certificate_id=case.certificate.id, until=until)
    await place_freeze(case.registry, case.office, terms, a_key())


def pledged(*consents, revoked=False, used=False, days_later=0):
    """A pledge, and what its pledgee has consented to."""

    async def happen(case):
        burden = an_encumbrance(
            certificate_id=case.certificate.id,
            protects=case.bank.party_id,
            since=case.registry.clock.now(),
        )
        async with case.registry.deciding() as tx:
            await add_encumbrance(tx, burden)
        for conditions in consents:
            terms = consent_terms(encumbrance_id=burden.id, **conditions(case))
            given = await give_consent(case.registry, case.bank, terms, a_key())
            if revoked:
                await revoke_consent(case.registry, case.bank, given.id)
        if used:
            await license_under(case.registry, case.holder, case.licensee, case.offer)
        if days_later:
            case.registry.clock.advance(days_later * DAY)

    return happen


def to(operation=Operation.LICENSE, standing=True, **conditions):
    return lambda _: {"operation": operation, "standing": standing, **conditions}


def to_the_licensee(case):
    return {"standing": True, "counterparty_id": case.licensee.party_id}


def for_a_day(case):
    return {"standing": True, "until": case.registry.clock.now() + DAY}


def licensed(kind, *scope, ended=False, on_another=False):
    """A license of this kind and scope to the licensee."""

    async def happen(case):
        title = case.certificate
        if on_another:
            title = await certify(case.registry, case.office, case.holder, terms_of("另一产品"))
        scoped = of(case.registry, *scope)
        offer = await publish(case.registry, case.holder, title, kind, **scoped)
        granted = await license_under(case.registry, case.holder, case.licensee, offer)
        if ended:
            await terminate_license(case.registry, case.holder, granted.id, "样例理由")

    return happen


CLEAR, BLOCKED, ASK = Verdict.CLEAR, Verdict.BLOCKED, Verdict.NEEDS_CONSENT
DEARER = Money(PRICE.amount_minor + 1, Currency.CNY)
SHANGHAI = ("CN-SH", "风控 营销", (50, 100))

ROWS = [
    # The offer, what happens, the verdict for the public, and for the licensee.
    (NON_EXCLUSIVE, freely, CLEAR, CLEAR),
    (EXCLUSIVE, freely, CLEAR, CLEAR),
    (NON_EXCLUSIVE, frozen, BLOCKED, BLOCKED),
    (NON_EXCLUSIVE, pledged(), ASK, ASK),
    (NON_EXCLUSIVE, pledged(to()), CLEAR, CLEAR),
    (EXCLUSIVE, pledged(to()), ASK, ASK),
    (EXCLUSIVE, pledged(to(Operation.LICENSE_EXCLUSIVELY)), CLEAR, CLEAR),
    (NON_EXCLUSIVE, pledged(to(Operation.LICENSE_EXCLUSIVELY)), ASK, ASK),
    (NON_EXCLUSIVE, pledged(to(lowest_price=PRICE)), CLEAR, CLEAR),
    (NON_EXCLUSIVE, pledged(to(lowest_price=DEARER)), ASK, ASK),
    (NON_EXCLUSIVE, pledged(to(lowest_price=Money(1, Currency.USD))), ASK, ASK),
    (NON_EXCLUSIVE, pledged(to(), revoked=True), ASK, ASK),
    (NON_EXCLUSIVE, pledged(to(standing=False), used=True), ASK, ASK),
    (NON_EXCLUSIVE, pledged(for_a_day), CLEAR, CLEAR),
    (NON_EXCLUSIVE, pledged(for_a_day, days_later=1), ASK, ASK),
    (NON_EXCLUSIVE, pledged(to_the_licensee), ASK, CLEAR),
    (NON_EXCLUSIVE, licensed(NON_EXCLUSIVE, *SHANGHAI), CLEAR, CLEAR),
    *[
        row
        for offered, granted in [(NON_EXCLUSIVE, SOLE), (EXCLUSIVE, NON_EXCLUSIVE)]
        for row in [
            (offered, licensed(granted, *SHANGHAI), BLOCKED, BLOCKED),
            (offered, licensed(granted, *SHANGHAI, ended=True), CLEAR, CLEAR),
            (offered, licensed(granted, "CN", "", (0, 200)), BLOCKED, BLOCKED),
            (offered, licensed(granted, "CN-S CN-BJ", "", (0, 200)), CLEAR, CLEAR),
            (offered, licensed(granted, "", "科研", (0, 200)), CLEAR, CLEAR),
            (offered, licensed(granted, "", "科研 营销", (0, 200)), BLOCKED, BLOCKED),
            (offered, licensed(granted, "", "", (0, 50)), CLEAR, CLEAR),
            (offered, licensed(granted, "", "", (0, 51)), BLOCKED, BLOCKED),
            (offered, licensed(granted, "", "", (100, 200)), CLEAR, CLEAR),
            (offered, licensed(granted, "", "", (99, 200)), BLOCKED, BLOCKED),
            (offered, licensed(granted, *SHANGHAI, on_another=True), CLEAR, CLEAR),
        ]
    ],
]  # fmt: skip


class Case:
    """The parties, the title and the offer that things happen to."""

    def __init__(self, **named):
        self.__dict__.update(named)


@pytest.fixture
def case(registry, certificate, office, holder, licensee, bank):
    return Case(
        registry=registry,
        certificate=certificate,
        office=office,
        holder=holder,
        licensee=licensee,
        bank=bank,
    )


@pytest.mark.parametrize(("kind", "happens", "public", "own"), ROWS)
async def test_the_list_and_the_rule_agree(registry, case, kind, happens, public, own):
    scope = of(registry, *SHANGHAI)
    case.offer = await publish(registry, case.holder, case.certificate, kind, **scope)
    await happens(case)

    question = GrantabilityQuestion(scope=case.offer.terms.scope, offer_id=case.offer.id)
    answers = [await assess_license(registry, who, question) for who in (None, case.licensee)]
    assert [answer.verdict for answer in answers] == [public, own]
    for who, verdict in ((None, public), (case.licensee, own)):
        assert await listed(registry, who, case.offer, grantable=True) == (verdict is CLEAR)
        assert await listed(registry, who, case.offer, grantable=False) == (verdict is not CLEAR)


async def listed(registry, who, offer, *, grantable):
    """Whether a filtered list holds the offer, and the offer itself says so too."""
    wanted = Wanted(criteria={"grantable": grantable})
    async with registry.reading() as tx:
        page = await read_page(tx, who, OFFER, wanted, first=10)
        shown = await read_one(tx, who, OFFER, id=offer.id)
    found = offer.id in [record["id"] for record in page.records]
    assert found == (shown["grantable"] == grantable)
    return found


async def test_a_part_of_a_country_and_the_whole_of_it_meet_both_ways(registry, case):
    offer = await publish(
        registry, case.holder, case.certificate, **of(registry, "CN", "", (0, 200))
    )
    assert await listed(registry, None, offer, grantable=True)
    await licensed(EXCLUSIVE, "CN-SH", "", (0, 200))(case)
    assert not await listed(registry, None, offer, grantable=True)
