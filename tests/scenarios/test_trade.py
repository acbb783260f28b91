"""A certificate is listed, offered and licensed, and what stands against it."""

from datetime import date, timedelta

from services.applications.model import ApplicationTerms
from tests.scenarios.actors import (
    certificate_of,
    grant,
    publish_offer,
    refusals,
    request_license,
    request_listing,
)
from tests.titles import certify, terms_of


async def test_an_expired_certificate_is_not_listed(
    stage, acme, venue, public, registry, office, holder
):
    terms: ApplicationTerms = terms_of("样例短期产品", date(2026, 3, 31))
    certificate = await certify(registry, office, holder, terms)
    stage.clock.advance(timedelta(days=90))
    title = await certificate_of(public, certificate.number)

    refused = await request_listing(acme, title, venue)

    assert (title["effectiveStatus"], title["bindingLimit"]) == ("EXPIRED", "SOURCE_AUTHORISATION")
    assert refusals(refused) == ["CERTIFICATE_EXPIRED"]
    record = refused.refusals[0]["record"]
    assert record == {"kind": "CERTIFICATE", "id": certificate.id}


async def test_an_exchange_admits_what_the_holder_asks_it_to_list(acme, venue, title):
    eligible = await venue.asks(
        "listingEligibility", number=title["number"], exchangeId=venue.party_id
    )
    requested = await request_listing(acme, title, venue)
    admitted = await venue.does("admitListing", listingId=requested.record["id"])

    assert eligible.record["verdict"] == "CLEAR"
    assert requested.record["status"] == "SUBMITTED"
    assert admitted.record["status"] == "LISTED"


async def test_a_license_is_offered_asked_for_and_granted(stage, acme, user, title):
    offer = (await publish_offer(stage, acme, title)).record
    shown = await user.asks("offers", certificateId=title["id"])
    requested = await request_license(stage, user, offer["id"])
    granted = await grant(acme, title, requested.record["id"])

    assert offer["grantable"] is True
    assert [each["id"] for each in shown.nodes] == [offer["id"]]
    assert requested.record["status"] == "REQUESTED"
    assert granted.record["effectiveStatus"] == "ACTIVE"
    assert granted.record["bindingLimit"] == "AGREED_END"


async def test_only_the_holder_offers_licenses(stage, passer_by, title):
    refused = await publish_offer(stage, passer_by, title)
    assert refusals(refused) == ["NOT_THE_HOLDER"]


async def test_no_offer_outlives_the_certificate(stage, acme, title):
    refused = await publish_offer(stage, acme, title, end=stage.months_on(48))
    assert refusals(refused) == ["LICENSE_OUTLIVES_CERTIFICATE"]


async def test_after_an_exclusive_license_the_same_scope_is_not_licensed_again(
    stage, acme, user, second_user, title
):
    exclusive = (await publish_offer(stage, acme, title, kind="EXCLUSIVE")).record["id"]
    other = (await publish_offer(stage, acme, title)).record["id"]
    first = await request_license(stage, user, exclusive)
    second = await request_license(stage, second_user, other)

    granted = await grant(acme, title, first.record["id"])
    refused = await grant(acme, title, second.record["id"])

    assert granted.record["effectiveStatus"] == "ACTIVE"
    assert refusals(refused) == ["ENCUMBRANCE_FORBIDS"]


async def test_a_grant_on_a_certificate_that_has_moved_on_is_refused(stage, acme, user, title):
    offer = (await publish_offer(stage, acme, title)).record["id"]
    requested = await request_license(stage, user, offer)

    refused = await acme.does(
        "grantLicense",
        idempotencyKey="a-key-of-its-own",
        negotiationId=requested.record["id"],
        expectedVersion=title["version"],
    )

    assert refusals(refused) == ["CERTIFICATE_HAS_MOVED_ON"]
