"""A few system calls fail in a register at work; `make campaign-faults` lets every one fail."""

import asyncio
import shutil
from random import Random

import pytest

from tests.faults.injecting import CALLS, every_fault, make_template, meet

SEED = 20_261_122
OF_EACH_CALL = 2

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not there")


def test_whatever_write_fails_or_kills_the_register_goes_on_soundly(tmp_path):
    template = asyncio.run(make_template(tmp_path / "template"))
    faults = list(every_fault(template, tmp_path))
    chosen = [
        fault
        for call in CALLS
        for fault in Random(SEED).sample(
            [each for each in faults if each.call == call], OF_EACH_CALL
        )
    ]

    assert {fault.call for fault in chosen} == set(CALLS)
    assert [wrong for fault in chosen if (wrong := meet(fault, template, tmp_path))] == []
