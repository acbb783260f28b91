"""A register with one of everything on it behind its real door, and what a request leaves there."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from api.settings import Settings
from api.tokens import OwnIssuer, issue_token
from services.actors import Actor, Role
from services.announcements.store import announcement_of
from services.applications.actions import draft_application
from services.certificates.model import Operation
from services.clock import SystemClock
from services.registry import Registry
from tests.collateral import burden_of, consented, registered
from tests.databases import trace_of
from tests.founding import a_key, enter_party, open_office
from tests.licenses import publish
from tests.titles import announce, certify, deposit, terms_of

FIVE_MINUTES = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who is on the register, and the ids of what they have there."""

    office: Actor
    holder: Actor
    licensee: Actor
    bank: Actor
    exchange: Actor
    number: str
    certificate: str
    free_certificate: str
    offer: str
    encumbrance: str
    document: str
    evidence: str
    draft: str
    announcement: str


async def people(registry: Registry) -> Cast:
    """Enter everybody and everything through the acts: one certificate pledged, one free."""
    office = await open_office(registry)
    holder = await enter_party(registry, office, "样例数据公司", Role.REGISTRANT)
    licensee = await enter_party(registry, office, "样例被许可公司", Role.LICENSEE)
    bank = await enter_party(registry, office, "样例银行", Role.LENDER)
    exchange = await enter_party(registry, office, "样例数据交易所", Role.EXCHANGE)
    certificate = await certify(registry, office, holder)
    free = await certify(registry, office, holder, terms_of("样例自由产品"))
    offer = await publish(registry, holder, certificate)
    pledge = await registered(registry, certificate, holder, bank)
    await consented(registry, pledge, bank, Operation.LICENSE, standing=True, longest_months=1_200)
    draft = await draft_application(registry, holder, terms_of("样例草稿"), a_key())
    announced = await announce(registry, office, holder, terms_of("样例公示"))
    async with registry.reading() as tx:
        announcement = await announcement_of(tx, announced.id)
    assert announcement is not None
    return Cast(
        office=office,
        holder=holder,
        licensee=licensee,
        bank=bank,
        exchange=exchange,
        number=certificate.number,
        certificate=certificate.id,
        free_certificate=free.id,
        offer=offer.id,
        encumbrance=(await burden_of(registry, pledge)).id,
        document=(await deposit(registry, holder, "样例说明")).id,
        evidence=(await deposit(registry, licensee, "样例证据")).id,
        draft=draft.id,
        announcement=announcement.id,
    )


@dataclass(frozen=True, kw_only=True)
class World:
    """What a test of malformed requests may use."""

    cast: Cast
    settings: Settings
    registry: Registry
    app: Starlette
    client: httpx.AsyncClient
    database: str
    folder: Path
    log: pytest.LogCaptureFixture

    def token(self, who: str, **changes: Any) -> str:
        """A token of the embedded issuer for a member of the cast, in all of their roles."""
        actor = getattr(self.cast, who)
        claims = {
            "issued_by": self.settings.issuer,
            "audience": self.settings.audience,
            "subject": actor.subject,
            "party_id": actor.party_id,
            "role": None,
            "now": SystemClock().now(),
            "lifetime": FIVE_MINUTES,
        }
        return issue_token(OwnIssuer.at(self.settings.data), **(claims | changes))

    def signed(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(who)}"}

    def trace(self) -> tuple[str, list[str]]:
        """A hash over every row of every table, and the files among the documents."""
        files = [path for path in (self.folder / "documents").rglob("*") if path.is_file()]
        return trace_of(self.database), sorted(map(str, files))

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request that must leave no row, no file, and no fault in the log behind it."""
        before = self.trace()
        self.log.clear()
        answer = await self.client.request(method, path, **request)
        self.require_no_trace_since(before)
        return answer

    async def ask(
        self, document: str, variables: dict[str, Any] | None = None, who: str | None = None
    ) -> httpx.Response:
        body = {"query": document, "variables": variables}
        headers = self.signed(who) if who else {}
        return await self.send("POST", "/graphql", json=body, headers=headers)

    def require_no_trace_since(self, before: tuple[str, list[str]]) -> None:
        faults = [r.getMessage() for r in self.log.records if r.levelno >= logging.ERROR]
        assert faults == []
        assert self.trace() == before


def told(answer: httpx.Response) -> tuple[int, list[str]]:
    """The status, and the codes of what went wrong: of the request, else of the act."""
    content = answer.json()
    if "errors" in content:
        codes = [error["extensions"]["code"] for error in content["errors"]]
        return answer.status_code, list(dict.fromkeys(codes))
    found = [payload for payload in content["data"].values() if isinstance(payload, dict)]
    refusals = [error["code"] for payload in found for error in payload.get("userErrors", [])]
    return answer.status_code, refusals
