"""A register with an office and parties, made through the acts."""

from pathlib import Path
from uuid import uuid4

import ledger.keeping.store
import schema  # noqa: F401 - importing the contract brings in every table.
from ledger.keeping.log import Log
from services.actors import OFFICE_ROLES, Actor, Role
from services.blobs import FolderBlobs
from services.clock import Clock
from services.limits import DEFAULT_LIMITS, Limits
from services.parties.actions import admit_member, found_office, register_party
from services.parties.model import MemberTerms, PartyKind, PartyTerms
from services.permits import Permits
from services.registry import Registry, open_engine
from services.tables import metadata

ORIGIN = "register.test/log"
PERMIT_SECRET = bytes(range(32))
UPLOAD_LIMIT = 64 * 1024  # Bytes; small, so that too much is soon said.


async def create_tables(address: str) -> None:
    engine = open_engine(address)
    async with engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            await connection.run_sync(metadata.create_all)
            await connection.run_sync(ledger.keeping.store.metadata.create_all)
    await engine.dispose()


def registry_on(
    address: str, folder: Path, clock: Clock, limits: Limits = DEFAULT_LIMITS
) -> Registry:
    """The register in a database, by this clock, with its documents in a folder."""
    return Registry(
        engine=open_engine(address, limits),
        clock=clock,
        log=Log(ORIGIN),
        blobs=FolderBlobs(folder / "documents"),
        permits=Permits(PERMIT_SECRET, UPLOAD_LIMIT),
    )


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
