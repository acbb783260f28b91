"""The register that is measured: an office, a registrant, and certificates that are pledged."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette

from api.opening import open_app, open_registry
from api.settings import read_settings
from api.tokens import OwnIssuer, issue_token
from services.actors import Actor, Role
from services.applications.actions import draft_application
from services.clock import ManualClock, SystemClock
from services.parties.actions import register_party
from services.parties.model import PartyKind, PartyTerms
from services.registry import Registry
from tests.collateral import registered
from tests.founding import a_key, enter_party, open_office
from tests.titles import certify, terms_of

OK = 200
CERTIFICATES = 20
DRAFT = """
mutation ($input: DraftApplicationInput!) {
  draftApplication(input: $input) { application { id } userErrors { code } }
}
"""
REGISTER = """
mutation ($input: RegisterPartyInput!) {
  registerParty(input: $input) { party { id } userErrors { code } }
}
"""
STATUS = """
query ($number: String!) {
  certificate(by: {number: $number}) {
    effectiveStatus effectiveEnd bindingLimit holder { name } encumbrances { kind since until }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Acting:
    """An open register, and who acts on it."""

    registry: Registry
    office: Actor
    holder: Actor

    async def act(self, number: int) -> None:
        """Through the services: every other act is a draft, the rest are registrations."""
        if number % 2:
            await draft_application(self.registry, self.holder, terms_of("样例产品"), a_key())
        else:
            terms = PartyTerms(
                kind=PartyKind.ORGANISATION, name="样例公司", roles=frozenset({Role.LENDER})
            )
            await register_party(self.registry, self.office, terms, a_key())


@dataclass(frozen=True, slots=True)
class Bench(Acting):
    """The same, and the ways to ask it."""

    app: Starlette
    database: Path
    numbers: list[str]
    tokens: Mapping[str, str]

    async def act_by_http(self, number: int) -> None:
        """The same acts, as mutations."""
        if number % 2:
            said = {"kind": "PRODUCT", "name": "样例产品", "summary": "样例摘要"}
            said |= {"industry": "finance", "dataSource": "自行采集", "updateFrequency": "DAILY"}
            data = await self._post("holder", DRAFT, input={**said, "idempotencyKey": a_key()})
        else:
            party = {"kind": "ORGANISATION", "name": "样例公司", "roles": ["LENDER"]}
            data = await self._post("office", REGISTER, input={**party, "idempotencyKey": a_key()})
        (payload,) = data.values()
        assert payload["userErrors"] == [], payload

    async def ask_status(self, number: int) -> None:
        certificate_number = self.numbers[number % len(self.numbers)]
        data = await self._post("holder", STATUS, number=certificate_number)
        assert data["certificate"]["effectiveStatus"] == "ACTIVE", data
        assert len(data["certificate"]["encumbrances"]) == 1, data

    async def _post(self, who: str, document: str, **variables: object) -> dict[str, Any]:
        """Call the application as a server would, without the cost of an HTTP client."""
        body = msgspec.json.encode({"query": document, "variables": variables})
        sent = bytearray()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            assert message.get("status", OK) == OK, message
            sent.extend(message.get("body", b""))

        authorization = f"Bearer {self.tokens[who]}".encode()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json"), (b"authorization", authorization)],
        }
        await self.app(scope, receive, send)
        data: dict[str, Any] = msgspec.json.decode(sent)["data"]
        return data


@asynccontextmanager
async def open_bench(folder: Path) -> AsyncIterator[Bench]:
    """A register in an empty folder, with everybody and everything on it."""
    settings = read_settings({"DATATITLE_DATA": str(folder)})
    registry = await open_registry(settings, ManualClock(datetime(2026, 1, 5, 2, tzinfo=UTC)))
    office = await open_office(registry)
    holder = await enter_party(registry, office, "样例数据公司", Role.REGISTRANT)
    bank = await enter_party(registry, office, "样例银行", Role.LENDER)
    certificates = [
        await certify(registry, office, holder, terms_of(f"样例产品 {n}"))
        for n in range(CERTIFICATES)
    ]
    for certificate in certificates:
        await registered(registry, certificate, holder, bank)
    issuer = OwnIssuer.at(folder)
    tokens = {
        name: issue_token(
            issuer,
            issued_by=settings.issuer,
            audience=settings.audience,
            subject=actor.subject,
            party_id=actor.party_id,
            role=None,
            now=SystemClock().now(),
            lifetime=timedelta(hours=1),
        )
        for name, actor in (("office", office), ("holder", holder))
    }
    try:
        yield Bench(
            registry=registry,
            app=open_app(settings, registry),
            database=folder / "register.sqlite3",
            office=office,
            holder=holder,
            numbers=[certificate.number for certificate in certificates],
            tokens=tokens,
        )
    finally:
        await registry.close()
