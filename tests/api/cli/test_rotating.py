"""The log's key is changed: both sign, then the new one alone."""

import pytest

from api.sealing import load_signers
from ledger.formats.entry import KeyChange, parse_entry
from ledger.formats.keys import Algorithm
from ledger.formats.note import open_note
from ledger.keeping.reading import entries_between, read_head
from tests.api.cli.registers import on_register, sealed, settings_of


@pytest.fixture
def register(sample):
    """The sample register, of which everything is published."""
    sealed(sample)
    return sample


def ed25519_keys(data):
    keys = [signer.verifying_key for signer in load_signers(settings_of(data))]
    return [key for key in keys if key.algorithm is Algorithm.ED25519]


def key_changes(data):
    async def read(registry):
        async with registry.reading() as tx:
            size = (await read_head(tx.connection)).size
            rows = await entries_between(tx.connection, 0, size)
            return [parse_entry(row.entry) for row in rows if row.kind == "key"]

    return on_register(data, read)


def signers_of(note, keys):
    return [signed.key for signed in open_note(note, keys).signed]


def test_both_keys_sign_until_the_old_one_is_dropped(register, datatitle):
    (old,) = ed25519_keys(register)
    told = datatitle("ledger", "rotate-key")
    assert told.exit_code == 0
    first, new = ed25519_keys(register)
    assert (first, new != old) == (old, True)
    assert f"log {old.vkey()}\n" in told.stdout
    assert f"log {new.vkey()}\n" in told.stdout

    (change,) = key_changes(register)
    assert isinstance(change, KeyChange)
    assert (change.old, change.new) == (old.vkey(), new.vkey())
    text = change.signed_text("datatitle.local/log")
    old.check(text, change.old_signature)
    new.check(text, change.new_signature)
    assert signers_of(sealed(register), [old, new]) == [old, new]

    told = datatitle("ledger", "rotate-key", "--finish", "--yes")
    assert told.exit_code == 0
    assert ed25519_keys(register) == [new]
    retired = register / "keys" / f"log.{old.id.hex()}.retired"
    assert retired.stat().st_mode & 0o777 == 0o600
    datatitle("ledger", "erase", "20251231000000031", "0", "actor", "--yes")
    assert signers_of(sealed(register), [old, new]) == [new]


def test_an_interrupted_change_goes_on_where_it_stopped(register, datatitle):
    datatitle("ledger", "rotate-key")
    keys = ed25519_keys(register)
    assert datatitle("ledger", "rotate-key").exit_code == 0
    assert ed25519_keys(register) == keys
    assert len(key_changes(register)) == 1


@pytest.mark.usefixtures("register")
def test_a_change_that_was_not_begun_is_not_finished(datatitle):
    told = datatitle("ledger", "rotate-key", "--finish", "--yes")
    assert told.exit_code == 1
    assert told.stderr.startswith("datatitle: no change of keys is under way")


def test_the_old_key_is_not_dropped_before_a_checkpoint_bears_both(register, datatitle):
    datatitle("ledger", "rotate-key")
    keys = ed25519_keys(register)
    told = datatitle("ledger", "rotate-key", "--finish", "--yes")
    assert told.exit_code == 1
    assert told.stderr.startswith("datatitle: no published checkpoint bears both signatures")
    assert ed25519_keys(register) == keys


def test_a_key_that_a_command_keeps_is_not_rotated_here(register, datatitle):
    (key,) = ed25519_keys(register)
    told = datatitle("ledger", "rotate-key", DATATITLE_SIGNER=f"{key.vkey()} /bin/false")
    assert (told.exit_code, "kept by the command" in told.stderr) == (1, True)
    assert ed25519_keys(register) == [key]


def test_nothing_is_dropped_without_a_yes(register, datatitle):
    datatitle("ledger", "rotate-key")
    keys = ed25519_keys(register)
    sealed(register)
    told = datatitle("ledger", "rotate-key", "--finish")
    assert told.exit_code == 1
    assert ed25519_keys(register) == keys
