"""Pledges in the contract: type, collateral report, inputs, payloads, queries, mutations."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from schema.acts import Payload, act
from schema.certificates import Certificate, Encumbrance, Freeze
from schema.certificates.title import EVIDENTIARY_STATEMENT, CertificateBy
from schema.context import Info
from schema.licensing import License
from schema.listings import Listing
from schema.money import Money, MoneyInput
from schema.node import Node, nodes_of, shown
from schema.paging import After, Connection, First, connect
from schema.parties import Party
from schema.verdicts import Assessment
from services.certificates.model import CertificateStatus, Limit
from services.certificates.views import CERTIFICATE
from services.identifiers import Kind
from services.licensing.model import LicenseStatus
from services.licensing.views import LICENSES_OF_CERTIFICATE
from services.listings.views import listings_shown
from services.money import Currency
from services.parties.views import PARTY
from services.pledges import actions, model, views
from services.pledges.views import PLEDGE
from services.views import read_related

strawberry.enum(model.PledgeStatus, description="Where a pledge is in its life.")
strawberry.enum(model.ReleaseReason, description="Why a pledge ends (Civil Code 393).")

LICENSES_THAT_COUNT = frozenset({LicenseStatus.ACTIVE, LicenseStatus.PENDING_EFFECT})
COVERAGE_STATEMENT = (
    "This register only, as of the instant given. The central bank's unified register of security "
    "over movables and rights was not searched, nor were the registers of patents, trademarks and "
    "copyright."
)


@nodes_of(Kind.PLEDGE, PLEDGE)
@strawberry.type(
    description="A certificate given as collateral for a debt. Open to everybody once it has "
    "been registered; before, and if it never is, to pledgor, pledgee and the office."
)
class Pledge(Node):
    certificate_id: strawberry.Private[str]
    pledgor_id: strawberry.Private[str]
    pledgee_id: strawberry.Private[str]
    amount_minor: strawberry.Private[int]
    currency: strawberry.Private[Currency]
    matures_on: date = strawberry.field(
        description="The debt falls due at the end of this day in Shanghai."
    )
    status: model.PledgeStatus = strawberry.field(
        description="What it is now; IMPAIRED when its certificate is no longer in force."
    )
    sequence: int | None = strawberry.field(
        description="Its place in the order of registration on the certificate, for good."
    )
    rank: int | None = strawberry.field(
        description="Its place among those that bind now, 1 first; null when it does not bind."
    )
    placed_at: datetime = strawberry.field(description="When the pledgor placed it.")
    registered_at: datetime | None = strawberry.field(
        description="When it came into being, by registration (Civil Code 444)."
    )
    ended_at: datetime | None = strawberry.field(description="When an act ended it.")
    release_reason: model.ReleaseReason | None = strawberry.field(
        description="Why the pledgee released it."
    )

    @strawberry.field(description="The debt it stands for.")
    def secured_amount(self) -> Money | None:
        return Money.of_columns(self.amount_minor, self.currency)

    @strawberry.field(description="The certificate pledged.")
    async def certificate(self, info: Info) -> Certificate | None:
        record = await info.context.one(CERTIFICATE, self.certificate_id)
        certificate: Certificate | None = shown(Certificate, record)
        return certificate

    @strawberry.field(description="Who gave the certificate as collateral.")
    async def pledgor(self, info: Info) -> Party | None:
        party: Party | None = shown(Party, await info.context.one(PARTY, self.pledgor_id))
        return party

    @strawberry.field(description="Whose debt it secures, and who releases it.")
    async def pledgee(self, info: Info) -> Party | None:
        party: Party | None = shown(Party, await info.context.one(PARTY, self.pledgee_id))
        return party


@strawberry.type(
    description="What this register knows of a certificate as collateral: one snapshot."
)
class CollateralReport:
    certificate: Certificate = strawberry.field(description="The certificate.")
    as_of: datetime = strawberry.field(description="The instant this report is about.")
    ledger_position: int = strawberry.field(
        description="How many events the ledger had: the report rests on these and no others."
    )
    certificate_version: int = strawberry.field(
        description="The number of events on the certificate; pass it as `expectedVersion`."
    )
    effective_status: CertificateStatus = strawberry.field(description="What the certificate is.")
    effective_end: datetime = strawberry.field(description="The earliest of all that end it.")
    binding_limit: Limit = strawberry.field(description="Which of them `effectiveEnd` is.")
    pledges: list[Pledge] = strawberry.field(description="All pledges that bind, in rank.")
    rank_if_registered_now: int = strawberry.field(
        description="The rank a pledge would have if it were registered now."
    )
    encumbrances: list[Encumbrance] = strawberry.field(description="All that burdens it now.")
    freezes: list[Freeze] = strawberry.field(description="The authorities' orders among them.")
    licenses: list[License] = strawberry.field(
        description="Licenses in force or yet to begin; licensees and prices for their parties."
    )
    listings: list[Listing] = strawberry.field(description="Where it is listed, or suspended.")
    feasibility: Assessment = strawberry.field(
        description="Whether it could be pledged to the asker for a debt of this maturity, by "
        "the very rule of the act."
    )

    @strawberry.field(description="Who holds the title.")
    async def holder(self, info: Info) -> Party | None:
        record = await info.context.one(PARTY, self.certificate.holder_id)
        party: Party | None = shown(Party, record)
        return party

    @strawberry.field(description="What was searched for this report, and what was not.")
    def coverage_statement(self) -> str:
        return COVERAGE_STATEMENT

    @strawberry.field(description="What registration proves, and what it does not.")
    def evidentiary_statement(self) -> str:
        return EVIDENTIARY_STATEMENT


@strawberry.input(description="What is to be pledged to whom, for which debt.")
class PlacePledgeInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    certificate_id: strawberry.ID = strawberry.field(description="The certificate.")
    pledgee_id: strawberry.ID = strawberry.field(description="A party admitted as a lender.")
    secured_amount: MoneyInput = strawberry.field(description="The debt, greater than zero.")
    matures_on: date = strawberry.field(
        description="The debt falls due at the end of this day in Shanghai."
    )
    expected_version: int = strawberry.field(
        description="The version of the certificate this rests on."
    )

    def to_terms(self) -> model.PledgeTerms:
        return model.PledgeTerms(
            certificate_id=self.certificate_id,
            pledgee_id=self.pledgee_id,
            secured_amount=self.secured_amount.to_money(),
            matures_on=self.matures_on,
            expected_version=self.expected_version,
        )


@strawberry.input(description="Which pledge is to be registered.")
class ConfirmPledgeInput:
    pledge_id: strawberry.ID = strawberry.field(description="The pledge.")
    expected_version: int = strawberry.field(
        description="The version of the certificate this rests on."
    )


@strawberry.input(description="Which pledge.")
class PledgeInput:
    pledge_id: strawberry.ID = strawberry.field(description="The pledge.")


@strawberry.input(description="Which pledge is released, and why.")
class ReleasePledgeInput:
    pledge_id: strawberry.ID = strawberry.field(description="The pledge.")
    reason: model.ReleaseReason = strawberry.field(description="Why it ends.")


@strawberry.type(description="The pledge, or why nothing was done.")
class PledgePayload(Payload):
    pledge: Pledge | None = strawberry.field(default=None, description="The pledge.")


@strawberry.type
class PledgeQueries:
    @strawberry.field(description="The pledge with this id, if it may be seen.")
    async def pledge(self, info: Info, id: strawberry.ID) -> Pledge | None:
        pledge: Pledge | None = shown(Pledge, await info.context.one(PLEDGE, id))
        return pledge

    @strawberry.field(description="Pledges the asker has given or taken, the newest first.")
    async def my_pledges(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
    ) -> Connection[Pledge]:
        return await connect(info, Pledge, PLEDGE, views.is_mine, first=first, after=after)

    @strawberry.field(
        description="Is this certificate good collateral for a debt of this maturity, and who "
        "ranks before the asker? For signed-in members; null when it is not on the register."
    )
    async def collateral_report(
        self,
        info: Info,
        by: Annotated[CertificateBy, strawberry.argument(description="Which certificate.")],
        matures_on: Annotated[
            date, strawberry.argument(description="The day at whose end the debt falls due.")
        ],
    ) -> CollateralReport | None:
        actor = info.context.signed_in
        async with info.context.registry.reading() as tx:
            report = await views.report_on_collateral(tx, actor, by.fields(), matures_on)
            if report is None:
                return None
            certificate = Certificate(**report.certificate)
            (granted,) = await read_related(tx, actor, LICENSES_OF_CERTIFICATE, [certificate.id])
            listed = await listings_shown(tx, actor, certificate.id)
        return CollateralReport(
            certificate=certificate,
            as_of=certificate.as_of,
            ledger_position=report.ledger_position,
            certificate_version=certificate.version,
            effective_status=certificate.effective_status,
            effective_end=certificate.effective_end,
            binding_limit=certificate.binding_limit,
            pledges=[Pledge(**record) for record in report.pledges],
            rank_if_registered_now=report.rank_if_registered_now,
            encumbrances=[Encumbrance(**record) for record in report.encumbrances],
            freezes=[Freeze(**record) for record in report.freezes],
            licenses=[
                License(**record)
                for record in granted
                if record["effective_status"] in LICENSES_THAT_COUNT
            ],
            listings=[Listing(**record) for record in listed],
            feasibility=Assessment.of(report.assessment),
        )


@strawberry.type
class PledgeMutations:
    @act("Offer a certificate to a lender as collateral for a debt (rule 8.1).")
    async def place_pledge(self, info: Info, input: PlacePledgeInput) -> PledgePayload:
        context = info.context
        pledge = await actions.place_pledge(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return await _payload(info, pledge.id)

    @act("Confirm a pledge: it is registered, and so comes into being (rule 8.5).")
    async def confirm_pledge(self, info: Info, input: ConfirmPledgeInput) -> PledgePayload:
        context = info.context
        await actions.confirm_pledge(
            context.registry, context.signed_in, input.pledge_id, input.expected_version
        )
        return await _payload(info, input.pledge_id)

    @act("Decline a pledge placed in one's favour (rule 8.6).")
    async def decline_pledge(self, info: Info, input: PledgeInput) -> PledgePayload:
        context = info.context
        await actions.decline_pledge(context.registry, context.signed_in, input.pledge_id)
        return await _payload(info, input.pledge_id)

    @act("Withdraw a pledge before it is registered (rule 8.7).")
    async def withdraw_pledge(self, info: Info, input: PledgeInput) -> PledgePayload:
        context = info.context
        await actions.withdraw_pledge(context.registry, context.signed_in, input.pledge_id)
        return await _payload(info, input.pledge_id)

    @act("Release a registered pledge (rule 8.8).")
    async def release_pledge(self, info: Info, input: ReleasePledgeInput) -> PledgePayload:
        context = info.context
        await actions.release_pledge(
            context.registry, context.signed_in, input.pledge_id, input.reason
        )
        return await _payload(info, input.pledge_id)


async def _payload(info: Info, pledge_id: str) -> PledgePayload:
    record = await info.context.one(PLEDGE, pledge_id)
    return PledgePayload(pledge=shown(Pledge, record))
