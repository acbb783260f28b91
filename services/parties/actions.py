"""Acts on parties: found the office, register a party, admit and dismiss members."""

from dataclasses import replace

from services.actors import OFFICE_ROLES, Actor
from services.identifiers import Kind, new_id
from services.locks import lock_names
from services.once import Once, answer_given, keep_answer
from services.parties.model import Member, MemberTerms, Party, PartyTerms
from services.parties.rules import (
    refusals_to_admit_member,
    refusals_to_dismiss_member,
    refusals_to_found_office,
    refusals_to_register_party,
)
from services.parties.store import (
    active_member,
    add_member,
    add_party,
    dismiss,
    get_member,
    get_party,
    lock_party,
    lock_party_of_member,
    number_of_parties,
    party_with_uscc,
)
from services.recording import record
from services.refusals import found, raise_if_refused
from services.registry import Registry, Transaction
from services.retrying import retried


@retried
async def found_office(registry: Registry, terms: PartyTerms, subject: str) -> Party:
    """Register the office and its first member, the registrar `subject` (rule 1.0).

    Not a mutation: whoever can start the register on an empty database founds its office.
    """
    async with registry.deciding() as tx:
        await lock_names(tx, office="")
        raise_if_refused(refusals_to_found_office(await number_of_parties(tx)))
        office = _party(tx, replace(terms, roles=OFFICE_ROLES))
        actor = Actor(subject, office.id, OFFICE_ROLES)
        await add_party(tx, office)
        first = MemberTerms(party_id=office.id, subject=subject, roles=OFFICE_ROLES)
        await add_member(tx, _member(tx, first))
        await record(tx, actor, "office-founded", office.id, public={"name": office.name})
        return office


@retried
async def register_party(registry: Registry, actor: Actor, terms: PartyTerms, key: str) -> Party:
    """Enter a person or an organisation in the register (rule 1.1)."""
    once = Once.of(key, "party-registered", terms)
    async with registry.deciding() as tx:
        await lock_names(tx, uscc=terms.uscc or key)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_party(tx, earlier))
        same_code = await party_with_uscc(tx, terms.uscc)
        raise_if_refused(refusals_to_register_party(terms, same_code, actor))

        party = _party(tx, terms)
        await add_party(tx, party)
        await record(
            tx,
            actor,
            once.act,
            party.id,
            private={
                "name": party.name,
                "uscc": party.uscc,
                "roles": ",".join(sorted(party.roles)),
            },
        )
        await keep_answer(tx, actor, once, party.id)
        return party


@retried
async def admit_member(registry: Registry, actor: Actor, terms: MemberTerms, key: str) -> Member:
    """Let a subject act for a party (rule 1.3)."""
    once = Once.of(key, "member-admitted", terms)
    async with registry.deciding() as tx:
        locked = await lock_party(tx, terms.party_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_member(tx, earlier))
        party = found(locked, "party_id")
        same_subject = await active_member(tx, party.id, terms.subject)
        raise_if_refused(refusals_to_admit_member(terms, party, same_subject, actor))

        member = _member(tx, terms)
        await add_member(tx, member)
        facts = {"member": member.subject, "roles": ",".join(sorted(member.roles))}
        await record(tx, actor, once.act, party.id, private=facts)
        await keep_answer(tx, actor, once, member.id)
        return member


@retried
async def dismiss_member(registry: Registry, actor: Actor, member_id: str) -> Member:
    """End a subject's power to act for a party (rule 1.4)."""
    async with registry.deciding() as tx:
        await lock_party_of_member(tx, member_id)
        member = found(await get_member(tx, member_id), "member_id")
        raise_if_refused(refusals_to_dismiss_member(member, actor))

        await dismiss(tx, member.id, tx.now)
        await record(
            tx, actor, "member-dismissed", member.party_id, private={"member": member.subject}
        )
        return replace(member, dismissed_at=tx.now)


def _party(tx: Transaction, terms: PartyTerms) -> Party:
    return Party(
        id=new_id(Kind.PARTY),
        kind=terms.kind,
        name=terms.name.strip(),
        name_en=terms.name_en,
        uscc=terms.uscc,
        region=terms.region,
        roles=terms.roles,
        registered_at=tx.now,
    )


def _member(tx: Transaction, terms: MemberTerms) -> Member:
    return Member(
        id=new_id(Kind.MEMBER),
        party_id=terms.party_id,
        subject=terms.subject,
        roles=terms.roles,
        admitted_at=tx.now,
    )
