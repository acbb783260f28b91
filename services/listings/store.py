"""The table of listings; rows become models here."""

from dataclasses import asdict

import sqlalchemy as sa

from services.certificates.model import Certificate
from services.certificates.store import certificates, lock_certificate
from services.listings.model import Listing, ListingStatus, TradeMode
from services.locks import refers_to
from services.parties.store import parties
from services.registry import Transaction
from services.rows import add_row, change_rows, row_with, rows_with
from services.tables import UtcInstant, metadata, one_of

_IS_LIVE = sa.text("status IN ('SUBMITTED', 'LISTED', 'SUSPENDED')")
_IS_SHOWN_FOR_TITLE_SALE = sa.text("mode = 'TITLE_SALE' AND status IN ('LISTED', 'SUSPENDED')")

listings = sa.Table(
    "listings",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("certificate_id", sa.ForeignKey(certificates.c.id), nullable=False, index=True),
    sa.Column("exchange_id", sa.ForeignKey(parties.c.id), nullable=False, index=True),
    sa.Column("mode", one_of(TradeMode), nullable=False),
    sa.Column("status", one_of(ListingStatus), nullable=False),
    sa.Column("requested_at", UtcInstant, nullable=False),
    sa.Column("listed_at", UtcInstant),
    sa.Column("ended_at", UtcInstant),
    sa.Column("reasons", sa.Text),
    # Rule 6.1, said a second time: once on an exchange, and title for sale in one place.
    sa.Index(
        "one_live_listing_in_a_place",
        "certificate_id",
        "exchange_id",
        "mode",
        unique=True,
        sqlite_where=_IS_LIVE,
        postgresql_where=_IS_LIVE,
    ),
    sa.Index(
        "one_title_sale_shown",
        "certificate_id",
        unique=True,
        sqlite_where=_IS_SHOWN_FOR_TITLE_SALE,
        postgresql_where=_IS_SHOWN_FOR_TITLE_SALE,
    ),
    sa.CheckConstraint(
        "status NOT IN ('LISTED', 'SUSPENDED', 'DELISTED') OR listed_at IS NOT NULL",
        name="what_is_shown_was_admitted",
    ),
    sa.CheckConstraint(
        "status NOT IN ('SUBMITTED', 'REJECTED', 'WITHDRAWN') OR listed_at IS NULL",
        name="what_is_not_shown_was_not_admitted",
    ),
    sa.CheckConstraint(
        "(status IN ('DELISTED', 'REJECTED', 'WITHDRAWN')) = (ended_at IS NOT NULL)",
        name="an_end_has_an_instant",
    ),
    sa.Index("ix_listings_newest", "requested_at", "id"),
)


async def add_listing(tx: Transaction, listing: Listing) -> None:
    await add_row(tx, listings, asdict(listing))


async def lock_certificate_of_listing(tx: Transaction, listing_id: str) -> Certificate | None:
    return await lock_certificate(tx, refers_to(listings.c.certificate_id, listing_id))


async def get_listing(tx: Transaction, listing_id: str) -> Listing | None:
    row = await row_with(tx, listings, id=listing_id)
    return None if row is None else Listing(**row)


async def listings_of(tx: Transaction, certificate_id: str) -> list[Listing]:
    """All listings of a certificate, ended ones too."""
    rows = await rows_with(tx, listings, certificate_id=certificate_id)
    return [Listing(**row) for row in rows]


async def save_listing(tx: Transaction, before: Listing, after: Listing) -> None:
    unchanged = {"id": before.id, "status": before.status}
    assert await change_rows(tx, listings, asdict(after), **unchanged) == 1, before
