"""Parties and members in the contract: type, inputs, payloads, queries, mutations."""

from datetime import datetime

import strawberry

from schema.acts import Payload, act
from schema.context import Info
from schema.node import Node
from schema.reading.fields import find, find_mine, many
from schema.reading.kinds import shown, shows
from services.actors import Role
from services.identifiers import Kind
from services.parties import actions, model
from services.parties.views import MEMBER, MEMBERS_OF_PARTY, PARTY

strawberry.enum(Role, description="What a member may do for a party.")
strawberry.enum(model.PartyKind, description="Who can hold a title.")


@shows(MEMBER, kind=Kind.MEMBER)
@strawberry.type(description="Somebody who acts for a party. Open to the party and the office.")
class Member(Node):
    party_id: strawberry.Private[str]
    subject: str = strawberry.field(description="The subject of the member's sign-in token.")
    roles: list[Role] = strawberry.field(description="The roles the member acts in.")
    admitted_at: datetime = strawberry.field(description="When the registrar admitted them.")
    dismissed_at: datetime | None = strawberry.field(description="When the power ended, if it has.")


@shows(PARTY, kind=Kind.PARTY)
@strawberry.type(description="A person or organisation on the register.")
class Party(Node):
    kind: model.PartyKind = strawberry.field(description="Organisation or natural person.")
    name: str = strawberry.field(description="The name as registered.")
    name_en: str | None = strawberry.field(description="A translation of the name.")
    uscc: str | None = strawberry.field(description="Unified social credit code, 18 characters.")
    region: str | None = strawberry.field(description="Where the party has its seat.")
    roles: list[Role] = strawberry.field(description="The roles the office admitted it to.")
    registered_at: datetime = strawberry.field(description="When it was registered.")

    members: list[Member] = many("Who acts for it, as far as the asker may see.", MEMBERS_OF_PARTY)


@strawberry.input(description="A person or organisation to be registered.")
class RegisterPartyInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    kind: model.PartyKind = strawberry.field(description="Organisation or natural person.")
    name: str = strawberry.field(description="The name in full.")
    name_en: str | None = strawberry.field(default=None, description="A translation of the name.")
    uscc: str | None = strawberry.field(default=None, description="Unified social credit code.")
    region: str | None = strawberry.field(default=None, description="Where it has its seat.")
    roles: list[Role] = strawberry.field(description="The roles it is admitted to.")

    def to_terms(self) -> model.PartyTerms:
        return model.PartyTerms(
            kind=self.kind,
            name=self.name,
            name_en=self.name_en,
            uscc=self.uscc,
            region=self.region,
            roles=frozenset(self.roles),
        )


@strawberry.input(description="Who is to act for a party.")
class AdmitMemberInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    party_id: strawberry.ID = strawberry.field(description="The party to act for.")
    subject: str = strawberry.field(description="The subject of the member's sign-in token.")
    roles: list[Role] = strawberry.field(description="The roles to act in.")

    def to_terms(self) -> model.MemberTerms:
        return model.MemberTerms(
            party_id=self.party_id, subject=self.subject, roles=frozenset(self.roles)
        )


@strawberry.input(description="Whose power to act ends.")
class DismissMemberInput:
    member_id: strawberry.ID = strawberry.field(description="The member.")


@strawberry.type(description="The party as registered, or why it was not.")
class RegisterPartyPayload(Payload):
    party: Party | None = strawberry.field(default=None, description="The party.")


@strawberry.type(description="The member, or why nothing was done.")
class MemberPayload(Payload):
    member: Member | None = strawberry.field(default=None, description="The member.")


@strawberry.type
class PartyQueries:
    party: Party | None = find("The party with this id.", PARTY)

    me: Party | None = find_mine("The party the asker acts for; null for the public.", PARTY)


@strawberry.type
class PartyMutations:
    @act("Enter a person or an organisation in the register (rule 1.1).")
    async def register_party(self, info: Info, input: RegisterPartyInput) -> RegisterPartyPayload:
        context = info.context
        party = await actions.register_party(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return RegisterPartyPayload(party=shown(PARTY, await context.one(PARTY, party.id)))

    @act("Let a subject act for a party (rule 1.3).")
    async def admit_member(self, info: Info, input: AdmitMemberInput) -> MemberPayload:
        context = info.context
        member = await actions.admit_member(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return MemberPayload(member=shown(MEMBER, await context.one(MEMBER, member.id)))

    @act("End a subject's power to act for a party (rule 1.4).")
    async def dismiss_member(self, info: Info, input: DismissMemberInput) -> MemberPayload:
        context = info.context
        member = await actions.dismiss_member(context.registry, context.signed_in, input.member_id)
        return MemberPayload(member=shown(MEMBER, await context.one(MEMBER, member.id)))
