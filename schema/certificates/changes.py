"""What happens to certificates, as the contract tells it: asked for, or followed."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry
from graphql import GraphQLError

from schema.certificates.title import Certificate, Event
from schema.context import Info
from schema.paging import bad_input
from schema.reading.fields import one
from schema.scalars import BigInt
from services.certificates.changes import (
    MOST_CHANGES,
    AheadOfLedgerError,
    Changes,
    changes_after,
    follow_changes,
)
from services.certificates.views import CERTIFICATE
from services.views import ToOne

FIRST_OF_ALL = BigInt(-1)

Sequence = Annotated[
    BigInt | None,
    strawberry.argument(
        description="The last sequence already known, as in `next`; left out: from the first on."
    ),
]
Most = Annotated[
    int, strawberry.argument(description=f"How many changes at once, at most {MOST_CHANGES}.")
]


@strawberry.type(
    description="Something that happened to a certificate. Everybody may know it; what only some "
    "may see is behind `certificate`."
)
class CertificateChange:
    sequence: BigInt = strawberry.field(
        description="Its place among all changes: the index of its event in the ledger. Later "
        "changes have greater ones, and those between are no changes of certificates."
    )
    number: str = strawberry.field(description="The certificate's number of 17 digits.")
    event: Event = strawberry.field(description="What happened, and when.")
    is_covered: bool = strawberry.field(
        description="Whether a published checkpoint covered it: `certificate.proof` shows it then."
    )

    certificate: Certificate | None = one(
        "The certificate as it is now, later changes included.",
        ToOne(CERTIFICATE, "number", by="number"),
    )


@strawberry.type(
    description="Changes in the order in which they stand in the ledger. Going on after `next` "
    "misses nothing and tells nothing twice, however often one stops and begins again."
)
class CertificateChanges:
    changes: list[CertificateChange] = strawberry.field(description="The changes, oldest first.")
    next: BigInt = strawberry.field(
        description="Where to go on: pass it as `after`. It moves on where there was nothing, too."
    )
    ledger: str = strawberry.field(
        description="The name of the ledger; sequences are its own. Where another name stands, an "
        "ended ledger was succeeded and its events have other sequences: begin with the first "
        "again; `number` and `event.number` stay as they are."
    )
    has_more: bool = strawberry.field(description="Whether more changes were there already.")
    ledger_position: BigInt = strawberry.field(
        description="How many entries the ledger had. To follow only what comes from now on, go "
        "on after this less one."
    )

    @classmethod
    def of(cls, found: Changes) -> "CertificateChanges":
        return cls(
            changes=[
                CertificateChange(
                    sequence=BigInt(event.index),
                    number=event.subject,
                    event=Event.of(event),
                    is_covered=event.index < found.extent.published,
                )
                for event in found.events
            ],
            next=BigInt(found.next),
            ledger=found.origin,
            has_more=found.has_more,
            ledger_position=BigInt(found.extent.size),
        )


@strawberry.type
class CertificateChangeQueries:
    @strawberry.field(
        description="What happened to certificates after a sequence, in order and without a gap. "
        "Changes are told as soon as they have their place in the ledger."
    )
    async def certificate_changes(
        self, info: Info, after: Sequence = None, first: Most = 100
    ) -> CertificateChanges | None:
        try:
            found = await changes_after(info.context.registry, _begin(after), _moderate(first))
        except AheadOfLedgerError as error:
            raise _ahead(error) from None
        return CertificateChanges.of(found)


@strawberry.type
class CertificateChangeSubscriptions:
    @strawberry.subscription(
        description="The same, and then what comes, as it comes. The first message comes at once, "
        "if only to tell where one is. Remember `next`, and begin after it when the connection "
        "was lost: connections end, the ledger does not."
    )
    async def certificate_changes(
        self, info: Info, after: Sequence = None, first: Most = 100
    ) -> AsyncIterator[CertificateChanges]:
        following = follow_changes(info.context.registry, _begin(after), _moderate(first))
        try:
            async with aclosing(following):
                async for found in following:
                    info.context.forget()  # A certificate may have changed since.
                    yield CertificateChanges.of(found)
        except AheadOfLedgerError as error:
            raise _ahead(error) from None


def _begin(after: BigInt | None) -> BigInt:
    """A number below the first sequence begins with the first, as none does."""
    return FIRST_OF_ALL if after is None else BigInt(max(after, FIRST_OF_ALL))


def _ahead(error: AheadOfLedgerError) -> GraphQLError:
    """Told aloud: whoever went on in silence would miss what comes until it is reached."""
    return GraphQLError(
        f"There is no such sequence: this ledger has {error.size} entries. It is another's, or "
        "the register was restored from a backup.",
        extensions={"code": "AHEAD_OF_LEDGER"},
    )


def _moderate(first: int) -> int:
    if not 1 <= first <= MOST_CHANGES:
        raise bad_input(f"`first` must be between 1 and {MOST_CHANGES}.")
    return first
