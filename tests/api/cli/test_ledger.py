"""The ledger, looked after from the command line."""

import sqlite3

import pytest

from api.sealing import log_key
from api.settings import read_settings


@pytest.mark.usefixtures("sample")
def test_a_sound_ledger_is_found_sound(datatitle):
    told = datatitle("ledger", "audit")

    assert told.exit_code == 0
    assert told.stdout.startswith("SOUND: ")
    assert "everything agrees" in told.stdout


def test_a_rewritten_ledger_is_found_out(datatitle, sample):
    with sqlite3.connect(sample / "register.sqlite3") as database:
        database.execute("DROP TRIGGER ledger_opening_update")
        database.execute("UPDATE ledger_opening SET value = 'x' WHERE idx = 7")

    told = datatitle("ledger", "audit", "--quiet")

    assert told.exit_code == 1
    first, finding, *_ = told.stdout.splitlines()
    assert first.startswith("NOT SOUND: ")
    assert finding.startswith("  event 7, ")


def test_the_key_is_the_one_that_signs(datatitle, sample):
    settings = read_settings({"DATATITLE_DATA": str(sample)})
    assert datatitle("ledger", "key").stdout == log_key(settings).vkey() + "\n"
