"""A register with an office and parties, made through the acts."""

import asyncio
from pathlib import Path
from uuid import uuid4

import ledger.keeping.store
import schema  # noqa: F401 - importing the contract brings in every table.
from services.actors import OFFICE_ROLES, Actor, Role
from services.parties.actions import admit_member, found_office, register_party
from services.parties.model import MemberTerms, PartyKind, PartyTerms
from services.registry import Registry, open_engine
from services.tables import metadata

ORIGIN = "register.test/log"


def create_tables(path: Path) -> None:
    asyncio.run(_create_tables(path))


async def _create_tables(path: Path) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{path}")
    async with engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            await connection.run_sync(metadata.create_all)
            await connection.run_sync(ledger.keeping.store.metadata.create_all)
    await engine.dispose()


async def open_office(registry: Registry) -> Actor:
    """Found the office; its first member is registrar and examiner at once."""
    terms = PartyTerms(kind=PartyKind.ORGANISATION, name="样例登记机构")
    office = await found_office(registry, terms, "office-registrar")
    return Actor("office-registrar", office.id, OFFICE_ROLES)


async def enter_party(registry: Registry, office: Actor, name: str, *roles: Role) -> Actor:
    """Register a party and one member of it who acts in all its roles."""
    terms = PartyTerms(kind=PartyKind.ORGANISATION, name=name, roles=frozenset(roles))
    party = await register_party(registry, office, terms, a_key())
    subject = f"{name}-member"
    member = MemberTerms(party_id=party.id, subject=subject, roles=frozenset(roles))
    await admit_member(registry, office, member, a_key())
    return Actor(subject, party.id, frozenset(roles))


def a_key() -> str:
    """An idempotency key nobody has used."""
    return uuid4().hex
