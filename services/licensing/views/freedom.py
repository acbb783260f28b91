"""Whether the whole of an offer could be licensed now: rule 7.8 in SQL, for lists of offers."""

import sqlalchemy as sa

from services.certificates.model import EncumbranceKind, Operation
from services.certificates.store import consents, encumbrances
from services.certificates.views import encumbrance_is_active
from services.licensing.model import LicenseKind, LicenseStatus, OfferStatus
from services.licensing.store import licenses, offers
from services.licensing.views.statuses import offer_status
from services.tables import each_name
from services.views import Asking, Condition

_o, _l, _e, _s = offers.c, licenses.c, encumbrances.c, consents.c


def _places_meet(
    some: sa.ColumnElement[frozenset[str]], others: sa.ColumnElement[frozenset[str]]
) -> Condition:
    a, b = each_name(some, "some_place"), each_name(others, "other_place")
    a_in_b = a.c.value.startswith(b.c.value + "-")
    b_in_a = b.c.value.startswith(a.c.value + "-")
    meet = sa.exists().select_from(a, b).where(sa.or_(a.c.value == b.c.value, a_in_b, b_in_a))
    return sa.or_(some == frozenset(), others == frozenset(), meet)


def _uses_meet(
    some: sa.ColumnElement[frozenset[str]], others: sa.ColumnElement[frozenset[str]]
) -> Condition:
    a, b = each_name(some, "some_use"), each_name(others, "other_use")
    meet = sa.exists().select_from(a, b).where(a.c.value == b.c.value)
    return sa.or_(some == frozenset(), others == frozenset(), meet)


def _frozen(asking: Asking) -> Condition:
    return _burdened(asking, _e.kind == EncumbranceKind.FREEZE)


def _pledged_without_consent(asking: Asking) -> Condition:
    """A pledge whose pledgee has consented to no license at this price, of some term."""
    non_exclusive = _o.kind == LicenseKind.NON_EXCLUSIVE
    consent = sa.exists().where(
        _s.encumbrance_id == _e.id,
        sa.or_(
            sa.and_(non_exclusive, _s.operation == Operation.LICENSE),
            sa.and_(sa.not_(non_exclusive), _s.operation == Operation.LICENSE_EXCLUSIVELY),
        ),
        _s.revoked_at.is_(None),
        _s.consumed_at.is_(None),
        sa.or_(_s.until.is_(None), _s.until > asking.now),
        sa.or_(_s.counterparty_id.is_(None), asking.is_party(_s.counterparty_id)),
        sa.or_(
            _s.lowest_price_minor.is_(None),
            sa.and_(
                _s.lowest_price_currency == _o.price_currency,
                _s.lowest_price_minor <= _o.price_minor,
            ),
        ),
    )
    # Offers stand two queries out, which is never implied.
    consented = consent.correlate(encumbrances, offers)
    return _burdened(asking, _e.kind == EncumbranceKind.PLEDGE, sa.not_(consented))


def _taken(asking: Asking) -> Condition:
    """A license that excludes others lies across the offer."""
    return _burdened(
        asking,
        _e.kind.in_((EncumbranceKind.EXCLUSIVE_LICENSE, EncumbranceKind.SOLE_LICENSE)),
        _e.since < _o.ends_at,
        sa.or_(_e.until.is_(None), _o.begins_at < _e.until),
        _places_meet(_e.territories, _o.territories),
        _uses_meet(_e.fields_of_use, _o.fields_of_use),
    )


def _burdened(asking: Asking, *conditions: Condition) -> Condition:
    active = encumbrance_is_active(asking)
    return sa.exists().where(_e.certificate_id == _o.certificate_id, active, *conditions)


def _would_exclude_a_licensee(asking: Asking) -> Condition:
    return sa.and_(
        _o.kind != LicenseKind.NON_EXCLUSIVE,
        sa.exists().where(
            _l.certificate_id == _o.certificate_id,
            _l.status == LicenseStatus.ACTIVE,
            _l.ends_at > asking.now,
            _l.begins_at < _o.ends_at,
            _o.begins_at < _l.ends_at,
            _places_meet(_l.territories, _o.territories),
            _uses_meet(_l.fields_of_use, _o.fields_of_use),
        ),
    )


def offer_is_grantable(asking: Asking) -> Condition:
    """Rule 7.8 for the whole of an offer, in SQL. Terms a consent sets are left to the rule."""
    return sa.and_(
        offer_status(asking) == OfferStatus.PUBLISHED,
        sa.not_(_frozen(asking)),
        sa.not_(_pledged_without_consent(asking)),
        sa.not_(_taken(asking)),
        sa.not_(_would_exclude_a_licensee(asking)),
    )
