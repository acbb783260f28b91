"""First chapter: a product is registered, announced, objected to and certified."""

from datetime import datetime, timedelta

from api.demo.people import Answer, new_key
from api.demo.steps import Play, Step, done, refused, shows

NOTICE = "样例 (sample): written by the demo."
ROLES = (
    "APPLICATION_FORM",
    "PRODUCT_SUMMARY",
    "PROCESSING_EXPLANATION",
    "SCENARIO_DESCRIPTION",
)
SUMMARY = f"{NOTICE} Indicators of footfall by hour and street."


async def draft(play: Play) -> Answer:
    answer = await play["registrant"].does(
        "draftApplication", idempotencyKey=new_key(), kind="PRODUCT", name=play.product
    )
    play.marks["application"] = answer.record.get("id")
    return answer


async def submit(play: Play) -> Answer:
    return await play["registrant"].does("submitApplication", **_application(play))


async def fill_in(play: Play) -> Answer:
    return await _amend(play, f"{NOTICE} Own counters.")


async def bring_documents(play: Play) -> Answer:
    """Four times in two steps, and attached; the last answer stands for all."""
    registrant = play["registrant"]
    for role in ROLES:
        text = f"{NOTICE}\n{play.product}\n{role}\n"
        brought = await registrant.brings(f"{role.lower()}.txt", text.encode())
        answer = await registrant.does(
            "attachDocument",
            **_application(play),
            role=role,
            documentId=brought.record["documentId"],
        )
    return answer


async def look_at_queue(play: Play) -> Answer:
    return await play["examiner"].asks("examinerQueue")


async def begin_examination(play: Play) -> Answer:
    return await play["examiner"].does("beginExamination", **_application(play))


async def request_correction(play: Play) -> Answer:
    note = "样例 (sample): say how the counters avoid images of persons."
    return await play["examiner"].does("requestCorrection", **_application(play), note=note)


async def resubmit(play: Play) -> Answer:
    return await play["registrant"].does("resubmitApplication", **_application(play))


async def correct(play: Play) -> Answer:
    return await _amend(play, f"{NOTICE} Own counters that keep no images, only counts.")


async def pass_formalities(play: Play) -> Answer:
    return await play["examiner"].does("passFormalities", **_application(play))


async def announce(play: Play) -> Answer:
    answer = await play["examiner"].does(
        "announceApplication", idempotencyKey=new_key(), **_application(play)
    )
    play.marks["announcement"] = answer.record.get("id")
    play.marks["closes_at"] = answer.record.get("closesAt")
    return answer


async def read_gazette(play: Play) -> Answer:
    return await play["public"].asks("gazette")


async def object_to_it(play: Play) -> Answer:
    objector = play["objector"]
    evidence = await objector.brings("evidence.txt", f"{NOTICE} {new_key()}\n".encode())
    answer = await objector.does(
        "raiseObjection",
        idempotencyKey=new_key(),
        announcementId=play.marks["announcement"],
        ground="OWNERSHIP_DISPUTED",
        statement="样例 (sample): part of the counts are the objector's own.",
        documentIds=[evidence.record["documentId"]],
    )
    play.marks["objection"] = answer.record.get("id")
    return answer


async def certify(play: Play) -> Answer:
    """The key stays the same, so that asking again can never issue a second certificate."""
    key = play.marks.setdefault("certificate_key", new_key())
    answer = await play["registrar"].does(
        "issueCertificate", idempotencyKey=key, **_application(play)
    )
    if answer.record:
        play.marks["certificate"] = answer.record["id"]
        play.marks["number"] = answer.record["number"]
    return answer


async def dismiss_objection(play: Play) -> Answer:
    return await play["registrar"].does(
        "decideObjection",
        objectionId=play.marks["objection"],
        decision="DISMISSED",
        reasons="样例 (sample): the evidence shows another product.",
    )


def let_the_period_pass(play: Play) -> None:
    """The clock moves on to the hour after the announcement has closed."""
    assert play.pass_time is not None
    closes_at = datetime.fromisoformat(play.marks["closes_at"])
    play.pass_time(closes_at + timedelta(hours=1))


async def certify_early(play: Play) -> Answer:
    play.marks["certificate_key"] = new_key()
    answer = await certify(play)
    play.marks.pop("certificate_key")
    return answer


async def _amend(play: Play, data_source: str) -> Answer:
    return await play["registrant"].does(
        "amendApplication",
        **_application(play),
        kind="PRODUCT",
        name=play.product,
        summary=SUMMARY,
        industry="retail",
        dataSource=data_source,
        updateFrequency="DAILY",
    )


def _application(play: Play) -> dict[str, str]:
    return {"applicationId": play.marks["application"]}


def _is_there(play: Play, answer: Answer) -> bool:
    return play.product in [node["name"] for node in answer.nodes]


TO_THE_ANNOUNCEMENT = (
    Step(
        "registrant",
        "drafts an application that only says a name.",
        draft,
        done(status="DRAFT"),
        "a draft may be incomplete.",
    ),
    Step(
        "registrant",
        "submits the draft at once.",
        submit,
        refused("APPLICATION_INCOMPLETE", "DOCUMENT_MISSING"),
        "an application may not be incomplete; everything missing is said at one time.",
    ),
    Step(
        "registrant",
        "fills in what was missing.",
        fill_in,
        done(status="DRAFT"),
        "the four documents are still to come.",
    ),
    Step(
        "registrant",
        "uploads the four documents and attaches them.",
        bring_documents,
        done(status="DRAFT"),
        "all four roles have a document, each known by the SHA-256 of its bytes.",
    ),
    Step(
        "registrant",
        "submits again.",
        submit,
        done(status="SUBMITTED"),
        "nothing is missing any more.",
    ),
    Step(
        "examiner",
        "asks what waits.",
        look_at_queue,
        shows("the application", _is_there),
        "the application waits in the examiners' queue.",
    ),
    Step(
        "examiner",
        "takes it up.",
        begin_examination,
        done(status="FORMALITY_EXAMINATION"),
        "the examiner has no part in the case.",
    ),
    Step(
        "examiner",
        "asks for a correction.",
        request_correction,
        done(status="CORRECTION_REQUIRED"),
        "the rule profile allows two rounds, of 21 days each.",
    ),
    Step(
        "registrant",
        "resubmits without changing anything.",
        resubmit,
        refused("CORRECTION_UNCHANGED"),
        "the hash of the content is still that of the first filing.",
    ),
    Step(
        "registrant",
        "corrects the description.",
        correct,
        done(status="CORRECTION_REQUIRED"),
        "the content is another one now.",
    ),
    Step(
        "registrant",
        "resubmits.",
        resubmit,
        done(status="FORMALITY_EXAMINATION"),
        "it goes on where it was sent back.",
    ),
    Step(
        "examiner",
        "finds the papers in order.",
        pass_formalities,
        done(status="SUBSTANTIVE_EXAMINATION"),
        "only the substance is left to examine.",
    ),
    Step(
        "examiner",
        "finds no ground to refuse and announces it.",
        announce,
        done(status="OPEN"),
        "for 15 whole days anybody may object.",
    ),
    Step(
        "public",
        "reads the gazette without signing in.",
        read_gazette,
        shows("the product", _is_there),
        "what is announced is public.",
    ),
)


DURING_THE_ANNOUNCEMENT = (
    Step(
        "objector",
        "objects, with evidence.",
        object_to_it,
        done(status="FILED"),
        "the announcement is open, and the ground is one of Art. 7.",
    ),
    Step(
        "registrar",
        "tries to issue the certificate now.",
        certify_early,
        refused("ANNOUNCEMENT_RUNNING", "OBJECTION_OPEN"),
        "the period runs and an objection is undecided: each alone would be enough.",
    ),
    Step(
        "registrar",
        "dismisses the objection.",
        dismiss_objection,
        done(status="DISMISSED"),
        "only the period is left to wait for.",
    ),
    Step(
        "registrar",
        "tries once more.",
        certify_early,
        refused("ANNOUNCEMENT_RUNNING"),
        "no certificate while the period runs, whatever else is in order.",
    ),
)


AFTER_THE_ANNOUNCEMENT = (
    Step(
        "registrar",
        "issues the certificate.",
        certify,
        done(effectiveStatus="ACTIVE", bindingLimit="VALIDITY"),
        "the announcement has closed and nothing is open against it.",
    ),
    Step(
        "registrar",
        "sends the same request again, as after a lost answer.",
        certify,
        done(effectiveStatus="ACTIVE", version=1),
        "the same key gives the same certificate: still one event, still one title.",
    ),
)
