"""What follows from the refusals an act would meet."""

import pytest

from services.refusals import Refusal, RefusalCode
from services.verdicts import Verdict, verdict_of

CONSENT = Refusal(RefusalCode.CONSENT_MISSING, "consent")
FROZEN = Refusal(RefusalCode.ENCUMBRANCE_FORBIDS, "frozen")


@pytest.mark.parametrize(
    ("refusals", "verdict"),
    [
        ([], Verdict.CLEAR),
        ([CONSENT], Verdict.NEEDS_CONSENT),
        ([CONSENT, CONSENT], Verdict.NEEDS_CONSENT),
        ([FROZEN], Verdict.BLOCKED),
        ([CONSENT, FROZEN], Verdict.BLOCKED),
    ],
)
def test_only_a_consent_that_is_missing_can_still_be_asked_for(refusals, verdict):
    assert verdict_of(refusals) is verdict
