"""The sample register holds together: facts apart from additions, dates in order, names known."""

import json
from collections import Counter
from datetime import date, timedelta
from importlib import resources

import msgspec
import pytest
from stdnum.cn import uscc

from api.sample.cases import Basis, Case, Regime, SampleRegister, Story, read_cases
from services.actors import Role

REGISTER = read_cases()
WRITTEN = date(2026, 11, 22)
MARK = "样例 (sample): "
DAYS_TO_A_CERTIFICATE = timedelta(days=35)  # Some five more than the way takes.
VALIDITY = timedelta(days=3 * 365)
ROLES = {party.key: frozenset(party.roles) for party in REGISTER.parties}
SAMPLE_KEYS = {party.key for party in REGISTER.sample_parties}
REPORTED = [pytest.param(case, id=case.id) for case in REGISTER.reported_cases]
ALL = [pytest.param(case, id=case.id) for case in REGISTER.cases]


def raw() -> dict:
    return json.loads(resources.files("api.sample").joinpath("register.json").read_bytes())


def decoded(document: dict) -> SampleRegister:
    return msgspec.json.decode(json.dumps(document).encode(), type=SampleRegister)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.update(title="x"),
        lambda document: document["reported_parties"][0].update(nickname="x"),
        lambda document: document["reported_cases"][0].update(note="x"),
        lambda document: document["reported_cases"][0]["product"].update(kind="POEM"),
        lambda document: document["reported_cases"][0]["facts"].update(filed_on="2025-01-01"),
        lambda document: document["reported_cases"][0]["sample"].update(certified_on="2025-01-01"),
        lambda document: document["reported_cases"][0]["sample"].update(filed_on="2025-02-30"),
        lambda document: document["reported_cases"][0]["sample"].update(
            filed_days_before_loading=3
        ),
        lambda document: document["reported_cases"][0]["sample"].pop("filed_on"),
        lambda document: document["reported_cases"][0].update(story="READY"),
        lambda document: document["sample_cases"][0].pop("story"),
        lambda document: document["reported_cases"][0]["facts"]["sources"].append(
            {"published": "2025"}
        ),
        lambda document: document["reported_cases"][0]["facts"].update(registered="spring 2025"),
        lambda document: document["reported_cases"][0]["facts"].update(valuation_minor=0.5),
    ],
)
def test_a_register_with_one_thing_wrong_is_not_read(spoil):
    document = raw()
    assert decoded(document) == REGISTER
    spoil(document)
    with pytest.raises(msgspec.ValidationError):
        decoded(document)


def test_every_named_product_with_a_named_holder_is_there():
    assert len(REGISTER.reported_cases) == 33
    assert len({case.holder for case in REGISTER.reported_cases}) == 32


def test_the_eight_named_shanghai_products_were_certified_before_the_press_named_them():
    shanghai = [
        case
        for case in REGISTER.reported_cases
        if case.facts.regime is Regime.DATA_PRODUCT_IP_SHANGHAI
    ]
    assert {case.product.name for case in shanghai} == {
        "沪深300指数",
        "生意参谋零售电商版",
        "企业科技创新能力评估数据",
        "新市民智能识别模型数据",
        "基于本地生活知识图谱的大模型训练语料",
        "观星台经营数据分析平台",
        "通用人形机器人运动行为训练数据",
        "企业信用评价模型(启信分)",
    }
    last_certified = max(case.sample.filed_on for case in shanghai) + DAYS_TO_A_CERTIFICATE
    assert last_certified < date(2025, 3, 28)


def test_every_story_is_told_and_eight_cases_are_ready():
    told = Counter(case.story for case in REGISTER.sample_cases)
    assert told == dict.fromkeys(Story, 1) | {Story.READY: 8}


def test_keys_names_and_products_are_used_once():
    members = [member.subject for party in REGISTER.parties for member in party.members]
    for used in (
        [party.key for party in REGISTER.parties] + members,
        [party.name for party in REGISTER.parties],
        [case.id for case in REGISTER.cases],
        [case.product.name for case in REGISTER.cases],
    ):
        assert [name for name, times in Counter(used).items() if times > 1] == []


@pytest.mark.parametrize("case", ALL)
def test_whoever_a_case_names_is_a_party_in_that_role(case):
    wanted = [(case.holder, Role.REGISTRANT)]
    if case.sample.listing:
        wanted.append((case.exchange, Role.EXCHANGE))
    if case.sample.pledge:
        wanted.append((case.lender, Role.LENDER))
    wanted += [
        (offer.license.licensee, Role.LICENSEE) for offer in case.sample.offers if offer.license
    ]
    if case.sample.objection:
        wanted.append((case.sample.objection.objector, Role.REGISTRANT))
    assert [(key, role) for key, role in wanted if role not in ROLES.get(key, ())] == []


@pytest.mark.parametrize("case", ALL)
def test_a_case_happens_after_the_measures_and_before_the_file_was_written(case):
    assert date(2024, 12, 9) <= case.filing_day(WRITTEN) <= WRITTEN
    certified_by = case.filing_day(WRITTEN) + DAYS_TO_A_CERTIFICATE
    assert [day for day in acts_on_the_certificate(case) if not certified_by <= day < WRITTEN] == []


def acts_on_the_certificate(case: Case) -> list[date]:
    sample = case.sample
    return [
        *([sample.listing.listed_on] if sample.listing else []),
        *([sample.pledge.placed_on] if sample.pledge else []),
        *(offer.published_on for offer in sample.offers),
        *(offer.license.granted_on for offer in sample.offers if offer.license),
        *([sample.revocation.revoked_on] if sample.revocation else []),
        *([sample.cancellation.cancelled_on] if sample.cancellation else []),
        *([sample.freeze.frozen_on] if sample.freeze else []),
    ]


@pytest.mark.parametrize("case", ALL)
def test_a_pledge_is_placed_after_the_listing_and_ends_before_the_certificate(case):
    pledge, listing = case.sample.pledge, case.sample.listing
    if pledge is None:
        assert case.lender is None
        assert case.pledged_amount_minor is None
        return
    assert WRITTEN < pledge.matures_on < case.sample.filed_on + VALIDITY
    assert listing is None or listing.listed_on < pledge.placed_on
    assert case.pledged_amount_minor > 0


def test_sample_stories_lie_in_the_right_order():
    by_story = {case.story: case.sample for case in REGISTER.sample_cases}
    ended = by_story[Story.SOURCE_AUTHORISATION_ENDED]
    assert ended.filed_on + DAYS_TO_A_CERTIFICATE < ended.source_authorised_until < WRITTEN
    frozen = by_story[Story.FROZEN]
    assert WRITTEN < frozen.freeze.until < frozen.filed_on + VALIDITY
    announced = by_story[Story.ANNOUNCED]
    assert announced.objection.raised_days_before_loading < announced.filed_days_before_loading
    assert by_story[Story.PLEDGED].pledge.matures_on.year == WRITTEN.year + 1
    (offer,) = by_story[Story.EXCLUSIVELY_LICENSED].offers
    assert offer.published_on < offer.license.granted_on


def test_a_source_authorisation_of_a_reported_case_lasts():
    limited = {
        case.id: case.sample.source_authorised_until
        for case in REGISTER.reported_cases
        if case.sample.source_authorised_until or case.facts.source_authorised_by
    }
    assert limited == {"RC060": date(2028, 6, 30)}


@pytest.mark.parametrize("case", REPORTED)
def test_nothing_bad_happens_to_a_real_company(case):
    sample = case.sample
    acts = (sample.revocation, sample.cancellation, sample.freeze)
    assert (*acts, sample.correction, sample.objection, sample.offers) == (*[None] * 5, ())


@pytest.mark.parametrize("case", REPORTED)
def test_what_was_added_is_marked_and_fills_only_what_is_missing(case):
    added = [case.sample.summary, case.sample.data_source, case.sample.industry or MARK]
    assert [text for text in added if not text.startswith(MARK)] == []
    assert (case.product.industry is None) == (case.sample.industry is not None)
    assert case.product.kind_basis in {Basis.FACT, Basis.INFERRED}
    assert (case.facts.listing is None) == (case.sample.listing is None)
    assert (case.facts.pledge is None) == (case.sample.pledge is None)
    if case.sample.listing:
        assert case.sample.listing.exchange is None
    if case.sample.pledge:
        assert (case.facts.pledge.lender is None) == (case.sample.pledge.lender in SAMPLE_KEYS)


@pytest.mark.parametrize("case", REPORTED)
def test_every_reported_case_has_a_source(case):
    assert [source for source in case.facts.sources if source.title or source.url] != []


def test_a_pledge_in_a_month_the_source_reports_is_placed_in_that_month():
    in_the_window = {
        case.id: (case.facts.pledge.date, case.sample.pledge.placed_on.isoformat()[:7])
        for case in REGISTER.reported_cases
        if case.facts.pledge and (case.facts.pledge.date or "") >= "2025"
    }
    assert in_the_window == {"RC041": ("2025-06", "2025-06")}


def test_reported_pledges_come_to_the_reported_sums_and_a_shared_total_counts_once():
    pledged = {
        case.id: case.pledged_amount_minor
        for case in REGISTER.reported_cases
        if case.pledged_amount_minor
    }
    assert pledged == {
        "RC012": 3_000_000_000,
        "RC019": 900_000_000,
        "RC021": 3_000_000_000,
        "RC034": 2_500_000_000,
        "RC035": 2_500_000_000,
        "RC036": 1_000_000_000,
        "RC040": 1_000_000_000,
        "RC041": 500_000_000,
        "RC063": 1_000_000_000,
    }
    reported = {case.id: case.facts.pledge for case in REGISTER.reported_cases if case.facts.pledge}
    assert reported["RC035"].counted_in == "RC034"
    assert sum(pledge.amount_minor or 0 for pledge in reported.values()) == sum(pledged.values())


def test_sample_parties_say_so_and_real_ones_do_not():
    people = [member for party in REGISTER.sample_parties for member in party.members]
    unmarked = [
        named.name
        for named in [*REGISTER.sample_parties, *people]
        if not (named.name.startswith("样例") and named.name_en.endswith("(sample)"))
    ]
    marked = [p.name for p in REGISTER.reported_parties if "样例" in p.name or p.key in SAMPLE_KEYS]
    assert (unmarked, marked) == ([], [])


@pytest.mark.parametrize("case", [pytest.param(c, id=c.id) for c in REGISTER.sample_cases])
def test_a_sample_case_is_named_as_one_and_stays_between_sample_parties(case):
    licensees = [offer.license.licensee for offer in case.sample.offers if offer.license]
    objector = [case.sample.objection.objector] if case.sample.objection else []
    named = {case.holder, case.lender, case.exchange, *licensees, *objector} - {None}
    assert named - SAMPLE_KEYS == set()
    assert case.product.name.startswith("样例")
    assert case.product.name_en.endswith("(sample)")
    assert case.product.kind_basis is Basis.SAMPLE


def test_one_sample_company_carries_a_valid_code_in_a_region_that_does_not_exist():
    codes = {party.key: party.uscc for party in REGISTER.parties if party.uscc}
    assert codes == {"sample-company": "91000000000000000K"}
    assert uscc.is_valid(codes["sample-company"])


@pytest.mark.parametrize("case", ALL)
def test_every_case_has_the_industry_an_application_needs(case):
    assert case.industry == (case.product.industry or case.sample.industry)
