"""The register that is measured: an office, a registrant, and certificates that are pledged."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.opening import open_registry
from api.settings import read_settings
from services.actors import Actor, Role
from services.applications.actions import draft_application
from services.clock import ManualClock
from services.parties.actions import register_party
from services.parties.model import PartyKind, PartyTerms
from services.registry import Registry
from tests.collateral import registered
from tests.founding import a_key, enter_party, open_office
from tests.titles import certify, terms_of

CERTIFICATES = 20


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
    """The same, and its file."""

    database: Path


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
    try:
        yield Bench(
            registry=registry,
            office=office,
            holder=holder,
            database=folder / "register.sqlite3",
        )
    finally:
        await registry.close()
