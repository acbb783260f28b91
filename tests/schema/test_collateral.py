"""A certificate as collateral and on a list, as the contract shows it to each who asks."""

from datetime import timedelta

import pytest

from schema import schema
from schema.context import Context
from services.listings.actions import admit_listing
from tests.collateral import placed, registered, version_of
from tests.founding import a_key
from tests.ledger_counts import size_of_ledger
from tests.licenses import license_under, publish

PLACE = """
mutation ($input: PlacePledgeInput!) {
  placePledge(input: $input) {
    pledge { id status rank securedAmount { amountMinor currency } }
    userErrors { code path }
  }
}"""
CONFIRM = """
mutation ($input: ConfirmPledgeInput!) {
  confirmPledge(input: $input) { pledge { status rank sequence } userErrors { code } }
}"""
RELEASE = """
mutation ($input: ReleasePledgeInput!) {
  releasePledge(input: $input) { pledge { status rank releaseReason } userErrors { code } }
}"""
REPORT = """
query ($by: CertificateBy!, $due: Day!) {
  collateralReport(by: $by, maturesOn: $due) {
    asOf ledgerPosition certificateVersion effectiveStatus effectiveEnd bindingLimit
    holder { name }
    certificate { number }
    pledges { rank pledgee { name } securedAmount { amountMinor } maturesOn registeredAt }
    rankIfRegisteredNow
    encumbrances { kind protectedParty { name } }
    freezes { authority }
    licenses { kind effectiveStatus licensee { name } price { amountMinor } }
    listings { mode status exchange { name } }
    feasibility { verdict certificateVersion reasons { code legalBasis record { kind } } }
    coverageStatement
    evidentiaryStatement
  }
}"""
REQUEST = """
mutation ($input: RequestListingInput!) {
  requestListing(input: $input) { listing { id status } userErrors { code } }
}"""
ELIGIBLE = """
query ($by: CertificateBy!, $exchange: ID!) {
  listingEligibility(by: $by, exchangeId: $exchange, mode: LICENSING) {
    verdict asOf certificateVersion effectiveStatus effectiveEnd bindingLimit reasons { code }
  }
}"""


@pytest.fixture
def ask(registry):
    async def run(actor, document, **variables):
        context = Context(registry=registry, actor=actor)
        result = await schema.execute(document, variables, context_value=context)
        assert result.errors is None, result.errors
        return result.data

    return run


def a_pledge_of(certificate, bank, **changes):
    given = {
        "idempotencyKey": a_key(),
        "certificateId": certificate.id,
        "pledgeeId": bank.party_id,
        "securedAmount": {"amountMinor": "500000000", "currency": "CNY"},
        "maturesOn": "2027-06-30",
        "expectedVersion": certificate.version,
    }
    return given | changes


async def test_a_pledge_is_placed_confirmed_and_released(ask, certificate, holder, bank):
    said = (await ask(holder, PLACE, input=a_pledge_of(certificate, bank)))["placePledge"]
    pledge = said["pledge"]
    assert said["userErrors"] == []
    assert (pledge["status"], pledge["rank"]) == ("SUBMITTED", None)
    assert pledge["securedAmount"] == {"amountMinor": "500000000", "currency": "CNY"}

    given = {"pledgeId": pledge["id"], "expectedVersion": certificate.version + 1}
    assert (await ask(bank, CONFIRM, input=given))["confirmPledge"] == {
        "pledge": {"status": "REGISTERED", "rank": 1, "sequence": 1},
        "userErrors": [],
    }
    given = {"pledgeId": pledge["id"], "reason": "PAID"}
    assert (await ask(bank, RELEASE, input=given))["releasePledge"] == {
        "pledge": {"status": "DISCHARGED", "rank": None, "releaseReason": "PAID"},
        "userErrors": [],
    }


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"maturesOn": "9000-12-31"}, "PLEDGE_OUTLIVES_CERTIFICATE", ["maturesOn"]),
        ({"maturesOn": "1900-01-01"}, "MATURITY_IN_THE_PAST", ["maturesOn"]),
        (
            {"securedAmount": {"amountMinor": "-9223372036854775807", "currency": "CNY"}},
            "AMOUNT_NOT_POSITIVE",
            ["securedAmount", "amountMinor"],
        ),
        ({"expectedVersion": -2147483648}, "CERTIFICATE_HAS_MOVED_ON", ["expectedVersion"]),
        ({"pledgeeId": "certificate_x"}, "RECORD_NOT_FOUND", ["pledgeeId"]),
    ],
)
async def test_what_cannot_be_pledged_so_is_refused_with_its_place_in_the_input(
    ask, certificate, holder, bank, change, code, path
):
    said = await ask(holder, PLACE, input=a_pledge_of(certificate, bank, **change))
    assert said["placePledge"]["pledge"] is None
    assert [(e["code"], e["path"]) for e in said["placePledge"]["userErrors"]] == [(code, path)]


@pytest.fixture
async def busy(ask, registry, certificate, holder, bank, licensee, exchange):
    """A certificate that is licensed, listed, and since then pledged."""
    offer = await publish(registry, holder, certificate)
    await license_under(registry, holder, licensee, offer)
    given = {
        "idempotencyKey": a_key(),
        "certificateId": certificate.id,
        "exchangeId": exchange.party_id,
        "mode": "LICENSING",
    }
    asked = (await ask(holder, REQUEST, input=given))["requestListing"]["listing"]
    await admit_listing(registry, exchange, asked["id"])
    registry.clock.advance(timedelta(days=1))
    await registered(registry, certificate, holder, bank)
    return certificate


async def report_on(ask, actor, certificate):
    by = {"number": certificate.number}
    return (await ask(actor, REPORT, by=by, due="2027-06-30"))["collateralReport"]


async def test_a_report_shows_all_that_lies_on_a_certificate(ask, busy, rival_bank):
    report = await report_on(ask, rival_bank, busy)
    assert (report["certificate"], report["holder"]) == (
        {"number": busy.number},
        {"name": "样例数据公司"},
    )
    assert report["pledges"] == [
        {
            "rank": 1,
            "pledgee": {"name": "样例银行"},
            "securedAmount": {"amountMinor": "500000000"},
            "maturesOn": "2027-06-30",
            "registeredAt": report["asOf"],
        }
    ]
    assert report["rankIfRegisteredNow"] == 2
    assert report["encumbrances"] == [{"kind": "PLEDGE", "protectedParty": {"name": "样例银行"}}]
    assert report["freezes"] == []
    assert report["listings"] == [
        {"mode": "LICENSING", "status": "SUSPENDED", "exchange": {"name": "样例数据交易所"}}
    ]


async def test_a_report_says_what_it_rests_on_and_what_would_become_of_a_pledge(
    ask, registry, busy, rival_bank
):
    size = await size_of_ledger(registry)
    report = await report_on(ask, rival_bank, busy)
    version = await version_of(registry, busy)
    assert report["ledgerPosition"] == size
    assert report["certificateVersion"] == version
    assert (report["effectiveStatus"], report["bindingLimit"]) == ("ACTIVE", "VALIDITY")
    assert report["feasibility"] == {
        "verdict": "NEEDS_CONSENT",
        "certificateVersion": version,
        "reasons": [
            {
                "code": "CONSENT_MISSING",
                "legalBasis": "Civil Code Art. 444",
                "record": {"kind": "ENCUMBRANCE"},
            }
        ],
    }
    assert "was not searched" in report["coverageStatement"]
    assert "rebutted" in report["evidentiaryStatement"]


async def test_a_report_names_licensee_and_price_to_their_parties_only(
    ask, busy, holder, rival_bank
):
    license_seen = {"kind": "NON_EXCLUSIVE", "effectiveStatus": "ACTIVE"}
    masked = license_seen | {"licensee": None, "price": None}
    named = license_seen | {
        "licensee": {"name": "样例被许可公司"},
        "price": {"amountMinor": "5000000"},
    }
    assert (await report_on(ask, rival_bank, busy))["licenses"] == [masked]
    assert (await report_on(ask, holder, busy))["licenses"] == [named]


async def test_a_pledge_that_is_not_registered_is_in_nobodys_report(
    ask, registry, certificate, holder, bank, rival_bank
):
    await placed(registry, certificate, holder, bank)
    by = {"id": certificate.id}
    for asker in (bank, rival_bank):
        report = (await ask(asker, REPORT, by=by, due="2027-06-30"))["collateralReport"]
        assert (report["pledges"], report["feasibility"]["verdict"]) == ([], "CLEAR")


async def test_a_report_on_nothing_is_null_and_the_public_must_sign_in(ask, registry, bank):
    by = {"number": "20260131009999999"}
    assert await ask(bank, REPORT, by=by, due="2027-06-30") == {"collateralReport": None}

    context = Context(registry=registry, actor=None)
    variables = {"by": by, "due": "2027-06-30"}
    result = await schema.execute(REPORT, variables, context_value=context)
    assert [error.extensions for error in result.errors] == [{"code": "UNAUTHENTICATED"}]


async def test_an_exchange_learns_whether_it_could_list(ask, certificate, exchange, stranger):
    asked = {"by": {"number": certificate.number}, "exchange": exchange.party_id}
    answer = (await ask(exchange, ELIGIBLE, **asked))["listingEligibility"]
    assert (answer["verdict"], answer["reasons"]) == ("CLEAR", [])
    assert (answer["certificateVersion"], answer["bindingLimit"]) == (1, "VALIDITY")
    assert (await ask(stranger, ELIGIBLE, **asked))["listingEligibility"] is None
