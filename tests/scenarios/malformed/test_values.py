"""Values no register keeps: wrong spellings, ends of ranges, endless texts, ids of other things."""

import pytest

from tests.founding import a_key
from tests.scenarios.malformed.world import told

ACCEPTED = (200, [])
BAD_INPUT = (200, ["BAD_USER_INPUT"])
TOO_LONG = (200, ["TEXT_TOO_LONG"])
UNPRINTABLE = (200, ["TEXT_UNPRINTABLE"])
UNKNOWN = (200, ["RECORD_NOT_FOUND"])
LONG = "名" * 10_000


def mutation(act):
    """The mutation of an act, which asks for nothing but why it was refused."""
    type_name = f"{act[0].upper()}{act[1:]}Input"
    return f"mutation ($input: {type_name}!) {{ {act}(input: $input) {{ userErrors {{ code }} }} }}"


FREEZE = "placeFreeze"
PLEDGE = "placePledge"
PARTY = "registerParty"
MEMBER = "admitMember"
DRAFT = "draftApplication"
ATTACH = "attachDocument"
OBJECT = "raiseObjection"
OFFER = "publishOffer"
REQUEST = "requestLicense"
CONSENT = "giveConsent"
LIST = "requestListing"
REVOKE = "revokeCertificate"
CANCEL = "cancelCertificate"


PRICE = {"amountMinor": "5000000", "currency": "CNY"}
SUMMER = {"begin": "2026-06-01T00:00:00Z", "end": "2026-09-01T00:00:00Z"}


def inputs(cast):
    """For each act: who may do it, and an input that the register would accept."""
    certificate = {"certificateId": cast.free_certificate}
    return {
        PARTY: ("office", {"kind": "ORGANISATION", "name": "样例", "roles": ["LENDER"]}),
        MEMBER: ("office", {"partyId": cast.bank.party_id, "subject": "li", "roles": ["LENDER"]}),
        DRAFT: ("holder", {"kind": "PRODUCT", "name": "样例产品"}),
        ATTACH: (
            "holder",
            {
                "applicationId": cast.draft,
                "role": "PRODUCT_SUMMARY",
                "documentId": cast.document,
            },
        ),
        OBJECT: (
            "licensee",
            {
                "announcementId": cast.announcement,
                "ground": "OWNERSHIP_DISPUTED",
                "statement": "样例",
                "documentIds": [cast.evidence],
            },
        ),
        REQUEST: ("licensee", {"offerId": cast.offer, **SUMMER}),
        CONSENT: ("bank", {"encumbranceId": cast.encumbrance, "operation": "LICENSE"}),
        **{act: (who, certificate | rest) for act, (who, rest) in about_certificates(cast).items()},
    }


def about_certificates(cast):
    """The same, for the acts on a certificate that nothing burdens."""
    order = {"kind": "REGULATORY", "authority": "样例法院", "instrumentNumber": "1"}
    debt = {"pledgeeId": cast.bank.party_id, "securedAmount": PRICE, "maturesOn": "2027-01-01"}
    terms = {"kind": "NON_EXCLUSIVE", "name": "样例", "description": "样例", "price": PRICE}
    return {
        FREEZE: ("office", {**order, "until": "2027-01-01T00:00:00Z"}),
        PLEDGE: ("holder", {**debt, "expectedVersion": 1}),
        OFFER: ("holder", {**terms, **SUMMER}),
        LIST: ("holder", {"exchangeId": cast.exchange.party_id, "mode": "LICENSING"}),
        REVOKE: ("office", {"ground": "OWNERSHIP_DISPUTED", "reasons": "样例"}),
        CANCEL: ("holder", {"reasons": "样例"}),
    }


WITHOUT_KEY = {ATTACH, REVOKE, CANCEL}
ACTS = [FREEZE, PLEDGE, PARTY, MEMBER, DRAFT, ATTACH, OBJECT, OFFER, REQUEST, CONSENT, LIST, REVOKE]


def an_input(world, act, **changes):
    """Who may do it, and an input in which only what is changed is wrong."""
    who, sent = inputs(world.cast)[act]
    key = {} if act in WITHOUT_KEY else {"idempotencyKey": a_key()}
    return who, {"input": sent | key | changes}


@pytest.mark.parametrize("act", [*ACTS, CANCEL])
async def test_an_input_without_a_fault_is_accepted(world, act):
    who, variables = an_input(world, act)
    body = {"query": mutation(act), "variables": variables}
    answer = await world.client.post("/graphql", json=body, headers=world.signed(who))
    assert told(answer) == ACCEPTED


def amount(minor):
    return {"amountMinor": minor, "currency": "CNY"}


FAULTS = [
    # Instants.
    (FREEZE, {"until": "2027-01-01T00:00:00"}, BAD_INPUT),
    (FREEZE, {"until": "2027-01-01"}, BAD_INPUT),
    (FREEZE, {"until": "2027-W01-1T00:00:00Z"}, BAD_INPUT),
    (FREEZE, {"until": "2027-02-29T00:00:00Z"}, BAD_INPUT),
    (FREEZE, {"until": "2027-01-01T24:01:00Z"}, BAD_INPUT),
    (FREEZE, {"until": "2027-01-01T00:00:00+99:00"}, BAD_INPUT),
    (FREEZE, {"until": "2027-01-01T00:00:00.1234567Z"}, BAD_INPUT),
    (FREEZE, {"until": "２027-01-01T00:00:00Z"}, BAD_INPUT),
    (FREEZE, {"until": "9999-12-31T23:59:59-14:00"}, BAD_INPUT),
    (FREEZE, {"until": "0001-01-01T00:00:00+14:00"}, BAD_INPUT),
    (FREEZE, {"until": "9999-12-31T23:59:59Z"}, BAD_INPUT),
    (FREEZE, {"until": 1_800_000_000}, BAD_INPUT),
    (OFFER, {"begin": "2027-06-01T00:00:00Z"}, (200, ["PERIOD_EMPTY"])),
    (REQUEST, {"end": "2026-01-01T00:00:00Z"}, (200, ["PERIOD_EMPTY"])),
    # Days.
    (PLEDGE, {"maturesOn": "2027-02-29"}, BAD_INPUT),
    (PLEDGE, {"maturesOn": "2027-1-1"}, BAD_INPUT),
    (PLEDGE, {"maturesOn": "20270101"}, BAD_INPUT),
    (PLEDGE, {"maturesOn": "2027-01-01T00:00:00Z"}, BAD_INPUT),
    (PLEDGE, {"maturesOn": "9999-12-31"}, BAD_INPUT),
    (PLEDGE, {"maturesOn": "0001-01-01"}, BAD_INPUT),
    (PLEDGE, {"maturesOn": "9000-12-31"}, (200, ["PLEDGE_OUTLIVES_CERTIFICATE"])),
    (PLEDGE, {"maturesOn": "1900-01-01"}, (200, ["MATURITY_IN_THE_PAST"])),
    (DRAFT, {"sourceAuthorisedUntil": "9999-12-31"}, BAD_INPUT),
    (DRAFT, {"sourceAuthorisedUntil": "0001-01-01"}, BAD_INPUT),
    (DRAFT, {"sourceAuthorisedUntil": "2026-13-01"}, BAD_INPUT),
    # Whole numbers and money.
    (PLEDGE, {"securedAmount": amount(1)}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount("1.5")}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount("1e3")}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount("1_000")}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount("007")}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount(" 1")}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount("１")}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount("NaN")}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount(str(2**63))}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount("9" * 10_000)}, BAD_INPUT),
    (PLEDGE, {"securedAmount": amount("0")}, (200, ["AMOUNT_NOT_POSITIVE"])),
    (PLEDGE, {"securedAmount": amount(str(1 - 2**63))}, (200, ["AMOUNT_NOT_POSITIVE"])),
    (PLEDGE, {"securedAmount": {"amountMinor": "1", "currency": "XAU"}}, BAD_INPUT),
    (PLEDGE, {"expectedVersion": 2**31}, BAD_INPUT),
    (PLEDGE, {"expectedVersion": -(2**31)}, (200, ["CERTIFICATE_HAS_MOVED_ON"])),
    (OFFER, {"price": amount("-1")}, (200, ["PRICE_NEGATIVE"])),
    (CONSENT, {"lowestPrice": amount(str(1 - 2**63))}, (200, ["PRICE_NEGATIVE"])),
    (CONSENT, {"longestMonths": 2**31 - 1}, (200, ["PERIOD_EMPTY"])),
    (CONSENT, {"longestMonths": -1}, (200, ["PERIOD_EMPTY"])),
    # Texts.
    (PARTY, {"name": LONG}, TOO_LONG),
    (PARTY, {"nameEn": LONG}, TOO_LONG),
    (PARTY, {"region": LONG}, TOO_LONG),
    (PARTY, {"name": "样例\0"}, UNPRINTABLE),
    (PARTY, {"name": "\x1b[31m样例"}, UNPRINTABLE),
    (PARTY, {"name": "\u3000\n"}, (200, ["TEXT_MISSING"])),
    (PARTY, {"uscc": "9" * 10_000}, (200, ["USCC_INVALID"])),
    (PARTY, {"uscc": "٩" * 18}, (200, ["USCC_INVALID"])),
    (PARTY, {"roles": ["REGISTRAR"] * 10_000}, (200, ["OFFICE_ROLE_RESERVED"])),
    (MEMBER, {"subject": "li\0wei"}, UNPRINTABLE),
    (MEMBER, {"subject": LONG}, TOO_LONG),
    (DRAFT, {"name": LONG}, TOO_LONG),
    (DRAFT, {"summary": "样例\0"}, UNPRINTABLE),
    (OBJECT, {"statement": "名" * 50_000}, TOO_LONG),
    (FREEZE, {"authority": "法院\0"}, UNPRINTABLE),
    (CONSENT, {"proceedsTo": LONG}, TOO_LONG),
    (OFFER, {"territories": ["Shanghai"]}, (200, ["SCOPE_MALFORMED"])),
    (OFFER, {"territories": ["CN"] * 10_000 + ["X"]}, (200, ["SCOPE_MALFORMED"])),
    (OFFER, {"fieldsOfUse": ["a,b"]}, (200, ["SCOPE_MALFORMED"])),
    (OFFER, {"fieldsOfUse": ["样例\0"]}, (200, ["SCOPE_MALFORMED"])),
    (OFFER, {"fieldsOfUse": [str(n) for n in range(5_000)]}, (200, ["SCOPE_MALFORMED"])),
    # Keys.
    (DRAFT, {"idempotencyKey": ""}, (200, ["IDEMPOTENCY_KEY_MALFORMED"])),
    (DRAFT, {"idempotencyKey": "k" * 100_000}, (200, ["IDEMPOTENCY_KEY_MALFORMED"])),
    (DRAFT, {"idempotencyKey": "key\0key\0"}, (200, ["IDEMPOTENCY_KEY_MALFORMED"])),
    (DRAFT, {"idempotencyKey": "关键关键关键关键"}, (200, ["IDEMPOTENCY_KEY_MALFORMED"])),
    (DRAFT, {"idempotencyKey": None}, BAD_INPUT),
]


@pytest.mark.parametrize(("act", "change", "refusal"), FAULTS, ids=lambda part: str(part)[:50])
async def test_one_value_the_register_does_not_keep_is_refused(world, act, change, refusal):
    who, variables = an_input(world, act, **change)
    assert told(await world.ask(mutation(act), variables, who)) == refusal


IDS = [
    (FREEZE, "certificateId"),
    (PLEDGE, "certificateId"),
    (PLEDGE, "pledgeeId"),
    (MEMBER, "partyId"),
    (ATTACH, "applicationId"),
    (ATTACH, "documentId"),
    (OBJECT, "announcementId"),
    (OFFER, "certificateId"),
    (REQUEST, "offerId"),
    (CONSENT, "encumbranceId"),
    (CONSENT, "counterpartyId"),
    (LIST, "certificateId"),
    (LIST, "exchangeId"),
    (REVOKE, "certificateId"),
]
STRANGE_IDS = {
    "empty": "",
    "unknown": "party_00000000000000000000000000000000",
    "of 100 kilobytes": "party_" + "0" * 100_000,
    "with a null character": "certificate_\0",
    "that would be SQL": "' OR 1=1 --",
    "of a whole number": 2**70,
}


@pytest.mark.parametrize(("act", "field"), IDS)
@pytest.mark.parametrize("strange", STRANGE_IDS.values(), ids=STRANGE_IDS)
async def test_an_id_nobody_has_given_is_not_found(world, act, field, strange):
    who, variables = an_input(world, act, **{field: strange})
    assert told(await world.ask(mutation(act), variables, who)) == UNKNOWN


@pytest.mark.parametrize(("act", "field"), IDS)
async def test_the_id_of_something_else_is_not_found(world, act, field):
    other = world.cast.draft if field != "applicationId" else world.cast.certificate
    who, variables = an_input(world, act, **{field: other})
    assert told(await world.ask(mutation(act), variables, who)) == UNKNOWN


async def test_documents_of_other_kinds_are_no_evidence(world):
    who, variables = an_input(world, OBJECT, documentIds=[world.cast.certificate] * 5_000)
    assert told(await world.ask(mutation(OBJECT), variables, who)) == UNKNOWN
