"""What may be read of offers, negotiations and licenses, and by whom."""

import sqlalchemy as sa

from services.certificates.store import certificates
from services.certificates.views import holds, is_held_by_asker
from services.licensing.model import OfferStatus
from services.licensing.store import licenses, negotiations, offers
from services.licensing.views.freedom import offer_is_grantable
from services.licensing.views.statuses import (
    LICENSE_END,
    license_limit,
    license_status,
    offer_status,
)
from services.tables import each_name
from services.views import Asking, Condition, Criterion, ToMany, View, equal_to, seen_by

_c, _o, _n, _l = certificates.c, offers.c, negotiations.c, licenses.c


def _negotiates(asking: Asking) -> Condition:
    return sa.exists().where(_n.offer_id == _o.id, asking.is_party(_n.licensee_id))


def _holds(names: sa.ColumnElement[frozenset[str]], *accepted: sa.ColumnElement[str]) -> Condition:
    """Whether a comma-joined set holds one of these names; the empty set holds all."""
    held = each_name(names, "held")
    there = sa.exists().select_from(held).where(held.c.value.in_(accepted))
    return sa.or_(names == frozenset(), there)


OFFER = View(
    name="Offer",
    source=offers.join(certificates, _o.certificate_id == _c.id),
    fields={
        "id": _o.id,
        "certificate_id": _o.certificate_id,
        "holder_id": _c.holder_id,
        "kind": _o.kind,
        "name": _o.name,
        "description": _o.description,
        "begins_at": _o.begins_at,
        "ends_at": _o.ends_at,
        "territories": _o.territories,
        "fields_of_use": _o.fields_of_use,
        "price_minor": _o.price_minor,
        "price_currency": _o.price_currency,
        "lifecycle": _o.status,
        "effective_status": offer_status,
        "grantable": offer_is_grantable,
        "published_at": _o.published_at,
        "withdrawn_at": _o.withdrawn_at,
        "as_of": lambda asking: asking.now,
    },
    visible=lambda asking: sa.or_(
        _o.status == OfferStatus.PUBLISHED,
        holds(asking, _o.certificate_id),
        asking.is_of_the_office(),
        _negotiates(asking),
    ),
    order=("published_at", "id"),
    newest_first=True,
    # An offer serves a territory or a use when it covers all of it.
    criteria={
        "certificate_id": equal_to(_o.certificate_id),
        "holder_id": equal_to(_c.holder_id),
        "kind": equal_to(_o.kind),
        "territory": Criterion(
            lambda _, *places: _holds(_o.territories, *places),
            (sa.String(), sa.String()),
            lambda code: (code, code.partition("-")[0]),
        ),
        "field_of_use": Criterion(lambda _, use: _holds(_o.fields_of_use, use), (sa.String(),)),
        "grantable": Criterion(
            lambda asking, wanted: offer_is_grantable(asking) == wanted, (sa.Boolean(),)
        ),
    },
)

OFFERS_OF_CERTIFICATE = ToMany(OFFER, "certificate_id")

_FROM_OFFER_TO_LICENSE = (
    negotiations.join(offers, _n.offer_id == _o.id)
    .join(certificates, _o.certificate_id == _c.id)
    .outerjoin(licenses, _l.negotiation_id == _n.id)
)


def is_in_negotiation(asking: Asking) -> Condition:
    is_held = is_held_by_asker(asking, _o.certificate_id)
    return sa.or_(asking.is_party(_n.licensee_id), is_held)


NEGOTIATION = View(
    name="Negotiation",
    source=_FROM_OFFER_TO_LICENSE,
    fields={
        "id": _n.id,
        "offer_id": _n.offer_id,
        "certificate_id": _o.certificate_id,
        "licensee_id": _n.licensee_id,
        "license_id": _l.id,
        "begins_at": _n.begins_at,
        "ends_at": _n.ends_at,
        "territories": _n.territories,
        "fields_of_use": _n.fields_of_use,
        "status": _n.status,
        "requested_at": _n.requested_at,
        "closed_at": _n.closed_at,
        "closed_because": _n.closed_because,
    },
    visible=lambda asking: sa.or_(is_in_negotiation(asking), asking.is_of_the_office()),
    order=("requested_at", "id"),
    newest_first=True,
)

NEGOTIATIONS_OF_OFFER = ToMany(NEGOTIATION, "offer_id")


def is_in_license(asking: Asking) -> Condition:
    is_held = is_held_by_asker(asking, _l.certificate_id)
    return sa.or_(asking.is_party(_l.licensee_id), is_held)


def _knows_the_license(asking: Asking) -> Condition:
    return sa.or_(is_in_license(asking), asking.is_of_the_office())


LICENSE = View(
    name="License",
    source=licenses.join(certificates, _l.certificate_id == _c.id),
    fields={
        "id": _l.id,
        "certificate_id": _l.certificate_id,
        "holder_id": _c.holder_id,
        "negotiation_id": seen_by(_knows_the_license, _l.negotiation_id),
        "licensee_id": seen_by(_knows_the_license, _l.licensee_id),
        "kind": _l.kind,
        "begins_at": _l.begins_at,
        "ends_at": _l.ends_at,
        "territories": _l.territories,
        "fields_of_use": _l.fields_of_use,
        "price_minor": seen_by(_knows_the_license, _l.price_minor),
        "price_currency": seen_by(_knows_the_license, _l.price_currency),
        "lifecycle": _l.status,
        "effective_status": license_status,
        "effective_end": LICENSE_END,
        "binding_limit": license_limit,
        "granted_at": _l.granted_at,
        "terminated_at": _l.terminated_at,
        "terminated_because": seen_by(_knows_the_license, _l.terminated_because),
        "as_of": lambda asking: asking.now,
    },
    visible=lambda _: sa.true(),
    order=("granted_at", "id"),
    newest_first=True,
)

LICENSES_OF_CERTIFICATE = ToMany(LICENSE, "certificate_id")
