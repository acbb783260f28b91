"""The ledger, looked after from the command line."""

import sqlite3

import pytest

from api.opening import open_signer
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


@pytest.mark.usefixtures("sample")
def test_the_newest_checkpoint_is_printed(datatitle):
    told = datatitle("ledger", "checkpoint")

    origin, size, *_ = told.stdout.splitlines()
    assert (told.exit_code, origin) == (0, "datatitle.local/log")
    assert int(size) > 800


def test_the_key_is_the_one_that_signs(datatitle, sample):
    signer = open_signer(read_settings({"DATATITLE_DATA": str(sample)}))
    assert datatitle("ledger", "key").stdout == signer.public_key.vkey() + "\n"
