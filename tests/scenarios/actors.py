"""The parties of the stories, and what they do in one sentence, all of it over HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx

from api.demo.people import Answer, Person, new_key
from api.settings import Settings
from api.tokens import OwnIssuer, issue_token
from services.actors import Actor, Role
from services.clock import ManualClock, SystemClock

MONTH = timedelta(days=30)
DOCUMENT_ROLES = (
    "APPLICATION_FORM",
    "PRODUCT_SUMMARY",
    "PROCESSING_EXPLANATION",
    "SCENARIO_DESCRIPTION",
)
DESCRIPTION = {
    "kind": "PRODUCT",
    "name": "样例客流产品",
    "summary": "Visitors by hour.",
    "industry": "retail",
    "dataSource": "Own counters.",
    "updateFrequency": "DAILY",
}
FEE = {"amountMinor": "6000000", "currency": "CNY"}
DEBT = {"amountMinor": "300000000", "currency": "CNY"}
SHANGHAI = {"territories": ["CN-SH"], "fieldsOfUse": ["site selection"]}


def token_of(settings: Settings, actor: Actor, role: Role | None = None) -> str:
    """Of the register's own issuer, by the clock that a server checks it by."""
    return issue_token(
        OwnIssuer.at(settings.data),
        issued_by=settings.issuer,
        audience=settings.audience,
        subject=actor.subject,
        party_id=actor.party_id,
        role=role,
        now=SystemClock().now(),
        lifetime=timedelta(minutes=5),
    )


@dataclass(frozen=True)
class Stage:
    """A register behind its door. `sign` signs a checkpoint, as the server does every second."""

    settings: Settings
    http: httpx.AsyncClient
    clock: ManualClock
    sign: Callable[[], Awaitable[None]]

    def public(self) -> Person:
        return Person("public", "", self.http)

    def sign_in(self, actor: Actor, role: Role) -> Person:
        token = token_of(self.settings, actor, role)
        return Person(actor.subject, role.lower(), self.http, token, actor.party_id)

    def months_on(self, months: float) -> str:
        """An instant some months of 30 days ahead."""
        return (self.clock.now() + months * MONTH).isoformat()

    def day_in(self, months: float) -> str:
        return f"{self.clock.now() + months * MONTH:%Y-%m-%d}"


def refusals(answer: Answer) -> list[str]:
    """The codes an act was refused with, most telling first; it gave back no record then."""
    codes = [refusal["code"] for refusal in answer.refusals]
    assert not codes or answer.record == {}, answer
    return codes


async def draft(person: Person, **description: str) -> str:
    drafted = await person.does("draftApplication", idempotencyKey=new_key(), **description)
    return drafted.record["id"]


async def attach_all(person: Person, application_id: str) -> None:
    for role in DOCUMENT_ROLES:
        brought = await person.brings(f"{role}.txt", f"{role} {application_id}".encode())
        await person.does(
            "attachDocument",
            applicationId=application_id,
            role=role,
            documentId=brought.record["documentId"],
        )


async def file(person: Person, **changes: str) -> str:
    """A complete application, submitted."""
    application_id = await draft(person, **(DESCRIPTION | changes))
    await attach_all(person, application_id)
    await person.does("submitApplication", applicationId=application_id)
    return application_id


async def examine(examiner: Person, application_id: str) -> None:
    for act in ("beginExamination", "passFormalities"):
        await examiner.does(act, applicationId=application_id)


async def announce(examiner: Person, application_id: str) -> Answer:
    """Examine an application and announce it."""
    await examine(examiner, application_id)
    key = new_key()
    return await examiner.does(
        "announceApplication", idempotencyKey=key, applicationId=application_id
    )


async def object_to(person: Person, announcement_id: str) -> Answer:
    evidence = await person.brings("evidence.txt", f"evidence against {announcement_id}".encode())
    return await person.does(
        "raiseObjection",
        idempotencyKey=new_key(),
        announcementId=announcement_id,
        ground="OWNERSHIP_DISPUTED",
        statement="The counts are ours.",
        documentIds=[evidence.record["documentId"]],
    )


async def decide(registrar: Person, objection_id: str, decision: str) -> Answer:
    return await registrar.does(
        "decideObjection", objectionId=objection_id, decision=decision, reasons="Seen."
    )


async def certify(registrar: Person, application_id: str, key: str | None = None) -> Answer:
    return await registrar.does(
        "issueCertificate", idempotencyKey=key or new_key(), applicationId=application_id
    )


async def certificate_of(person: Person, number: str) -> dict:
    return (await person.asks("certificate", number=number)).record


async def version_of(person: Person, title: dict) -> int:
    return (await certificate_of(person, title["number"]))["version"]


async def request_listing(person: Person, title: dict, venue: Person) -> Answer:
    return await person.does(
        "requestListing",
        idempotencyKey=new_key(),
        certificateId=title["id"],
        exchangeId=venue.party_id,
        mode="LICENSING",
    )


async def publish_offer(stage: Stage, person: Person, title: dict, **changes: object) -> Answer:
    terms = {
        "kind": "NON_EXCLUSIVE",
        "name": "Sample license",
        "description": "Use in planning.",
        "begin": stage.months_on(0),
        "end": stage.months_on(12),
        "price": FEE,
        **SHANGHAI,
    }
    return await person.does(
        "publishOffer", idempotencyKey=new_key(), certificateId=title["id"], **(terms | changes)
    )


async def request_license(stage: Stage, person: Person, offer_id: str, months: float = 6) -> Answer:
    return await person.does(
        "requestLicense",
        idempotencyKey=new_key(),
        offerId=offer_id,
        begin=stage.months_on(0),
        end=stage.months_on(months),
        **SHANGHAI,
    )


async def grant(person: Person, title: dict, negotiation_id: str) -> Answer:
    return await person.does(
        "grantLicense",
        idempotencyKey=new_key(),
        negotiationId=negotiation_id,
        expectedVersion=await version_of(person, title),
    )


async def place_pledge(
    stage: Stage, person: Person, title: dict, lender: Person, months: float = 12
) -> Answer:
    return await person.does(
        "placePledge",
        idempotencyKey=new_key(),
        certificateId=title["id"],
        pledgeeId=lender.party_id,
        securedAmount=DEBT,
        maturesOn=stage.day_in(months),
        expectedVersion=await version_of(person, title),
    )


async def confirm(lender: Person, title: dict, pledge_id: str) -> Answer:
    version = await version_of(lender, title)
    return await lender.does("confirmPledge", pledgeId=pledge_id, expectedVersion=version)


async def pledge(stage: Stage, person: Person, title: dict, lender: Person) -> str:
    """Place a pledge and confirm it; the encumbrance that lies on the certificate since."""
    before = {burden["id"] for burden in await _burdens(person, title)}
    placed = await place_pledge(stage, person, title, lender)
    await confirm(lender, title, placed.record["id"])
    (encumbrance,) = {burden["id"] for burden in await _burdens(person, title)} - before
    return encumbrance


async def consent(lender: Person, encumbrance: str, operation: str, **terms: object) -> Answer:
    return await lender.does(
        "giveConsent",
        idempotencyKey=new_key(),
        encumbranceId=encumbrance,
        operation=operation,
        **terms,
    )


async def report(stage: Stage, lender: Person, title: dict, months: float = 12) -> dict:
    answer = await lender.asks(
        "collateralReport", number=title["number"], maturesOn=stage.day_in(months)
    )
    return answer.record


async def _burdens(person: Person, title: dict) -> list[dict]:
    return (await certificate_of(person, title["number"]))["encumbrances"]
