"""Files, policies and results written down for other implementations, and held to by ours."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.ledger.checking.make_proof_vectors import judged

VECTORS = json.loads((Path(__file__).parent / "proof_vectors.json").read_text(encoding="utf-8"))[
    "vectors"
]


@pytest.mark.parametrize("vector", VECTORS, ids=[each["name"] for each in VECTORS])
def test_a_vector_is_judged_as_it_is_written_down(vector):
    now = datetime.fromisoformat(vector["now"])
    max_age = timedelta(seconds=vector["maxAgeSeconds"])
    found = judged(vector["proof"], vector["policy"], now, max_age)

    assert found == {name: vector[name] for name in ("outcome", "result", "why") if name in vector}


def test_every_outcome_and_every_reason_has_its_vector():
    outcomes = [each["outcome"] for each in VECTORS]
    reasons = [each["why"] for each in VECTORS if "why" in each]

    assert [outcomes.count(each) for each in ("proven", "stale", "malformed")] == [6, 1, 3]
    assert len(outcomes) == 25
    # Two salts or numbers exchanged, and three things that the map denies, are told alike.
    assert len(set(reasons)) == len(reasons) - 3
