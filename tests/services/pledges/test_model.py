"""What a pledge and a collateral can answer about themselves."""

from datetime import date, timedelta
from itertools import product

import pytest

from services.certificates.model import Burdens, CertificateStatus
from services.periods import end_of
from services.pledges.model import TRANSITIONS, PledgeEvent, PledgeStatus
from tests.builders.certificates import (
    END,
    LATER,
    NOW,
    a_certificate,
    a_freeze_burden,
    an_encumbrance,
    an_ended_certificate,
)
from tests.builders.pledges import DUE, a_collateral, a_pledge, a_registered_pledge

MOMENT = timedelta(microseconds=1)
PICTURE = """
            REGISTERED  DECLINED  WITHDRAWN  RELEASED
SUBMITTED   REGISTERED  REFUSED   WITHDRAWN  -
REGISTERED  -           -         -          DISCHARGED
IMPAIRED    -           -         -          -
DISCHARGED  -           -         -          -
REFUSED     -           -         -          -
WITHDRAWN   -           -         -          -
"""


def read(picture: str) -> dict[tuple[str, str], str]:
    header, *rows = (line.split() for line in picture.strip().splitlines())
    return {(row[0], event): row[1:][n] for row in rows for n, event in enumerate(header)}


@pytest.mark.parametrize(("status", "event"), list(product(PledgeStatus, PledgeEvent)), ids=str)
def test_transition(status, event):
    assert TRANSITIONS.get((status, event), "-") == read(PICTURE)[status, event]


@pytest.mark.parametrize(
    ("status", "certificate", "now", "effective"),
    [
        (PledgeStatus.REGISTERED, a_certificate(), END - MOMENT, PledgeStatus.REGISTERED),
        (PledgeStatus.REGISTERED, a_certificate(), END, PledgeStatus.IMPAIRED),
        (
            PledgeStatus.REGISTERED,
            an_ended_certificate(CertificateStatus.REVOKED),
            NOW,
            PledgeStatus.IMPAIRED,
        ),
        (PledgeStatus.SUBMITTED, a_certificate(), END, PledgeStatus.SUBMITTED),
        (PledgeStatus.DISCHARGED, a_certificate(), END, PledgeStatus.DISCHARGED),
    ],
)
def test_a_registered_pledge_is_impaired_once_its_certificate_ends(
    status, certificate, now, effective
):
    assert a_pledge(status=status).effective_status(certificate, now) is effective


def test_a_registration_gives_a_pledge_its_place_and_instant():
    assert a_pledge().registered(4, LATER) == a_registered_pledge(sequence=4, registered_at=LATER)


def test_what_was_never_placed_so_cannot_be_ended_so():
    with pytest.raises(AssertionError):
        a_pledge().ended(PledgeEvent.RELEASED, NOW)


def test_the_next_rank_counts_the_pledges_that_bind():
    lifted = an_encumbrance(id="encumbrance_3", instrument_id="pledge_3", lifted_at=NOW)
    burdens = Burdens([an_encumbrance(), lifted, a_freeze_burden()])
    assert a_collateral().rank_if_registered(NOW) == 1
    assert a_collateral(burdens=burdens).rank_if_registered(NOW) == 2


@pytest.mark.parametrize(
    ("matures_on", "end"),
    [(DUE, end_of(DUE)), (date(2028, 1, 4), end_of(date(2028, 1, 4))), (date.max, END)],
)
def test_a_pledge_is_attempted_until_its_debt_falls_due_and_not_beyond_the_end(matures_on, end):
    attempt = a_collateral().attempt("party_bank", matures_on, NOW)
    assert (attempt.scope.begin, attempt.scope.end) == (NOW, end)


@pytest.mark.parametrize("shift", [-MOMENT, timedelta(0), MOMENT])
def test_outlasting_by_days_is_outlasting_by_instants(shift):
    collateral = a_collateral(certificate=a_certificate(valid_until=end_of(DUE) + shift))
    assert collateral.outlasts(DUE) is (end_of(DUE) <= collateral.certificate.effective_end)
