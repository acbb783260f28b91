"""Questions in wrong or strange values: pages, cursors, filters, ids. Nothing is harmed."""

from base64 import urlsafe_b64encode

import pytest

from tests.scenarios.malformed.world import told

BAD_INPUT = (200, ["BAD_USER_INPUT"])
ANSWERED = (200, [])
CERTIFICATES = """
query ($first: Int! = 2, $after: String, $filter: CertificateFilterInput) {
  certificates(first: $first, after: $after, filter: $filter) { nodes { id } totalCount }
}
"""
OFFERS = """
query ($filter: OfferFilterInput) { offers(filter: $filter) { nodes { id grantable } } }
"""
GAZETTE = "{ gazette(first: 1) { edges { cursor } } }"
RECORDS = """
query ($id: ID!, $number: String!) {
  node(id: $id) { id }
  party(id: $id) { id }
  document(id: $id) { id }
  application(id: $id) { id }
  announcement(id: $id) { id }
  certificate(by: {number: $number}) { id }
}
"""
REPORT = """
query ($number: String!, $day: Day!) {
  collateralReport(by: {number: $number}, maturesOn: $day) { rankIfRegisteredNow }
}
"""
GRANTABILITY = """
query ($input: LicenseGrantabilityInput!) { licenseGrantability(input: $input) { __typename } }
"""


@pytest.mark.parametrize("first", [0, 501, -1, -(2**31)])
async def test_a_page_holds_1_to_500_records(world, first):
    assert told(await world.ask(CERTIFICATES, {"first": first})) == BAD_INPUT


def cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


CURSORS = {
    "nothing": "",
    "no base64": "!",
    "no ASCII": "数据",
    "no JSON": cursor("after"),
    "a number": cursor("1"),
    "an object": cursor('{"at": 1}'),
    "too few values": cursor('[{"at": 1}]'),
    "too many values": cursor('[{"at": 1}, "a", "b"]'),
    "values in the wrong order": cursor('["a", {"at": 1}]'),
    "an instant of text": cursor('[{"at": "2026"}, "a"]'),
    "an instant of a list": cursor('[{"at": []}, "a"]'),
    "an instant beyond the calendar": cursor('[{"at": 999999999999999999999999}, "a"]'),
    "an instant before the calendar": cursor('[{"at": -9000000000000000000}, "a"]'),
    "an instant beyond all doubles": cursor('[{"at": 1e999}, "a"]'),
    "an instant of no number": cursor('[{"at": NaN}, "a"]'),
    "an instant of 5,000 digits": cursor('[{"at": %s}, "a"]' % ("9" * 5_000)),
    "half of a surrogate pair": cursor(r'[{"at": 1}, "\ud800"]'),
    "100,000 lists in each other": cursor("[" * 100_000),
}


@pytest.mark.parametrize("after", CURSORS.values(), ids=CURSORS)
async def test_a_cursor_somebody_made_up_is_refused(world, after):
    assert told(await world.ask(CERTIFICATES, {"after": after})) == BAD_INPUT


async def test_a_cursor_of_another_list_does_no_harm(world):
    page = (await world.ask(GAZETTE)).json()["data"]["gazette"]
    (edge,) = page["edges"]
    assert told(await world.ask(CERTIFICATES, {"after": edge["cursor"]})) == ANSWERED


FILTERS = {
    "a name of 60,000 wildcards": (CERTIFICATES, {"productNameContains": "%" * 60_000}, ANSWERED),
    "a name with a null character": (CERTIFICATES, {"productNameContains": "\0"}, ANSWERED),
    "a status 20,000 times": (CERTIFICATES, {"effectiveStatus": ["ACTIVE"] * 20_000}, ANSWERED),
    "no status": (CERTIFICATES, {"effectiveStatus": []}, ANSWERED),
    "a holder of 100 kilobytes": (CERTIFICATES, {"holderId": "p" * 100_000}, ANSWERED),
    "an end in the year 1": (CERTIFICATES, {"endsBefore": "0001-01-01T00:00:00Z"}, BAD_INPUT),
    "an end in no zone": (CERTIFICATES, {"endsBefore": "2026-01-01T00:00:00"}, BAD_INPUT),
    "a place of 100 kilobytes": (OFFERS, {"territory": "%" * 100_000, "grantable": True}, ANSWERED),
    "a use of 100 kilobytes": (OFFERS, {"fieldOfUse": "_" * 100_000}, ANSWERED),
    "a use with quotes": (OFFERS, {"fieldOfUse": "'\"\0", "grantable": False}, ANSWERED),
}


@pytest.mark.parametrize(("document", "sent", "outcome"), FILTERS.values(), ids=FILTERS)
async def test_a_strange_filter_is_refused_or_finds_nothing_more(world, document, sent, outcome):
    assert told(await world.ask(document, {"filter": sent})) == outcome


@pytest.mark.parametrize("strange", ["", "\0", "certificate_\0", "0" * 100_000, "' OR 1=1 --"])
async def test_an_id_or_number_nobody_has_given_finds_nothing(world, strange):
    answer = await world.ask(RECORDS, {"id": strange, "number": strange}, who="office")
    assert set(answer.json()["data"].values()) == {None}


async def test_the_id_of_something_else_finds_nothing(world):
    sent = {"id": world.cast.encumbrance, "number": world.cast.certificate}
    found = (await world.ask(RECORDS, sent, who="office")).json()["data"]
    assert found.pop("node") == {"id": world.cast.encumbrance}
    assert set(found.values()) == {None}


DAYS = {
    "9000-12-31": ANSWERED,
    "1900-01-01": ANSWERED,
    "9001-01-01": BAD_INPUT,
    "1899-12-31": BAD_INPUT,
    "2026-02-30": BAD_INPUT,
}


@pytest.mark.parametrize(("day", "outcome"), DAYS.items())
async def test_a_report_is_asked_for_any_day_of_the_calendar(world, day, outcome):
    sent = {"number": world.cast.number, "day": day}
    assert told(await world.ask(REPORT, sent, who="bank")) == outcome


PERIODS = {
    "at the end of the calendar": ("8999-01-01T00:00:00Z", "9000-12-31T23:59:59Z", ANSWERED),
    "at its beginning": ("1900-01-01T00:00:00Z", "1900-01-01T00:00:01Z", ANSWERED),
    "backwards": ("2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z", ANSWERED),
    "beyond it": ("2027-01-01T00:00:00Z", "9999-12-31T23:59:59Z", BAD_INPUT),
}


@pytest.mark.parametrize(("begin", "end", "outcome"), PERIODS.values(), ids=PERIODS)
async def test_grantability_is_asked_for_any_period(world, begin, end, outcome):
    """The certificate is pledged, with a consent for 100 years that is reckoned from `begin`."""
    price = {"amountMinor": str(1 - 2**63), "currency": "USD"}
    under = {"certificateId": world.cast.certificate}
    sent = {"input": {"under": under, "begin": begin, "end": end, "price": price}}
    assert told(await world.ask(GRANTABILITY, sent, who="licensee")) == outcome
