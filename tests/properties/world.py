"""The register a machine plays with: prepared once through the acts, copied for each run."""

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from services.actors import Actor, Role
from services.announcements.model import Announcement
from services.announcements.store import announcement_of
from services.applications.model import Application
from services.certificates.actions import issue_certificate
from services.certificates.model import Certificate
from services.certificates.store import get_certificate
from services.clock import ManualClock
from services.licensing import model as licensing
from services.licensing.model import LicenseKind
from services.registry import Registry
from tests.collateral import registered
from tests.databases import Databases
from tests.founding import a_key, enter_party, open_office, registry_on
from tests.licenses import publish
from tests.properties.extents import days_after, end_of, extent, months_after
from tests.properties.paper import Offer, Paper, Pledge, Product, Title
from tests.titles import ANNOUNCEMENT, announce, terms_of

ROLES = {
    "holder": Role.REGISTRANT,
    "neighbour": Role.REGISTRANT,
    "exchange": Role.EXCHANGE,
    "other exchange": Role.EXCHANGE,
    "licensee": Role.LICENSEE,
    "other licensee": Role.LICENSEE,
    "bank": Role.LENDER,
    "other bank": Role.LENDER,
}
# Members of these parties who act in a role that is not the one it takes.
MISPLACED = {
    "holder as licensee": ("holder", Role.LICENSEE),
    "bank as registrant": ("bank", Role.REGISTRANT),
    "exchange as lender": ("exchange", Role.LENDER),
    "office as examiner": ("office", Role.EXAMINER),
}
ACTORS = ("office", *ROLES, *MISPLACED)
SOURCE_ENDS = date(2026, 9, 30)
# The products certified before the play begins, and the last day their data may be used.
PREPARED = [("one", None), ("two", None), ("three", SOURCE_ENDS), ("four", None)]
TERM = 36  # Months a certificate lasts (Measures).
PERIOD = 15  # Days an announcement lasts (Measures).


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A database with its parties; certificates, of which the last has offers and is pledged to
    the bank; a product whose announcement runs. And the same on paper.
    """

    databases: Databases
    database: str
    now: datetime
    actors: dict[str, Actor]
    paper: Paper

    def on_paper(self) -> Paper:
        return deepcopy(self.paper)

    def copied_to(self, folder: Path) -> str:
        return self.databases.copy(self.database, folder)


async def prepare(databases: Databases, database: str, folder: Path, begin: datetime) -> World:
    """Found the register in a database with every table and nothing in it."""
    registry = registry_on(database, folder, ManualClock(begin))
    office = await open_office(registry)
    actors = {"office": office}
    for name, role in ROLES.items():
        actors[name] = await enter_party(registry, office, name, role)
    for name, (party, role) in MISPLACED.items():
        actors[name] = replace(actors[party], roles=frozenset({role}))
    paper = Paper(titles=await _certified(registry, office, actors["holder"]))
    await _burdened(registry, actors, paper)
    registry.clock.advance(timedelta(hours=1))
    announced = await announced_product(registry, office, actors["neighbour"], "announced")
    paper.products.append(product_of(*announced))
    registry.clock.advance(timedelta(hours=1))
    now = registry.clock.now()
    await registry.close()
    return World(databases=databases, database=database, now=now, actors=actors, paper=paper)


async def _certified(registry: Registry, office: Actor, holder: Actor) -> list[Title]:
    filed = [
        (await announce(registry, office, holder, terms_of(name, until)), until)
        for name, until in PREPARED
    ]
    registry.clock.advance(ANNOUNCEMENT)
    return [
        title_of(await issue_certificate(registry, office, application.id, a_key()), until)
        for application, until in filed
    ]


async def _burdened(registry: Registry, actors: dict[str, Actor], paper: Paper) -> None:
    """Two offers on the last title, then a pledge of it to the bank."""
    title, holder = paper.titles[-1], actors["holder"]
    async with registry.reading() as tx:
        certificate = await get_certificate(tx, title.id)
    for kind in (LicenseKind.EXCLUSIVE, LicenseKind.NON_EXCLUSIVE):
        registry.clock.advance(timedelta(hours=1))
        offer = await publish(registry, holder, certificate, kind)
        paper.offers.append(offer_of(title, offer))
    registry.clock.advance(timedelta(hours=1))
    pledged = await registered(registry, certificate, holder, actors["bank"])
    paper.pledges.append(
        Pledge(
            id=pledged.id,
            title=title,
            pledgee=pledged.pledgee_id,
            matures_on=pledged.matures_on,
            stage="REGISTERED",
            registered_at=pledged.registered_at,
        )
    )


async def announced_product(
    registry: Registry, office: Actor, applicant: Actor, name: str, until: date | None = None
) -> tuple[Application, Announcement]:
    application = await announce(registry, office, applicant, terms_of(name, until))
    async with registry.reading() as tx:
        announcement = await announcement_of(tx, application.id)
    assert announcement is not None
    return application, announcement


def title_of(certificate: Certificate, source_until: date | None) -> Title:
    """A certificate on paper: three years, or as long as the source may be used."""
    term = months_after(certificate.issued_at, TERM)
    until = term if source_until is None else min(term, end_of(source_until))
    return Title(
        id=certificate.id, number=certificate.number, holder=certificate.holder_id, until=until
    )


def product_of(application: Application, announcement: Announcement) -> Product:
    return Product(
        id=application.id,
        announcement=announcement.id,
        applicant=application.applicant_id,
        closes=days_after(announcement.published_at, PERIOD),
        source_until=application.source_authorised_until,
    )


def offer_of(title: Title, offer: licensing.Offer) -> Offer:
    terms, scope = offer.terms, offer.terms.scope
    return Offer(
        id=offer.id,
        title=title,
        kind=terms.kind,
        scope=scope,
        extent=extent(scope.begin, scope.end, scope.territories, scope.fields_of_use),
        price=terms.price.amount_minor,
    )
