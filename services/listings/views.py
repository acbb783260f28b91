"""What may be read of listings, and whether a certificate could be listed now."""

from collections.abc import Mapping

import sqlalchemy as sa

from services.actors import Actor
from services.certificates.model import Certificate, EncumbranceKind
from services.certificates.store import (
    burdens_on,
    certificates,
    consents,
    encumbrances,
    get_certificate,
)
from services.certificates.views import (
    CERTIFICATE,
    encumbrance_is_active,
    in_force,
    is_held_by_asker,
)
from services.listings.model import (
    OPERATIONS,
    SHOWN,
    Candidate,
    ListingStatus,
    TradeMode,
)
from services.listings.rules import require_listable
from services.listings.store import listings, listings_of
from services.parties.model import Party
from services.parties.store import get_party
from services.reading.records import read_one, read_related
from services.registry import Transaction
from services.verdicts import Assessment
from services.views import (
    Asking,
    Condition,
    Criterion,
    Record,
    ToMany,
    View,
    equal_to,
    seen_by,
)

_l, _e, _n = listings.c, encumbrances.c, consents.c

_OPERATION = sa.case(
    *(
        (_l.mode == mode, sa.literal(operation, _n.operation.type))
        for mode, operation in OPERATIONS.items()
    ),
)


def _has_standing_consent(asking: Asking) -> Condition:
    """A standing consent opens the encumbrance for this listing, without conditions on terms."""
    consent = sa.exists().where(
        _n.encumbrance_id == _e.id,
        _n.standing,
        _n.operation == _OPERATION,
        _n.revoked_at.is_(None),
        sa.or_(_n.until.is_(None), asking.now < _n.until),
        sa.or_(_n.counterparty_id.is_(None), _n.counterparty_id == _l.exchange_id),
        _n.longest_months.is_(None),
        _n.lowest_price_minor.is_(None),
    )
    return consent.correlate(encumbrances, listings)  # Two queries out, which is never implied.


def _is_held_up(asking: Asking) -> Condition:
    later_pledge = sa.and_(
        _e.kind == EncumbranceKind.PLEDGE,
        _l.listed_at < _e.since,
        sa.not_(_has_standing_consent(asking)),
    )
    return sa.exists().where(
        _e.certificate_id == _l.certificate_id,
        encumbrance_is_active(asking),
        sa.or_(_e.kind == EncumbranceKind.FREEZE, later_pledge),
    )


def effective_status(asking: Asking) -> sa.ColumnElement[ListingStatus]:
    fallen = sa.and_(_l.status.in_(SHOWN), sa.not_(in_force(asking)))
    rests = sa.and_(_l.status == ListingStatus.LISTED, _is_held_up(asking))
    return sa.case(
        (fallen, sa.literal(ListingStatus.DELISTED, _l.status.type)),
        (rests, sa.literal(ListingStatus.SUSPENDED, _l.status.type)),
        else_=_l.status,
    )


def is_mine(asking: Asking) -> Condition:
    """The asker holds the certificate, or is the exchange."""
    is_held = is_held_by_asker(asking, _l.certificate_id)
    return sa.or_(is_held, asking.is_party(_l.exchange_id))


def _takes_part(asking: Asking) -> Condition:
    return sa.or_(is_mine(asking), asking.is_of_the_office())


LISTING = View(
    name="Listing",
    source=listings.join(certificates, _l.certificate_id == certificates.c.id),
    fields={
        "id": _l.id,
        "certificate_id": _l.certificate_id,
        "exchange_id": _l.exchange_id,
        "mode": _l.mode,
        "status": effective_status,
        "requested_at": _l.requested_at,
        "listed_at": _l.listed_at,
        "ended_at": _l.ended_at,
        "reasons": seen_by(_takes_part, _l.reasons),
    },
    visible=lambda asking: sa.or_(_l.listed_at.is_not(None), _takes_part(asking)),
    order=("requested_at", "id"),
    newest_first=True,
    criteria={
        "exchange_id": equal_to(_l.exchange_id),
        "certificate_id": equal_to(_l.certificate_id),
        "mode": equal_to(_l.mode),
        "status": Criterion(
            lambda asking, status: effective_status(asking) == status, (_l.status.type,)
        ),
    },
)

LISTINGS_OF_CERTIFICATE = ToMany(LISTING, "certificate_id")


async def assess_listing(
    tx: Transaction,
    actor: Actor,
    by: Mapping[str, str],
    *,
    exchange_id: str,
    mode: TradeMode,
) -> Assessment | None:
    """What the exchange would find if it were to admit this certificate to its list now.

    `by` is the certificate's number or id. Requests that are not decided, perhaps this very
    one, do not stand in its way. None when certificate or exchange is not on the register, and
    to those who speak for neither: a consent may be given for one exchange alone.
    """
    record = await read_one(tx, actor, CERTIFICATE, **by)
    certificate = None if record is None else await get_certificate(tx, record["id"])
    exchange = await get_party(tx, exchange_id)
    if certificate is None or exchange is None or not _may_ask(actor, certificate, exchange):
        return None
    candidate = Candidate(
        certificate=certificate,
        burdens=await burdens_on(tx, certificate.id),
        exchange=exchange,
        mode=mode,
        others=[other for other in await listings_of(tx, certificate.id) if other.is_shown],
    )
    refusals = require_listable(candidate, tx.now)
    return Assessment(certificate=certificate, refusals=refusals, as_of=tx.now)


def _may_ask(actor: Actor, certificate: Certificate, exchange: Party) -> bool:
    return (
        actor.acts_for(exchange.id)
        or certificate.is_held_by(actor.party_id)
        or actor.is_of_the_office
    )


async def listings_shown(tx: Transaction, actor: Actor | None, certificate_id: str) -> list[Record]:
    """The listings of a certificate that an exchange shows now, or has suspended."""
    (every,) = await read_related(tx, actor, LISTINGS_OF_CERTIFICATE, [certificate_id])
    return [listing for listing in every if listing["status"] in SHOWN]
