"""The register's questions by strawberry, an ORM and data loaders, as a tutorial has it.

The settings are a file named on the command line.
"""

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import jwt
import sqlalchemy as sa
import strawberry
import uvicorn
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.requests import Request
from starlette.responses import Response
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

SETTINGS: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
ENGINE = create_async_engine(
    SETTINGS["database"].replace("postgresql", "postgresql+asyncpg", 1), pool_size=10
)
SESSIONS = async_sessionmaker(ENGINE, expire_on_commit=False)


class Base(DeclarativeBase):
    __table_args__ = {"schema": "peers"}  # noqa: RUF012 - as SQLAlchemy's tutorial has it.


class PartyRow(Base):
    __tablename__ = "parties"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class CertificateRow(Base):
    __tablename__ = "certificates"
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    holder_id: Mapped[str]
    product_name: Mapped[str]
    industry: Mapped[str]
    issued_at: Mapped[int] = mapped_column(sa.BigInteger)
    effective_status: Mapped[str]
    effective_end: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class PledgeRow(Base):
    __tablename__ = "pledges_with_amounts"
    id: Mapped[str] = mapped_column(primary_key=True)
    certificate_id: Mapped[str]
    pledgee_id: Mapped[str]
    placed_at: Mapped[int] = mapped_column(sa.BigInteger)
    status: Mapped[str]
    rank: Mapped[int | None]
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str]


class OfferRow(Base):
    __tablename__ = "offers_with_prices"
    id: Mapped[str] = mapped_column(primary_key=True)
    certificate_id: Mapped[str]
    published_at: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str]
    kind: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str]


async def rows_of(query: sa.Select[Any]) -> Sequence[Any]:
    async with SESSIONS() as session:
        return (await session.scalars(query)).all()


async def load_parties(ids: list[str]) -> list[PartyRow]:
    rows = await rows_of(sa.select(PartyRow).where(PartyRow.id.in_(ids)))
    found = {row.id: row for row in rows}
    return [found[each] for each in ids]


async def load_pledges(ids: list[str]) -> list[list[PledgeRow]]:
    newest = (PledgeRow.placed_at.desc(), PledgeRow.id.desc())
    return await _each(PledgeRow, ids, newest)


async def load_offers(ids: list[str]) -> list[list[OfferRow]]:
    newest = (OfferRow.published_at.desc(), OfferRow.id.desc())
    return await _each(OfferRow, ids, newest)


async def _each(kind: Any, ids: list[str], order: tuple[Any, ...]) -> list[list[Any]]:
    groups = defaultdict(list)
    for row in await rows_of(sa.select(kind).where(kind.certificate_id.in_(ids)).order_by(*order)):
        groups[row.certificate_id].append(row)
    return [groups[each] for each in ids]


@strawberry.enum
class CertificateStatus(Enum):
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REVOKED = "REVOKED"


@strawberry.type
class Money:
    amount_minor: str
    currency: str


@strawberry.type
class Party:
    name: str


@strawberry.type
class Pledge:
    status: str
    rank: int | None
    secured_amount: Money
    pledgee_id: strawberry.Private[str]

    @strawberry.field
    async def pledgee(self, info: strawberry.Info) -> Party:
        return Party(name=(await info.context["parties"].load(self.pledgee_id)).name)


@strawberry.type
class Offer:
    name: str
    kind: str
    price: Money


@strawberry.type
class Offers:
    nodes: list[Offer]


@strawberry.type
class Certificate:
    row: strawberry.Private[CertificateRow]
    number: str
    product_name: str
    effective_status: CertificateStatus
    effective_end: datetime

    @classmethod
    def of(cls, row: CertificateRow) -> "Certificate":
        return cls(
            row=row,
            number=row.number,
            product_name=row.product_name,
            effective_status=CertificateStatus(row.effective_status),
            effective_end=row.effective_end,
        )

    @strawberry.field
    async def holder(self, info: strawberry.Info) -> Party:
        return Party(name=(await info.context["parties"].load(self.row.holder_id)).name)

    @strawberry.field
    async def pledges(self, info: strawberry.Info) -> list[Pledge]:
        return [
            Pledge(
                status=row.status,
                rank=row.rank,
                secured_amount=Money(amount_minor=str(row.amount_minor), currency=row.currency),
                pledgee_id=row.pledgee_id,
            )
            for row in await info.context["pledges"].load(self.row.id)
        ]

    @strawberry.field
    async def offers(self, info: strawberry.Info, first: int) -> Offers:
        rows = (await info.context["offers"].load(self.row.id))[:first]
        return Offers(
            nodes=[
                Offer(
                    name=row.name,
                    kind=row.kind,
                    price=Money(amount_minor=str(row.amount_minor), currency=row.currency),
                )
                for row in rows
            ]
        )


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Certificates:
    nodes: list[Certificate]
    page_info: PageInfo


@strawberry.input
class By:
    number: str


@strawberry.input
class CertificateFilter:
    industry: str
    effective_status: list[CertificateStatus]


@strawberry.type
class Query:
    @strawberry.field
    async def certificate(self, by: By) -> Certificate | None:
        query = sa.select(CertificateRow).where(CertificateRow.number == by.number)
        rows = await rows_of(query)
        return Certificate.of(rows[0]) if rows else None

    @strawberry.field
    async def certificates(
        self,
        filter: CertificateFilter,  # noqa: A002 - GraphQL's own name.
        first: int,
        after: str | None = None,
    ) -> Certificates:
        place = (CertificateRow.issued_at, CertificateRow.id)
        statuses = [status.value for status in filter.effective_status]
        query = sa.select(CertificateRow).where(
            CertificateRow.industry == filter.industry,
            CertificateRow.effective_status.in_(statuses),
        )
        if after is not None:
            query = query.where(sa.tuple_(*place) < tuple(json.loads(urlsafe_b64decode(after))))
        rows = await rows_of(query.order_by(*(each.desc() for each in place)).limit(first + 1))
        shown = rows[:first]
        end = None
        if shown:
            last = json.dumps([shown[-1].issued_at, shown[-1].id])
            end = urlsafe_b64encode(last.encode()).decode()
        return Certificates(
            nodes=[Certificate.of(row) for row in shown],
            page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=end),
        )


class Application(GraphQL):
    async def get_context(self, request: Request, response: Response) -> dict[str, Any]:
        del response
        token = request.headers["authorization"].removeprefix("Bearer ")
        expected = {"issuer": "datatitle", "audience": "datatitle"}
        claims = jwt.decode(token, SETTINGS["key"], algorithms=["EdDSA"], **expected)
        return {
            "subject": claims["sub"],
            "parties": DataLoader(load_parties),
            "pledges": DataLoader(load_pledges),
            "offers": DataLoader(load_offers),
        }


if __name__ == "__main__":
    application = Application(strawberry.Schema(Query))
    uvicorn.run(application, port=SETTINGS["port"], log_level="warning", access_log=False)
