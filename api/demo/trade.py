"""Second chapter: the certificate is listed, offered and licensed."""

from api.demo.people import Answer, new_key
from api.demo.steps import Play, Step, done, refused, shows

TERM_OF_A_LICENSE, TERM_OF_AN_OFFER = 6, 12  # Months.
FEE = {"amountMinor": "6000000", "currency": "CNY"}
PLACE_AND_USE = {"territories": ["CN-SH"], "fieldsOfUse": ["retail site selection"]}


async def list_expired(play: Play) -> Answer:
    """The first of the holder's own certificates that has expired."""
    registrant = play["registrant"]
    wanted = {"holderId": registrant.party_id, "effectiveStatus": ["EXPIRED"]}
    found = await registrant.asks("certificates", filter=wanted)
    expired = found.nodes[0]["id"] if found.nodes else ""
    return await _request_listing(play, expired)


async def ask_eligibility(play: Play) -> Answer:
    exchange = play["exchange"]
    return await exchange.asks(
        "listingEligibility", number=play.marks["number"], exchangeId=exchange.party_id
    )


async def request_listing(play: Play) -> Answer:
    answer = await _request_listing(play, play.marks["certificate"])
    play.marks["listing"] = answer.record.get("id")
    return answer


async def admit_listing(play: Play) -> Answer:
    return await play["exchange"].does("admitListing", listingId=play.marks["listing"])


async def publish_offer(play: Play) -> Answer:
    answer = await play["registrant"].does(
        "publishOffer",
        idempotencyKey=new_key(),
        certificateId=play.marks["certificate"],
        kind="NON_EXCLUSIVE",
        name="样例许可 Sample license",
        description="样例 (sample): use in retail planning.",
        begin=play.instant(0),
        end=play.instant(TERM_OF_AN_OFFER),
        price=FEE,
        **PLACE_AND_USE,
    )
    play.marks["offer"] = answer.record.get("id")
    return answer


async def look_at_offers(play: Play) -> Answer:
    return await play["licensee"].asks("offers", certificateId=play.marks["certificate"])


async def ask_grantability(play: Play) -> Answer:
    return await play["licensee"].asks("licenseGrantability", input=_question(play))


async def request_license(play: Play) -> Answer:
    return await request_license_for(play, "licensee")


async def request_license_for(play: Play, who: str) -> Answer:
    answer = await play[who].does(
        "requestLicense",
        idempotencyKey=new_key(),
        offerId=play.marks["offer"],
        begin=play.instant(0),
        end=play.instant(TERM_OF_A_LICENSE),
        **PLACE_AND_USE,
    )
    play.marks["negotiation"] = answer.record.get("id")
    return answer


async def grant_license(play: Play) -> Answer:
    return await play["registrant"].does(
        "grantLicense",
        idempotencyKey=new_key(),
        negotiationId=play.marks["negotiation"],
        expectedVersion=await play.version(),
    )


async def _request_listing(play: Play, certificate_id: str) -> Answer:
    return await play["registrant"].does(
        "requestListing",
        idempotencyKey=new_key(),
        certificateId=certificate_id,
        exchangeId=play["exchange"].party_id,
        mode="LICENSING",
    )


def _question(play: Play) -> dict[str, object]:
    return {
        "under": {"offerId": play.marks["offer"]},
        "begin": play.instant(0),
        "end": play.instant(TERM_OF_A_LICENSE),
        **PLACE_AND_USE,
    }


TRADE = (
    Step(
        "registrant",
        "asks the exchange to list an older certificate that has expired.",
        list_expired,
        refused("CERTIFICATE_EXPIRED"),
        "its source data were authorised for a time only, and that time is over.",
    ),
    Step(
        "exchange",
        "asks whether the new certificate could be listed.",
        ask_eligibility,
        done(verdict="CLEAR"),
        "it is genuine, in force, and nothing burdens it.",
    ),
    Step(
        "registrant",
        "asks the exchange to list it for licensing.",
        request_listing,
        done(status="SUBMITTED"),
        "the holder asks, the exchange decides.",
    ),
    Step(
        "exchange",
        "admits it to its list.",
        admit_listing,
        done(status="LISTED"),
        "everything was judged again at that instant.",
    ),
    Step(
        "registrant",
        "publishes an offer.",
        publish_offer,
        done(effectiveStatus="PUBLISHED", grantable=True),
        "it ends before the certificate does.",
    ),
    Step(
        "licensee",
        "asks which offers under it could be granted now.",
        look_at_offers,
        shows("the offer", lambda _play, answer: len(answer.nodes) == 1),
        "an offer that could not be granted would not be in this answer.",
    ),
    Step(
        "licensee",
        "asks whether a license for six months could be granted.",
        ask_grantability,
        done(verdict="CLEAR"),
        "the very rule of the grant finds nothing in the way.",
    ),
    Step(
        "licensee",
        "asks for that license.",
        request_license,
        done(status="REQUESTED"),
        "what it wants lies inside the offer.",
    ),
    Step(
        "registrant",
        "grants it.",
        grant_license,
        done(effectiveStatus="ACTIVE", bindingLimit="AGREED_END"),
        "the grant rests on the version of the certificate the holder has just read.",
    ),
)
