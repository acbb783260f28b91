"""A log ends for good, and another goes on with all its events."""

import asyncio
import shutil
import sqlite3
from contextlib import closing, contextmanager

import pytest

import api.succession
from api.sealing import log_key
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.entry import Freeze, Origin, State, parse_entry
from ledger.formats.note import open_note, parse_note
from ledger.formats.policy import parse_policy
from ledger.keeping import store
from ledger.signing.faults import NotSealedError
from services.actors import OFFICE_ROLES, Actor
from services.parties.actions import register_party
from services.parties.model import PartyKind, PartyTerms
from services.refusals import RefusalCode, Refused
from services.registry import open_engine
from services.tables import metadata
from tests.api.cli.registers import on_register, sealed, settings_of
from tests.databases import file_of, is_sqlite, rows
from tests.founding import a_key

OLD, NEW = "datatitle.local/log", "datatitle.local/log/2"
SUCCEED = ["ledger", "succeed", "--origin", NEW, "--yes"]
RENAMED = {"DATATITLE_LOG_ORIGIN": NEW}
REGISTRAR = Actor("somebody", "party_1", OFFICE_ROLES)


@pytest.fixture
def frozen(sample, datatitle):
    """The sample register, whose log has ended."""
    told = datatitle("ledger", "freeze", "--next", NEW, "--yes")
    assert told.exit_code == 0
    return sample


def events(database):
    """All events and rules in force, in their order, as they stand in the log byte for byte."""
    query = "SELECT entry FROM ledger_entry WHERE kind IN ('event', 'policy') ORDER BY idx"
    return [entry for (entry,) in rows(database, query)]


def everything(database):
    tables = [*store.metadata.tables, *metadata.tables]
    return {name: sorted(map(repr, rows(database, f"SELECT * FROM {name}"))) for name in tables}


def openings(database):
    query = """
        SELECT subject, number, slot, name, value, ledger_opening.salt, is_public, erased_at
        FROM ledger_opening JOIN ledger_entry ON ledger_entry.id = entry_id
        ORDER BY subject, number, slot
    """
    return rows(database, query)


def triggers(database):
    in_file = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    on_server = """
        SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY tgname
    """
    return rows(database, in_file if is_sqlite(database) else on_server)


@contextmanager
def open_elsewhere(database):
    """While another process of the register has it open."""
    if is_sqlite(database):
        with closing(sqlite3.connect(file_of(database))) as connection:
            connection.execute("SELECT 1 FROM ledger_head").fetchall()
            yield
        return
    with asyncio.Runner() as runner:
        engine = open_engine(database)
        connection = runner.run(_connected(engine))
        yield
        runner.run(connection.close())
        runner.run(engine.dispose())


async def _connected(engine):
    return await engine.connect()


def act(data, **changes):
    """Any act at all."""

    async def register(registry):
        terms = PartyTerms(kind=PartyKind.ORGANISATION, name="样例机构")
        await register_party(registry, REGISTRAR, terms, a_key())

    on_register(data, register, **changes)


def test_a_last_checkpoint_covers_the_end(database, frozen):
    *_, (end,), (state,) = rows(database, "SELECT entry FROM ledger_entry ORDER BY idx")
    assert parse_entry(end) == Freeze(NEW)
    assert isinstance(parse_entry(state), State)
    note = (frozen / "ledger" / "checkpoint").read_text(encoding="utf-8")
    ((size,),) = rows(database, "SELECT size FROM ledger_head")
    assert parse_checkpoint(parse_note(note).text).tree_size == size


def test_after_the_end_every_act_is_refused(database, frozen):
    before = everything(database)
    with pytest.raises(Refused) as refused:
        act(frozen)
    assert [each.code for each in refused.value.refusals] == [RefusalCode.LEDGER_FROZEN]
    assert everything(database) == before


@pytest.mark.usefixtures("frozen")
def test_a_log_ends_once(database, datatitle):
    before = everything(database)
    told = datatitle("ledger", "freeze", "--next", NEW, "--yes")
    assert (told.exit_code, told.stderr) == (1, "datatitle: the log has ended before\n")
    assert everything(database) == before


@pytest.mark.parametrize("successor", [OLD, "with space", "", "plus+plus"])
def test_a_successor_has_a_name_of_its_own(database, datatitle, successor):
    told = datatitle("ledger", "freeze", "--next", successor, "--yes")
    assert told.exit_code == 2
    assert rows(database, "SELECT 1 FROM ledger_entry WHERE kind = 'freeze'") == []


def test_nothing_ends_without_a_yes(database, datatitle):
    assert datatitle("ledger", "freeze", "--next", NEW).exit_code == 1
    assert rows(database, "SELECT 1 FROM ledger_entry WHERE kind = 'freeze'") == []


def test_a_log_that_has_not_ended_has_no_successor(database, datatitle):
    before = everything(database)
    told = datatitle(*SUCCEED)
    assert told.exit_code == 1
    assert told.stderr.startswith("datatitle: The log has not ended")
    assert everything(database) == before


def test_the_successor_is_the_one_that_was_named(frozen, datatitle):
    told = datatitle("ledger", "succeed", "--origin", "other.example/log", "--yes")
    assert told.exit_code == 1
    assert f"in favour of {NEW}, not of other.example/log" in told.stderr
    assert (frozen / "keys" / "log.key").exists()


def test_the_successor_carries_every_event_unchanged(database, frozen, datatitle):
    last = (frozen / "ledger" / "checkpoint").read_text(encoding="utf-8")
    subjects = rows(database, "SELECT * FROM ledger_subject ORDER BY subject")
    carried, opened = events(database), openings(database)
    guards = triggers(database)

    told = datatitle(*SUCCEED)
    assert told.exit_code == 0
    ((first,),) = rows(database, "SELECT entry FROM ledger_entry WHERE idx = 0")
    begin = parse_entry(first)
    assert isinstance(begin, Origin)
    assert parse_note(begin.last.decode()).text == parse_note(last).text
    assert events(database) == carried
    assert openings(database) == opened
    assert rows(database, "SELECT * FROM ledger_subject ORDER BY subject") == subjects
    assert triggers(database) == guards
    (vkey,) = [line.strip() for line in told.stdout.splitlines() if f" {NEW}+" in line]
    assert log_key(settings_of(frozen, **RENAMED)).vkey() == vkey


def test_the_register_goes_on_with_the_successor(frozen, datatitle):
    datatitle(*SUCCEED)
    note = sealed(frozen, **RENAMED)
    key = log_key(settings_of(frozen, **RENAMED))
    (signed,) = open_note(note, [key]).signed
    assert (signed.key, key.name) == (key, NEW)
    act(frozen, **RENAMED)
    assert sealed(frozen, **RENAMED) != note
    assert datatitle("ledger", "fsck", "--quiet", **RENAMED).exit_code == 0
    assert datatitle("ledger", "audit", "--from-start", **RENAMED).exit_code == 0


def test_the_former_log_is_kept_whole(database, frozen, datatitle, tmp_path):
    vkey = log_key(settings_of(frozen)).vkey()
    signed = [size for (size,) in rows(database, "SELECT size FROM ledger_checkpoint")]
    datatitle(*SUCCEED)
    former = frozen / "former" / "datatitle.local_log"
    assert sorted(path.name for path in former.iterdir()) == ["export", "guard", "keys", "ledger"]
    assert [size for size in signed if not (former / f"export/checkpoint.{size}").exists()] == []
    options = ["--state", str(tmp_path), "--log-key", vkey]
    for folder in ("export", "ledger"):
        told = datatitle("ledger", "audit", "--log", str(former / folder), *options)
        assert told.exit_code == 0
    note = (former / "ledger" / "checkpoint").read_text(encoding="utf-8")
    witnessed = parse_policy(f"log {vkey}\nquorum none\n").open(note)
    assert witnessed.checkpoint.tree_size == max(signed)


@pytest.mark.usefixtures("frozen")
def test_what_fails_in_the_middle_changes_nothing_in_the_database(database, datatitle, monkeypatch):
    before = everything(database)

    with monkeypatch.context() as patched:
        patched.setattr("ledger.keeping.succession._TAKE_OPENINGS_BACK", "SELECT no such thing")
        told = datatitle(*SUCCEED)
    assert told.exit_code == 1
    assert told.stderr.startswith("datatitle: nothing is changed, the database refuses: ")
    assert everything(database) == before
    assert datatitle(*SUCCEED).exit_code == 0


@pytest.mark.parametrize("nth", range(1, 5))
def test_interrupted_while_things_are_put_away_it_goes_on(frozen, datatitle, monkeypatch, nth):
    real, moved = shutil.move, []

    def move(*arguments):
        moved.append(arguments)
        if len(moved) == nth:
            raise OSError("interrupted")
        return real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(api.succession.shutil, "move", move)
        with pytest.raises(OSError, match="interrupted"):
            datatitle(*SUCCEED)
    for changes in ({}, RENAMED):
        with pytest.raises(NotSealedError):
            sealed(frozen, **changes)
    assert datatitle(*SUCCEED).exit_code == 0
    assert parse_checkpoint(parse_note(sealed(frozen, **RENAMED)).text).origin == NEW


@pytest.mark.usefixtures("frozen")
def test_a_database_in_use_is_not_succeeded(database, datatitle):
    before = everything(database)
    with open_elsewhere(database):
        told = datatitle(*SUCCEED)
    assert told.exit_code == 1
    assert "stop the register" in told.stderr
    assert everything(database) == before
