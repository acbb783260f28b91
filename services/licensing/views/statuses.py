"""What the model answers about time and the certificate, said again in SQL."""

import sqlalchemy as sa

from services.certificates.views import CERTIFICATE, EFFECTIVE_END, in_force
from services.licensing.model import LicenseLimit, LicenseStatus, OfferStatus
from services.licensing.store import licenses, offers
from services.tables import earliest
from services.views import Asking

_o, _l = offers.c, licenses.c


def offer_status(asking: Asking) -> sa.ColumnElement[OfferStatus]:
    """What `Offer.effective_status` says, in SQL."""
    published = _o.status == OfferStatus.PUBLISHED
    return sa.case(
        (
            sa.and_(published, _o.ends_at <= asking.now),
            sa.literal(OfferStatus.EXPIRED, _o.status.type),
        ),
        (
            sa.and_(published, sa.not_(in_force(asking))),
            sa.literal(OfferStatus.VOIDED, _o.status.type),
        ),
        else_=_o.status,
    )


def license_status(asking: Asking) -> sa.ColumnElement[LicenseStatus]:
    """What `License.effective_status` says, in SQL."""
    named = {status: sa.literal(status, _l.status.type) for status in LicenseStatus}
    return sa.case(
        (_l.status == LicenseStatus.TERMINATED, named[LicenseStatus.TERMINATED]),
        (_l.ends_at <= asking.now, named[LicenseStatus.EXPIRED]),
        (sa.not_(in_force(asking)), named[LicenseStatus.IMPAIRED]),
        (_l.begins_at > asking.now, named[LicenseStatus.PENDING_EFFECT]),
        else_=named[LicenseStatus.ACTIVE],
    )


LICENSE_END = earliest(_l.ends_at, EFFECTIVE_END, _l.terminated_at)


def license_limit(asking: Asking) -> sa.ColumnElement[LicenseLimit]:
    """What `License.binding_limit` says, in SQL."""
    return sa.case(
        (_l.terminated_at == LICENSE_END, sa.literal(LicenseLimit.TERMINATION.value)),
        (_l.ends_at == LICENSE_END, sa.literal(LicenseLimit.AGREED_END.value)),
        else_=CERTIFICATE.field("binding_limit", asking),
    )
