"""The key of the ledger, from the command line."""

from api.sealing import log_key
from api.settings import read_settings


def test_the_key_is_the_one_that_signs(datatitle, sample):
    settings = read_settings({"DATATITLE_DATA": str(sample)})
    assert datatitle("ledger", "key").stdout == log_key(settings).vkey() + "\n"
