"""Rule 7.14: which licenses can stand beside one that is to exclude others."""

from datetime import timedelta

import pytest

from services.licensing.model import LicenseKind
from services.licensing.rules import require_grantable
from services.refusals import RefusalCode
from tests.builders.certificates import END, ISSUED, LATER, NOW, a_scope
from tests.builders.licensing import a_license, a_situation, a_terminated_license, wanted

MOMENT = timedelta(microseconds=1)
SHANGHAI, ZHEJIANG = frozenset({"CN-SH"}), frozenset({"CN-ZJ"})


def beside(kind, other, **scope):
    """What stands against a license of `kind`, for the base scope changed, beside `other`."""
    asked = wanted(kind=kind, scope=a_scope(**scope))
    situation = a_situation(licenses=[other], offer=None)
    return [refusal.code for refusal in require_grantable(situation, asked, NOW)]


CONFLICT = [RefusalCode.EXCLUSIVITY_CONFLICT]


@pytest.mark.parametrize(
    ("kind", "other", "expected"),
    [
        (LicenseKind.EXCLUSIVE, a_license(), CONFLICT),
        (LicenseKind.SOLE, a_license(), CONFLICT),
        (LicenseKind.NON_EXCLUSIVE, a_license(), []),
        (LicenseKind.EXCLUSIVE, a_terminated_license(), []),
        # Their encumbrances speak for these, so that each reason is said once.
        (LicenseKind.EXCLUSIVE, a_license(kind=LicenseKind.EXCLUSIVE), []),
        (LicenseKind.SOLE, a_license(kind=LicenseKind.SOLE), []),
        (LicenseKind.NON_EXCLUSIVE, a_license(kind=LicenseKind.EXCLUSIVE), []),
        # Half-open: what ends at an instant leaves that instant free.
        (LicenseKind.EXCLUSIVE, a_license(scope=a_scope(begin=LATER, end=END)), []),
        (LicenseKind.EXCLUSIVE, a_license(scope=a_scope(begin=LATER - MOMENT, end=END)), CONFLICT),
        (LicenseKind.EXCLUSIVE, a_license(scope=a_scope(begin=ISSUED, end=NOW)), []),
        (LicenseKind.EXCLUSIVE, a_license(scope=a_scope(begin=ISSUED, end=NOW + MOMENT)), CONFLICT),
        (LicenseKind.EXCLUSIVE, a_license(scope=a_scope(territories=SHANGHAI)), CONFLICT),
    ],
)
def test_a_license_that_excludes_others_overlaps_with_none(kind, other, expected):
    assert beside(kind, other) == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"territories": SHANGHAI}, CONFLICT),
        ({"territories": frozenset({"CN"})}, CONFLICT),
        ({"territories": ZHEJIANG}, []),
        ({"territories": SHANGHAI, "fields_of_use": frozenset({"风控"})}, CONFLICT),
        ({"territories": SHANGHAI, "fields_of_use": frozenset({"营销"})}, []),
    ],
)
def test_scopes_meet_only_where_time_place_and_use_all_meet(scope, expected):
    other = a_license(scope=a_scope(territories=SHANGHAI, fields_of_use=frozenset({"风控"})))
    assert beside(LicenseKind.EXCLUSIVE, other, **scope) == expected


def test_the_conflicting_license_is_named_but_not_its_licensee():
    situation = a_situation(licenses=[a_license()], offer=None)
    asked = wanted(kind=LicenseKind.EXCLUSIVE)
    (refusal,) = require_grantable(situation, asked, NOW)
    assert refusal.record.id == "license_1"
    assert refusal.message == (
        "A license that is to exclude others must not overlap with one already granted. "
        "Found: a license from 2026-01-05 to 2027-01-05, everywhere, every use."
    )
