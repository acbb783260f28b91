"""The auditor over a whole register, honest or not, and over its public files."""

from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import sqlalchemy as sa

from api.sealing import log_key
from ledger.formats.note import open_note
from ledger.formats.policy import parse_policy
from ledger.signing.key_file import load_secret
from services.actors import Actor, Role
from services.recording import record
from tests.api.cli.registers import on_register, sealed, settings_of
from tests.ledger_counts import put_in_order

OFFICE = Actor("somebody", "party_1", frozenset({Role.REGISTRAR}))


@pytest.fixture
def register(sample):
    """The sample register, of which everything is published."""
    sealed(sample)
    return sample


def test_an_honest_register_is_cosigned_and_the_next_checkpoint_bears_it(register, datatitle):
    told = datatitle("ledger", "audit")
    assert (told.exit_code, told.stdout.splitlines()[0][:8]) == (0, "AUDITED:")
    auditor = load_secret(register / "keys" / "auditor.key").verifying_key
    note = sealed(register)
    policy = parse_policy(
        f"log {log_key(settings_of(register)).vkey()}\n"
        f"witness audit {auditor.vkey()}\ngroup ok all audit\nquorum ok\n"
    )
    assert policy.open(note).by == ("audit",)
    assert told.stdout.splitlines()[-1] in note.splitlines()


def certificates(data, status):
    """The numbers of the certificates that stand so."""

    async def read(registry):
        query = sa.text("SELECT number FROM certificates WHERE status = :status ORDER BY number")
        async with registry.reading() as tx:
            return list((await tx.connection.execute(query, {"status": status})).scalars())

    return on_register(data, read)


def record_beside(data, number, kind, **changes):
    """Record an event that no act of the services would have let happen."""

    async def work(registry):
        async with registry.deciding() as tx:
            *_, last = await tx.log.events_of(tx.connection, number)
            names = ("status", "holder", "effective_end", "pledges", "burdened_until")
            standing = {name: last.public[name] for name in names if name in last.public}
            await record(tx, OFFICE, kind, number, public={**standing, **changes})
        await put_in_order(registry)
        async with registry.reading() as tx:
            *_, last = await tx.log.events_of(tx.connection, number)
        return last.index

    return on_register(data, work)


@pytest.mark.parametrize("kind", ["pledge-registered", "offer-published", "license-granted"])
def test_an_act_on_a_revoked_certificate_is_named(register, datatitle, kind):
    number = certificates(register, "REVOKED")[0]
    changes = {"pledges": "1"} if kind == "pledge-registered" else {}
    index = record_beside(register, number, kind, **changes)
    assert not_cosigned(register, datatitle) == (
        f"entry {index}: {kind} needs a certificate in force, and that was not so"
    )


def test_a_pledge_released_that_was_not_there_is_named(register, datatitle):
    number = certificates(register, "REVOKED")[0]
    index = record_beside(register, number, "pledge-released")
    assert not_cosigned(register, datatitle) == (
        f"entry {index}: a pledge ends where there is none"
    )


def test_a_certificate_that_comes_back_to_life_is_named(register, datatitle):
    number = certificates(register, "REVOKED")[0]
    index = record_beside(register, number, "consent-given", status="ACTIVE")
    assert not_cosigned(register, datatitle) == (
        f"entry {index}: the certificate cannot stand so after consent-given"
    )


def test_an_act_nobody_knows_is_named(register, datatitle):
    number = certificates(register, "ACTIVE")[0]
    index = record_beside(register, number, "certificate-blessed")
    assert not_cosigned(register, datatitle).startswith(f"entry {index}: certificate-blessed is no")


def not_cosigned(register, datatitle):
    """What the auditor finds once the register has sealed what was recorded."""
    sealed(register)
    told = datatitle("ledger", "audit")
    assert told.exit_code == 1
    first, found = told.stdout.splitlines()
    assert first.startswith("NOT COSIGNED: datatitle.local/log with ")
    assert datatitle("ledger", "audit", "--from-start").stdout == told.stdout
    return found.strip()


def test_the_next_audit_judges_what_is_new_alone(register, datatitle):
    datatitle("ledger", "audit")
    datatitle("ledger", "erase", certificates(register, "ACTIVE")[0], "0", "actor", "--yes")
    sealed(register)
    told = datatitle("ledger", "audit")
    assert "2 of them read now." in told.stdout
    assert "  1 certificates with new events have lived by the rules." in told.stdout.splitlines()


def test_public_files_are_audited_by_whoever_knows_the_key(register, datatitle, tmp_path):
    vkey = log_key(settings_of(register)).vkey()
    options = ["--key", str(tmp_path / "a.key"), "--state", str(tmp_path / "state")]
    public = ["ledger", "audit", "--log", str(register / "ledger"), *options, "--log-key", vkey]
    told = datatitle(*public)
    assert told.exit_code == 0
    assert "  Nothing was opened: how certificates lived was not judged." in told.stdout
    line = told.stdout.splitlines()[-1]
    note = sealed(register) + line + "\n"
    (signed,) = open_note(note, [load_secret(tmp_path / "a.key").verifying_key]).signed
    assert signed.key.name == "datatitle.local/auditor"


def test_an_address_is_as_good_as_a_folder(register, datatitle, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    vkey = log_key(settings_of(register)).vkey()
    options = ["--state", str(tmp_path), "--log-key", vkey]
    with served(register / "ledger") as address:
        told = datatitle("ledger", "audit", "--log", address, *options)
        assert told.exit_code == 0
        assert told.stdout.startswith("AUDITED: datatitle.local/log with ")
        (register / "ledger" / "tile" / "entries" / "000").unlink()
        told = datatitle("ledger", "audit", "--log", address, *options, "--from-start")
        assert (told.exit_code, "entry 0: the bundle of 256 entries" in told.stdout) == (1, True)
    with pytest.raises(OSError, match="could not be fetched"):
        datatitle("ledger", "audit", "--log", address, *options)


@contextmanager
def served(folder):
    """The address at which a folder is served as it is."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.usefixtures("register")
def test_of_public_files_it_must_be_said_whose_they_are(datatitle, tmp_path):
    told = datatitle("ledger", "audit", "--log", str(tmp_path))
    assert told.exit_code == 2
    assert "--log-key" in told.stderr


def test_a_folder_without_a_checkpoint_is_nothing_to_audit(datatitle, tmp_path, register):
    vkey = log_key(settings_of(register)).vkey()
    told = datatitle("ledger", "audit", "--log", str(tmp_path), "--log-key", vkey)
    assert (told.exit_code, told.stdout) == (0, "There is no checkpoint yet: nothing to audit.\n")
