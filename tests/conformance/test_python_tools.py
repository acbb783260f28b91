"""Other people's Python software accepts every entry that is published, and nothing else."""

import pytest

from tests.conformance.accepting import Refused, scitt_cose, sigstore, tlog_scales
from tests.conformance.damaging import flip_in_signature
from tests.conformance.published import Published

TOOLS = [tlog_scales, sigstore, scitt_cose]


@pytest.mark.parametrize(("accept", "pairs"), [(tlog_scales, 36), (sigstore, 0), (scitt_cose, 36)])
def test_every_entry_and_every_checkpoint_is_accepted(exported, accept, pairs):
    assert list(Published(exported).notes) == [2, 4, 8, 129, 256, 258, 509, 700]
    assert accept(exported) == (700, pairs)


@pytest.mark.parametrize("accept", [tlog_scales, sigstore])
def test_anything_wrong_is_refused(damaged, accept):
    with pytest.raises(Refused):
        accept(damaged)


def test_the_tool_without_signatures_refuses_what_is_wrong_with_the_tree(damaged, request):
    if request.node.callspec.params["damaged"] is flip_in_signature:
        assert scitt_cose(damaged) == (700, 36)
    else:
        with pytest.raises(Refused):
            scitt_cose(damaged)
