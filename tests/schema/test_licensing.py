"""From offer to license, as the contract shows it to each who asks."""

from datetime import timedelta

import pytest

from schema import schema
from schema.context import Context
from schema.scalars import print_instant
from tests.founding import a_key
from tests.ledger_counts import size_of_ledger

PUBLISH = """
mutation ($input: PublishOfferInput!) {
  publishOffer(input: $input) {
    offer { id effectiveStatus grantable licensor { name } price { amountMinor currency } }
    userErrors { code path }
  }
}"""
REQUEST = """
mutation ($input: RequestLicenseInput!) {
  requestLicense(input: $input) {
    negotiation { id status licensee { name } offer { negotiations { status } } }
    userErrors { code path }
  }
}"""
GRANT = """
mutation ($input: GrantLicenseInput!) {
  grantLicense(input: $input) {
    license { id effectiveStatus effectiveEnd bindingLimit negotiation { license { kind } } }
    userErrors { code record { kind } }
  }
}"""
TERMINATE = """
mutation ($input: TerminateLicenseInput!) {
  terminateLicense(input: $input) {
    license { effectiveStatus terminatedBecause } userErrors { code }
  }
}"""
GRANTABILITY = """
query ($input: LicenseGrantabilityInput!) {
  licenseGrantability(input: $input) {
    verdict asOf certificateVersion effectiveEnd bindingLimit
    reasons { code message legalBasis cure record { kind id } }
  }
}"""
LISTS = """
{ offers(filter: {grantable: true, territory: "CN-SH"}) { totalCount nodes { name } }
  myLicenses { nodes { kind licensee { name } } }
  myNegotiations { nodes { status license { lifecycle } } } }"""
LICENSE = """
query ($id: ID!) { node(id: $id) { ... on License {
  kind territories price { amountMinor } licensee { name } licensor { name } certificate { number }
} } }"""


@pytest.fixture
def ask(registry):
    async def run(actor, document, **variables):
        context = Context(registry=registry, actor=actor)
        result = await schema.execute(document, variables, context_value=context)
        assert result.errors is None, result.errors
        return result.data

    return run


@pytest.fixture
def period(registry):
    now = registry.clock.now()
    return lambda: {
        "begin": print_instant(registry.clock.now()),
        "end": print_instant(now + timedelta(days=200)),
    }


def an_exclusive_offer(certificate, period) -> dict:
    return {
        "idempotencyKey": a_key(),
        "certificateId": certificate.id,
        "kind": "EXCLUSIVE",
        "name": "样例许可",
        "description": "样例条款",
        "territories": ["CN-SH"],
        "price": {"amountMinor": "5000000", "currency": "CNY"},
        **period(),
    }


@pytest.fixture
async def offer(ask, certificate, holder, period):
    given = an_exclusive_offer(certificate, period)
    published = (await ask(holder, PUBLISH, input=given))["publishOffer"]
    assert published["userErrors"] == []
    return published["offer"]


@pytest.fixture
async def negotiation(ask, offer, licensee, period):
    wanted = {"offerId": offer["id"], "territories": ["CN-SH"], **period()}
    given = {"idempotencyKey": a_key(), **wanted}
    requested = (await ask(licensee, REQUEST, input=given))["requestLicense"]
    assert requested["userErrors"] == []
    return requested["negotiation"]


@pytest.fixture
async def granted(ask, certificate, negotiation, holder):
    """A license, granted on the certificate as two events have left it."""
    given = {
        "idempotencyKey": a_key(),
        "negotiationId": negotiation["id"],
        "expectedVersion": certificate.version + 2,
    }
    answer = (await ask(holder, GRANT, input=given))["grantLicense"]
    assert answer["userErrors"] == []
    return answer["license"]


@pytest.fixture
def about(offer, period):
    return {"under": {"offerId": offer["id"]}, "territories": ["CN-SH"], **period()}


async def test_an_offer_shows_its_terms_and_whether_it_can_be_taken(offer):
    assert offer.pop("id").startswith("offer_")
    assert offer == {
        "effectiveStatus": "PUBLISHED",
        "grantable": True,
        "licensor": {"name": "样例数据公司"},
        "price": {"amountMinor": "5000000", "currency": "CNY"},
    }


async def test_a_request_shows_who_asks_and_under_which_offer(negotiation):
    assert negotiation["status"] == "REQUESTED"
    assert negotiation["licensee"] == {"name": "样例被许可公司"}
    assert negotiation["offer"] == {"negotiations": [{"status": "REQUESTED"}]}


async def test_a_license_says_what_it_is_now_until_when_and_why(granted, period):
    assert granted.pop("id").startswith("license_")
    assert granted == {
        "effectiveStatus": "ACTIVE",
        "effectiveEnd": period()["end"],
        "bindingLimit": "AGREED_END",
        "negotiation": {"license": {"kind": "EXCLUSIVE"}},
    }


async def test_what_is_taken_leaves_the_list_and_enters_ones_own(ask, granted, licensee):
    assert granted["effectiveStatus"] == "ACTIVE"
    assert await ask(licensee, LISTS) == {
        "offers": {"totalCount": 0, "nodes": []},
        "myLicenses": {"nodes": [{"kind": "EXCLUSIVE", "licensee": {"name": "样例被许可公司"}}]},
        "myNegotiations": {"nodes": [{"status": "FINALIZED", "license": {"lifecycle": "ACTIVE"}}]},
    }


async def test_a_stranger_sees_what_a_license_covers_and_not_whose_it_is(
    ask, certificate, granted, stranger
):
    assert (await ask(stranger, LICENSE, id=granted["id"]))["node"] == {
        "kind": "EXCLUSIVE",
        "territories": ["CN-SH"],
        "price": None,
        "licensee": None,
        "licensor": {"name": "样例数据公司"},
        "certificate": {"number": certificate.number},
    }


async def test_what_stands_in_the_way_is_named_until_it_has_ended(ask, granted, about, licensee):
    denied = (await ask(None, GRANTABILITY, input=about))["licenseGrantability"]
    (reason,) = denied["reasons"]
    assert (denied["verdict"], reason["code"]) == ("BLOCKED", "ENCUMBRANCE_FORBIDS")
    assert reason["record"]["kind"] == "ENCUMBRANCE"

    given = {"licenseId": granted["id"], "reasons": "样例理由"}
    ended = (await ask(licensee, TERMINATE, input=given))["terminateLicense"]["license"]
    assert ended == {"effectiveStatus": "TERMINATED", "terminatedBecause": "样例理由"}
    freed = (await ask(None, GRANTABILITY, input=about))["licenseGrantability"]
    assert (freed["verdict"], freed["reasons"]) == ("CLEAR", [])


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"end": "9000-12-31T23:59:59.999999Z"}, ["LICENSE_OUTLIVES_CERTIFICATE"]),
        ({"begin": "1900-01-01T00:00:00Z", "end": "1900-01-01T00:00:00Z"}, ["PERIOD_EMPTY"]),
        ({"begin": "9000-01-01T00:00:00Z", "end": "9000-12-31T00:00:00Z"}, [
            "LICENSE_OUTLIVES_CERTIFICATE",
        ]),
        ({"territories": ["上海"]}, ["SCOPE_MALFORMED"]),
        ({"fieldsOfUse": ["用" * 81]}, ["SCOPE_MALFORMED"]),
        ({"fieldsOfUse": [str(n) for n in range(41)]}, ["SCOPE_MALFORMED"]),
        ({"price": {"amountMinor": "-9223372036854775807", "currency": "CNY"}}, ["PRICE_NEGATIVE"]),
        ({"name": "", "description": "长" * 4001}, ["TEXT_MISSING", "TEXT_TOO_LONG"]),
        ({"certificateId": "party_0"}, ["RECORD_NOT_FOUND"]),
        ({"idempotencyKey": "short"}, ["IDEMPOTENCY_KEY_MALFORMED"]),
    ],
)  # fmt: skip
async def test_whatever_is_offered_wrongly_is_refused_and_leaves_no_trace(
    ask, registry, certificate, holder, period, change, codes
):
    size = await size_of_ledger(registry)
    given = an_exclusive_offer(certificate, period) | change
    answer = (await ask(holder, PUBLISH, input=given))["publishOffer"]
    assert [error["code"] for error in answer["userErrors"]] == codes
    assert answer["offer"] is None
    assert await size_of_ledger(registry) == size


async def test_a_question_about_nothing_on_the_register_has_no_answer(ask, period):
    for under in ({"offerId": "offer_0"}, {"certificateId": "party_0"}):
        about = {"under": under, **period()}
        assert await ask(None, GRANTABILITY, input=about) == {"licenseGrantability": None}


async def test_grantability_under_a_certificate_is_non_exclusive_unless_said(
    ask, certificate, holder, period
):
    about = {"under": {"certificateId": certificate.id}, **period()}
    answer = (await ask(holder, GRANTABILITY, input=about))["licenseGrantability"]
    assert answer["verdict"] == "CLEAR"
    assert answer["certificateVersion"] == certificate.version
    assert answer["effectiveEnd"] == print_instant(certificate.effective_end)
    assert answer["bindingLimit"] == "VALIDITY"
    mine = about | {"licenseeId": holder.party_id}
    answer = (await ask(holder, GRANTABILITY, input=mine))["licenseGrantability"]
    assert [reason["code"] for reason in answer["reasons"]] == ["LICENSEE_IS_LICENSOR"]
