"""Who appears in the sample register: the office and the parties, entered through the acts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from api.sample.cases import Member, Party, SampleRegister
from api.sample.timetable import OFFICE_OPENS, Timetable
from services.actors import Actor, Role
from services.parties.actions import admit_member, found_office, register_party
from services.parties.model import MemberTerms, PartyTerms
from services.periods import start_of
from services.registry import Registry

# The day the Shanghai Interim Measures came into force.
OPENING_DAY = date(2024, 12, 8)
BETWEEN_ENTRIES = timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class Cast:
    """The parties of the file by their key, and who acts for each of them."""

    parties: Mapping[str, Party]
    actors: Mapping[str, Actor]
    registrar: Actor
    examiners: Sequence[Actor]

    def examiner_of(self, application_id: str) -> Actor:
        """Cases are dealt out evenly: by the last sign of their id."""
        return self.examiners[ord(application_id[-1]) % len(self.examiners)]


async def open_office(registry: Registry, timetable: Timetable, sample: SampleRegister) -> Cast:
    """Found the office, then enter every party and whoever acts for it, sample parties first."""
    office = next(party for party in sample.parties if Role.REGISTRAR in party.roles)
    at = start_of(OPENING_DAY) + OFFICE_OPENS
    await timetable.until(at)
    registrar, examiners = await _found(registry, office)
    actors = {}
    for party in (*sample.sample_parties, *sample.reported_parties):
        if party is office:
            continue
        at += BETWEEN_ENTRIES
        await timetable.until(at)
        actors[party.key] = await _enter(registry, registrar, party)
    parties = {party.key: party for party in sample.parties}
    return Cast(parties, actors, registrar, examiners)


async def _found(registry: Registry, office: Party) -> tuple[Actor, list[Actor]]:
    first, *others = office.members
    founded = await found_office(registry, _terms(office), first.subject)
    registrar = Actor(first.subject, founded.id, frozenset(first.roles))
    examiners = [await _admit(registry, registrar, founded.id, member) for member in others]
    return registrar, examiners


async def _enter(registry: Registry, registrar: Actor, party: Party) -> Actor:
    """A party of whose members the file says nothing acts by itself, under its key."""
    key = f"sample-party-{party.key}"
    entered = await register_party(registry, registrar, _terms(party), key)
    itself = Member(subject=party.key, name=party.name, name_en=party.name_en, roles=party.roles)
    members = party.members or (itself,)
    admitted = [await _admit(registry, registrar, entered.id, member) for member in members]
    return admitted[0]


async def _admit(registry: Registry, registrar: Actor, party_id: str, member: Member) -> Actor:
    terms = MemberTerms(party_id=party_id, subject=member.subject, roles=frozenset(member.roles))
    await admit_member(registry, registrar, terms, f"sample-member-{member.subject}")
    return Actor(member.subject, party_id, terms.roles)


def _terms(party: Party) -> PartyTerms:
    return PartyTerms(
        kind=party.kind,
        name=party.name,
        name_en=party.name_en,
        uscc=party.uscc,
        roles=frozenset(party.roles),
    )
