"""Third chapter: the certificate secures loans, and what that forbids from then on."""

from collections.abc import Callable

from api.demo.people import Answer, new_key
from api.demo.steps import Play, Step, done, refused, shows
from api.demo.trade import grant_license, request_license_for

TERM_OF_A_LOAN, TERM_TOO_LONG = 12, 48  # Months; a certificate lasts 36.
ACCOUNT = "样例账户 sample account 0001"


async def pledge_of_others(play: Play) -> Answer:
    return await _place(play, "stranger", "bank", TERM_OF_A_LOAN)


async def pledge_too_long(play: Play) -> Answer:
    return await _place(play, "registrant", "bank", TERM_TOO_LONG)


async def report_to_bank(play: Play) -> Answer:
    return await _report(play, "bank")


async def pledge(play: Play) -> Answer:
    return await _place(play, "registrant", "bank", TERM_OF_A_LOAN)


async def confirm(play: Play) -> Answer:
    answer = await _confirm(play, "bank")
    seen = await play["bank"].asks("certificate", number=play.marks["number"])
    burdens = [each["id"] for each in seen.record["encumbrances"] if each["kind"] == "PLEDGE"]
    play.marks["encumbrance"] = burdens[0] if burdens else ""
    play["bank"].answers.remove(seen)
    return answer


async def request_second_license(play: Play) -> Answer:
    return await request_license_for(play, "second_licensee")


async def consent_to_licenses(play: Play) -> Answer:
    return await play["bank"].does(
        "giveConsent",
        idempotencyKey=new_key(),
        encumbranceId=play.marks["encumbrance"],
        operation="LICENSE",
        standing=True,
        longestMonths=12,
        lowestPrice={"amountMinor": "5000000", "currency": "CNY"},
        proceedsTo=ACCOUNT,
    )


async def pledge_again(play: Play) -> Answer:
    return await _place(play, "registrant", "second_bank", TERM_OF_A_LOAN)


async def consent_to_junior_pledge(play: Play) -> Answer:
    return await play["bank"].does(
        "giveConsent",
        idempotencyKey=new_key(),
        encumbranceId=play.marks["encumbrance"],
        operation="PLACE_PLEDGE",
        counterpartyId=play["second_bank"].party_id,
    )


async def confirm_junior(play: Play) -> Answer:
    return await _confirm(play, "second_bank")


async def report_to_second_bank(play: Play) -> Answer:
    return await _report(play, "second_bank")


async def cancel(play: Play) -> Answer:
    return await play["registrant"].does(
        "cancelCertificate",
        certificateId=play.marks["certificate"],
        reasons="样例 (sample): the holder gives the product up.",
    )


async def _place(play: Play, pledgor: str, pledgee: str, months: int) -> Answer:
    answer = await play[pledgor].does(
        "placePledge",
        idempotencyKey=new_key(),
        certificateId=play.marks["certificate"],
        pledgeeId=play[pledgee].party_id,
        securedAmount={"amountMinor": "300000000", "currency": "CNY"},
        maturesOn=play.day(months),
        expectedVersion=await play.version(),
    )
    play.marks["pledge"] = answer.record.get("id")
    return answer


async def _confirm(play: Play, pledgee: str) -> Answer:
    return await play[pledgee].does(
        "confirmPledge", pledgeId=play.marks["pledge"], expectedVersion=await play.version()
    )


async def _report(play: Play, lender: str) -> Answer:
    return await play[lender].asks(
        "collateralReport", number=play.marks["number"], maturesOn=play.day(TERM_OF_A_LOAN)
    )


def _feasible(rank: int) -> Callable[[Play, Answer], bool]:
    def judge(_play: Play, answer: Answer) -> bool:
        report = answer.record
        found = report["feasibility"]["verdict"], report["rankIfRegisteredNow"]
        return found == ("CLEAR", rank)

    return judge


def _ranks(_play: Play, answer: Answer) -> bool:
    return [each["rank"] for each in answer.record["pledges"]] == [1, 2]


CREDIT = (
    Step(
        "stranger",
        "tries to pledge this certificate, which is somebody else's.",
        pledge_of_others,
        refused("NOT_THE_HOLDER"),
        "only the holder can give it as collateral.",
    ),
    Step(
        "registrant",
        "tries to secure a loan that runs longer than the certificate.",
        pledge_too_long,
        refused("PLEDGE_OUTLIVES_CERTIFICATE"),
        "collateral must last as long as the debt.",
    ),
    Step(
        "bank",
        "asks for the collateral report, for a loan of twelve months.",
        report_to_bank,
        shows("a clear first rank", _feasible(1)),
        "nobody ranks before the bank, and the certificate lasts long enough.",
    ),
    Step(
        "registrant",
        "places the pledge.",
        pledge,
        done(status="SUBMITTED"),
        "the pledgor places it; without the pledgee it does not exist yet.",
    ),
    Step(
        "bank",
        "confirms it.",
        confirm,
        done(status="REGISTERED", rank=1),
        "by registration it has come into being, in the first rank (Civil Code 444).",
    ),
    Step(
        "second_licensee",
        "asks for a license under the same offer.",
        request_second_license,
        done(status="REQUESTED"),
        "a request is judged when it is granted: a consent may still come.",
    ),
    Step(
        "registrant",
        "tries to grant it.",
        grant_license,
        refused("CONSENT_MISSING"),
        "a pledged certificate is not licensed without the pledgee (Civil Code 444).",
    ),
    Step(
        "bank",
        "consents to licenses of at most 12 months for at least CNY 50,000, paid to it.",
        consent_to_licenses,
        done(standing=True, longestMonths=12, proceedsTo=ACCOUNT),
        "a standing consent serves every license that keeps to its conditions.",
    ),
    Step(
        "registrant",
        "grants the license now.",
        grant_license,
        done(effectiveStatus="ACTIVE"),
        "six months for CNY 60,000 is within the consent.",
    ),
    Step(
        "registrant",
        "tries to pledge the certificate to a second bank.",
        pledge_again,
        refused("CONSENT_MISSING"),
        "whoever ranks before must agree to a pledge behind it.",
    ),
    Step(
        "bank",
        "consents to this one pledge behind its own.",
        consent_to_junior_pledge,
        done(standing=False),
        "it serves one act with one counterparty, and is used up by it.",
    ),
    Step(
        "registrant",
        "places the second pledge.",
        pledge_again,
        done(status="SUBMITTED"),
        "the consent covers it.",
    ),
    Step(
        "second_bank",
        "confirms it.",
        confirm_junior,
        done(status="REGISTERED", rank=2),
        "the order of registration is the order of rank (Civil Code 414).",
    ),
    Step(
        "second_bank",
        "asks for the collateral report.",
        report_to_second_bank,
        shows("two pledges in rank", _ranks),
        "it names everybody who ranks before and what binds the end.",
    ),
    Step(
        "registrant",
        "tries to surrender the certificate.",
        cancel,
        refused("CONSENT_MISSING"),
        "what secures a debt cannot be given up without those it secures.",
    ),
)
