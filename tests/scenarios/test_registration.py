"""A product is registered: filed, examined, announced, objected to, certified."""

from datetime import datetime, timedelta

import pytest

from tests.scenarios.actors import (
    DESCRIPTION,
    DOCUMENT_ROLES,
    announce,
    attach_all,
    certify,
    decide,
    draft,
    examine,
    file,
    new_key,
    object_to,
    refusals,
)

PERIOD = timedelta(days=16)


async def status_of(person, application_id):
    mine = await person.asks("myApplications")
    return {each["id"]: each["status"] for each in mine.nodes}[application_id]


async def test_a_draft_is_submitted_only_complete_and_all_that_is_missing_is_said(acme):
    application = await draft(acme, kind="PRODUCT", name="样例产品")

    refused = await acme.does("submitApplication", applicationId=application)

    assert refusals(refused) == ["APPLICATION_INCOMPLETE"] * 4 + ["DOCUMENT_MISSING"] * 4
    missing = [refusal["path"] for refusal in refused.refusals]
    assert missing[:4] == [["summary"], ["industry"], ["dataSource"], ["updateFrequency"]]
    assert [path[0] for path in missing[4:]] == ["documents"] * 4


async def test_what_was_missing_is_brought_and_the_application_is_filed(acme):
    application = await draft(acme, kind="PRODUCT", name="样例产品")
    await acme.does("amendApplication", applicationId=application, **DESCRIPTION)
    await attach_all(acme, application)

    submitted = await acme.does("submitApplication", applicationId=application)

    assert submitted.record == {"id": application, "status": "SUBMITTED", "correctionDueAt": None}


async def test_a_document_is_brought_in_two_steps_and_read_by_the_entitled_only(
    acme, passer_by, examiner
):
    brought = (await acme.brings("form.txt", b"a form")).record
    path = f"/documents/{brought['documentId']}"

    assert (brought["size"], brought["mediaType"]) == (6, "text/plain")
    texts = [(await person.fetches(path)).content["text"] for person in (acme, examiner, passer_by)]
    assert texts == ["a form", "a form", ""]


async def test_an_examiner_finds_what_was_filed_in_the_queue(acme, examiner):
    application = await file(acme)

    queue = await examiner.asks("examinerQueue")

    assert [each["id"] for each in queue.nodes] == [application]


async def test_a_correction_is_asked_for_and_must_change_something(acme, examiner):
    application = await file(acme)
    await examiner.does("beginExamination", applicationId=application)
    asked = await examiner.does(
        "requestCorrection", applicationId=application, note="Name the counters."
    )
    unchanged = await acme.does("resubmitApplication", applicationId=application)
    await acme.does(
        "amendApplication",
        applicationId=application,
        **(DESCRIPTION | {"dataSource": "Counters of our own make."}),
    )
    corrected = await acme.does("resubmitApplication", applicationId=application)

    assert asked.record["status"] == "CORRECTION_REQUIRED"
    assert refusals(unchanged) == ["CORRECTION_UNCHANGED"]
    assert corrected.record["status"] == "FORMALITY_EXAMINATION"


async def test_an_announcement_stands_in_the_gazette_for_everybody(acme, examiner, public):
    application = await file(acme)
    announced = await announce(examiner, application)

    gazette = await public.asks("gazette")

    assert [each["id"] for each in gazette.nodes] == [announced.record["id"]]
    assert announced.record["closesAt"] == "2026-01-20T16:00:00Z"


async def test_there_is_no_certificate_while_the_announcement_runs(
    stage, acme, examiner, registrar
):
    application = await file(acme)
    closes_at = (await announce(examiner, application)).record["closesAt"]
    early = await certify(registrar, application)
    stage.clock.advance_to(datetime.fromisoformat(closes_at) - timedelta(microseconds=1))
    just_before = await certify(registrar, application)
    stage.clock.advance(timedelta(microseconds=1))
    issued = await certify(registrar, application)

    assert refusals(early) == refusals(just_before) == ["ANNOUNCEMENT_RUNNING"]
    assert issued.record["effectiveStatus"] == "ACTIVE"
    assert issued.record["bindingLimit"] == "VALIDITY"


@pytest.mark.parametrize(
    ("decision", "status", "then"),
    [("DISMISSED", "APPROVED", []), ("UPHELD", "REFUSED", ["ILLEGAL_TRANSITION"])],
)
async def test_an_objection_keeps_the_certificate_back_until_it_is_decided(
    stage, acme, examiner, registrar, passer_by, decision, status, then
):
    application = await file(acme)
    announced = await announce(examiner, application)
    objection = (await object_to(passer_by, announced.record["id"])).record
    stage.clock.advance(PERIOD)

    undecided = await certify(registrar, application)
    decided = await decide(registrar, objection["id"], decision)
    found = await status_of(acme, application)
    after = await certify(registrar, application)

    assert refusals(undecided) == ["OBJECTION_OPEN"]
    assert decided.record["status"] == decision
    assert found == status
    assert refusals(after) == then


async def test_nobody_objects_to_their_own_product_or_when_it_is_too_late(
    stage, acme, examiner, passer_by
):
    announced = await announce(examiner, await file(acme))
    own = await object_to(acme, announced.record["id"])
    stage.clock.advance(PERIOD)
    late = await object_to(passer_by, announced.record["id"])

    assert refusals(own) == ["OBJECTOR_IS_APPLICANT"]
    assert refusals(late) == ["ANNOUNCEMENT_CLOSED"]


async def test_the_same_request_sent_again_is_answered_alike_and_done_once(
    stage, acme, examiner, registrar
):
    application = await file(acme)
    await announce(examiner, application)
    stage.clock.advance(PERIOD)
    key = new_key()

    first = await certify(registrar, application, key)
    again = await certify(registrar, application, key)
    anew = await certify(registrar, application)

    assert first.record == again.record
    assert again.record["version"] == 1
    assert refusals(anew)[0] == "PRODUCT_ALREADY_CERTIFIED"


async def test_a_product_refused_on_a_ground_of_the_measures_is_never_announced(acme, examiner):
    application = await file(acme)
    await examine(examiner, application)
    refused = await examiner.does(
        "refuseApplication",
        applicationId=application,
        ground="UNLAWFULLY_OBTAINED",
        reasons="The counters stand on others' land.",
    )
    announced = await announce(examiner, application)

    assert refused.record["status"] == "REFUSED"
    assert refusals(announced) == ["ILLEGAL_TRANSITION"]


async def test_what_its_applicant_withdrew_rests_for_three_months(stage, acme):
    first = await file(acme)
    await acme.does("withdrawApplication", applicationId=first)
    application = await draft(acme, **DESCRIPTION)
    await attach_all(acme, application)

    barred = await acme.does("submitApplication", applicationId=application)
    stage.clock.advance(timedelta(days=91))
    free = await acme.does("submitApplication", applicationId=application)

    assert len(DOCUMENT_ROLES) == 4
    assert refusals(barred) == ["RESUBMISSION_BARRED"]
    assert free.record["status"] == "SUBMITTED"
