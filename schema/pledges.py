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
from schema.node import Node
from schema.paging import Connection
from schema.parties import Party
from schema.reading.fields import amount, find, one, page
from schema.reading.kinds import shown, shown_all, shows
from schema.verdicts import Assessment
from services.certificates.model import CertificateStatus, Limit
from services.certificates.views import CERTIFICATE, ENCUMBRANCE, FREEZE
from services.identifiers import Kind
from services.licensing.model import LicenseStatus
from services.licensing.views import LICENSE, LICENSES_OF_CERTIFICATE
from services.listings.views import LISTING, listings_shown
from services.money import Currency
from services.parties.views import PARTY
from services.pledges import actions, model, views
from services.pledges.views import PLEDGE
from services.reading.records import read_related
from services.views import ToOne

strawberry.enum(model.PledgeStatus, description="Where a pledge is in its life.")
strawberry.enum(model.ReleaseReason, description="Why a pledge ends (Civil Code 393).")

LICENSES_THAT_COUNT = frozenset({LicenseStatus.ACTIVE, LicenseStatus.PENDING_EFFECT})
COVERAGE_STATEMENT = (
    "This register only, as of the instant given. The central bank's unified register of security "
    "over movables and rights was not searched, nor were the registers of patents, trademarks and "
    "copyright."
)


@shows(PLEDGE, kind=Kind.PLEDGE)
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

    secured_amount: Money | None = amount("The debt it stands for.", "amount_minor", "currency")

    certificate: Certificate | None = one(
        "The certificate pledged.", ToOne(CERTIFICATE, "certificate_id")
    )

    pledgor: Party | None = one(
        "Who gave the certificate as collateral.", ToOne(PARTY, "pledgor_id")
    )

    pledgee: Party | None = one(
        "Whose debt it secures, and who releases it.", ToOne(PARTY, "pledgee_id")
    )


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
        party: Party | None = shown(PARTY, record)
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
    pledge: Pledge | None = find("The pledge with this id, if it may be seen.", PLEDGE)

    my_pledges: Connection[Pledge] = page(
        "Pledges the asker has given or taken, the newest first.", PLEDGE, views.is_mine
    )

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
            certificate = shown(CERTIFICATE, report.certificate)
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
            pledges=shown_all(PLEDGE, report.pledges),
            rank_if_registered_now=report.rank_if_registered_now,
            encumbrances=shown_all(ENCUMBRANCE, report.encumbrances),
            freezes=shown_all(FREEZE, report.freezes),
            licenses=shown_all(
                LICENSE,
                (each for each in granted if each["effective_status"] in LICENSES_THAT_COUNT),
            ),
            listings=shown_all(LISTING, listed),
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
    return PledgePayload(pledge=shown(PLEDGE, record))
