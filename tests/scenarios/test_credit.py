"""A certificate secures loans, and what that closes to its holder until it is released."""

from tests.scenarios.actors import (
    certificate_of,
    confirm,
    consent,
    grant,
    place_pledge,
    pledge,
    publish_offer,
    refusals,
    report,
    request_license,
)

STANDING = {
    "standing": True,
    "longestMonths": 12,
    "lowestPrice": {"amountMinor": "5000000", "currency": "CNY"},
    "proceedsTo": "account 0001",
}


async def test_a_pledge_comes_into_being_when_the_pledgee_confirms_it(stage, acme, lender, title):
    before = await report(stage, lender, title)
    placed = await place_pledge(stage, acme, title, lender)
    waiting = await report(stage, lender, title)
    confirmed = await confirm(lender, title, placed.record["id"])

    assert (before["feasibility"]["verdict"], before["rankIfRegisteredNow"]) == ("CLEAR", 1)
    assert placed.record["status"] == "SUBMITTED"
    assert waiting["pledges"] == []
    assert (confirmed.record["status"], confirmed.record["rank"]) == ("REGISTERED", 1)


async def test_nobody_pledges_what_is_somebody_elses(stage, passer_by, lender, title):
    refused = await place_pledge(stage, passer_by, title, lender)
    assert refusals(refused) == ["NOT_THE_HOLDER"]


async def test_a_loan_longer_than_the_certificate_is_not_secured(stage, acme, lender, title):
    refused = await place_pledge(stage, acme, title, lender, months=48)
    asked = await report(stage, lender, title, months=48)

    assert refusals(refused) == ["PLEDGE_OUTLIVES_CERTIFICATE"]
    assert asked["feasibility"]["verdict"] == "BLOCKED"


async def test_a_pledged_certificate_is_not_licensed_without_the_pledgee(
    stage, acme, user, lender, title
):
    offer = (await publish_offer(stage, acme, title)).record["id"]
    requested = (await request_license(stage, user, offer)).record["id"]
    burden = await pledge(stage, acme, title, lender)

    refused = await grant(acme, title, requested)
    given = await consent(lender, burden, "LICENSE", **STANDING)
    granted = await grant(acme, title, requested)

    assert refusals(refused) == ["CONSENT_MISSING"]
    assert refused.refusals[0]["record"] == {"kind": "ENCUMBRANCE", "id": burden}
    assert given.record["proceedsTo"] == "account 0001"
    assert granted.record["effectiveStatus"] == "ACTIVE"


async def test_a_standing_consent_serves_only_what_keeps_to_its_conditions(
    stage, acme, user, lender, title
):
    offer = (await publish_offer(stage, acme, title, end=stage.months_on(24))).record["id"]
    too_long = (await request_license(stage, user, offer, months=18)).record["id"]
    burden = await pledge(stage, acme, title, lender)
    await consent(lender, burden, "LICENSE", **STANDING)

    refused = await grant(acme, title, too_long)

    assert refusals(refused) == ["CONSENT_MISSING"]


async def test_a_second_pledge_ranks_behind_the_first_and_needs_its_consent(
    stage, acme, lender, second_lender, title
):
    burden = await pledge(stage, acme, title, lender)
    refused = await place_pledge(stage, acme, title, second_lender)
    await consent(lender, burden, "PLACE_PLEDGE", counterpartyId=second_lender.party_id)
    placed = await place_pledge(stage, acme, title, second_lender)
    confirmed = await confirm(second_lender, title, placed.record["id"])
    seen = await report(stage, second_lender, title)

    assert refusals(refused) == ["CONSENT_MISSING"]
    assert confirmed.record["rank"] == 2
    assert [(each["rank"], each["pledgee"]["name"]) for each in seen["pledges"]] == [
        (1, "样例银行"),
        (2, "样例对手银行"),
    ]


async def test_a_pledged_certificate_is_not_cancelled_until_it_is_released(
    stage, acme, lender, public, title
):
    placed = await place_pledge(stage, acme, title, lender)
    await confirm(lender, title, placed.record["id"])
    wish = {"certificateId": title["id"], "reasons": "We give it up."}

    refused = await acme.does("cancelCertificate", **wish)
    released = await lender.does("releasePledge", pledgeId=placed.record["id"], reason="PAID")
    cancelled = await acme.does("cancelCertificate", **wish)

    assert refusals(refused) == ["CONSENT_MISSING"]
    assert released.record["status"] == "DISCHARGED"
    assert cancelled.record["effectiveStatus"] == "CANCELLED"
    assert (await certificate_of(public, title["number"]))["effectiveStatus"] == "CANCELLED"
