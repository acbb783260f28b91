"""A product's way to its announcement, as the contract shows it to each who asks."""

import pytest

from schema import schema
from schema.context import Context
from services.announcements.actions import announce_application
from services.applications.actions import draft_application, withdraw_application
from tests.builders.announcements import object_to
from tests.builders.applications import application_terms, examine_substance, file_application
from tests.founding import a_key

DRAFT = """
mutation ($input: DraftApplicationInput!) {
  draftApplication(input: $input) { application { id status name } userErrors { code path } }
}"""
AMEND = """
mutation ($input: AmendApplicationInput!) {
  amendApplication(input: $input) {
    application { name updateFrequency sourceAuthorisedUntil } userErrors { code }
  }
}"""
SUBMIT = """
mutation ($input: ApplicationInput!) {
  submitApplication(input: $input) { application { id } userErrors { code path record { id } } }
}"""
DETAILS = """
query ($id: ID!) {
  node(id: $id) { ... on Application {
    status name examiner
    applicant { name }
    documents { role document { name mediaType } }
    announcement { name status closesAt application { id } }
  } }
}"""
GAZETTE = """
{ gazette(status: [OPEN]) { totalCount nodes {
    name kind applicantName textHash publishedAt closesAt status
    applicant { name }
    application { id }
    objections { ground status statement objector { name } evidence { name } }
} } }"""
QUEUE = "{ examinerQueue { nodes { name status } } myApplications { nodes { name status } } }"


@pytest.fixture
def ask(registry):
    async def run(actor, document, **variables):
        context = Context(registry=registry, actor=actor)
        result = await schema.execute(document, variables, context_value=context)
        assert result.errors is None, result.errors
        return result.data

    return run


async def test_a_draft_needs_little_and_filing_says_what_is_missing(ask, holder):
    given = {"idempotencyKey": a_key(), "kind": "ALGORITHM"}
    drafted = (await ask(holder, DRAFT, input=given))["draftApplication"]
    assert drafted["userErrors"] == []
    assert (drafted["application"]["status"], drafted["application"]["name"]) == ("DRAFT", "")

    given = {"applicationId": drafted["application"]["id"]}
    said = {"kind": "PRODUCT", "name": "样例", "summary": "s", "industry": "i", "dataSource": "d"}
    amended = (await ask(holder, AMEND, input=given | said))["amendApplication"]
    assert amended == {
        "application": {"name": "样例", "updateFrequency": None, "sourceAuthorisedUntil": None},
        "userErrors": [],
    }

    refused = (await ask(holder, SUBMIT, input=given))["submitApplication"]
    assert refused["application"] is None
    assert [error["path"] for error in refused["userErrors"]] == [
        ["updateFrequency"],
        ["documents", "applicationForm"],
        ["documents", "productSummary"],
        ["documents", "processingExplanation"],
        ["documents", "scenarioDescription"],
    ]


async def test_the_way_of_an_application_is_the_applicants_and_the_offices(
    ask, registry, holder, office, stranger
):
    examined = await examine_substance(registry, holder, office)
    await announce_application(registry, office, examined.id, a_key())

    seen = (await ask(holder, DETAILS, id=examined.id))["node"]
    assert seen.pop("documents") == [
        {"role": role, "document": {"name": f"{role}.txt", "mediaType": "TEXT"}}
        for role in (
            "APPLICATION_FORM",
            "PROCESSING_EXPLANATION",
            "PRODUCT_SUMMARY",
            "SCENARIO_DESCRIPTION",
        )
    ]
    assert seen == {
        "status": "ANNOUNCED",
        "name": examined.name,
        "examiner": None,
        "applicant": {"name": "样例数据公司"},
        "announcement": {
            "name": examined.name,
            "status": "OPEN",
            "closesAt": "2026-01-20T16:00:00Z",
            "application": {"id": examined.id},
        },
    }
    assert (await ask(office, DETAILS, id=examined.id))["node"]["examiner"] == office.subject
    for actor in (stranger, None):
        assert (await ask(actor, DETAILS, id=examined.id))["node"] is None


async def test_an_application_not_yet_announced_has_no_announcement(ask, registry, holder):
    draft = await draft_application(registry, holder, application_terms(), a_key())
    assert (await ask(holder, DETAILS, id=draft.id))["node"]["announcement"] is None


async def test_the_gazette_hides_who_applied_how_and_who_objects_why(
    ask, registry, holder, office, stranger
):
    examined = await examine_substance(registry, holder, office)
    announcement = await announce_application(registry, office, examined.id, a_key())
    await object_to(registry, stranger, announcement)

    (public,) = (await ask(None, GAZETTE))["gazette"]["nodes"]
    assert public == {
        "name": examined.name,
        "kind": "PRODUCT",
        "applicantName": "样例数据公司",
        "textHash": announcement.text_hash,
        "publishedAt": "2026-01-05T02:00:00Z",
        "closesAt": "2026-01-20T16:00:00Z",
        "status": "OPEN",
        "applicant": {"name": "样例数据公司"},
        "application": None,
        "objections": [
            {
                "ground": "OWNERSHIP_DISPUTED",
                "status": "FILED",
                "statement": None,
                "objector": None,
                "evidence": [],
            }
        ],
    }
    (known,) = (await ask(holder, GAZETTE))["gazette"]["nodes"]
    assert known["application"] == {"id": examined.id}
    (objection,) = known["objections"]
    assert objection["objector"] == {"name": "样例路人公司"}
    assert objection["statement"] == "The data are ours."
    assert objection["evidence"] == [{"name": "contract.txt"}]


async def test_each_has_a_list_of_its_own(ask, registry, holder, office, stranger):
    first = await file_application(registry, holder, name="one")
    await file_application(registry, stranger, name="two")
    await withdraw_application(registry, holder, first.id)

    filed = {"name": "two", "status": "SUBMITTED"}
    withdrawn = {"name": "one", "status": "WITHDRAWN"}
    assert await ask(office, QUEUE) == lists(queue=[filed], mine=[])
    assert await ask(holder, QUEUE) == lists(queue=[], mine=[withdrawn])
    assert await ask(None, QUEUE) == lists(queue=[], mine=[])


def lists(*, queue, mine):
    return {"examinerQueue": {"nodes": queue}, "myApplications": {"nodes": mine}}
