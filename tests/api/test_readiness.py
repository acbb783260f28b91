"""What `/readyz` sees of a register, on either kind of database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from alembic import command

from api.beside import place_all
from api.readiness import Readiness
from services.blobs import FolderBlobs
from services.migrations import bring_up_to_date, configuration
from tests.conftest import on_postgresql
from tests.founding import open_office, registry_on
from tests.ledger.sealing_log import sealing_of


@pytest.fixture
async def register(databases, clock, tmp_path):
    """A register whose tables were made step by step, as those of an installation are."""
    address = databases.create(tmp_path)
    registry = registry_on(address, tmp_path, clock)
    await bring_up_to_date(registry.engine)
    yield registry
    await registry.close()
    databases.drop(address)


async def look(registry):
    """What somebody sees who has not looked before."""
    return (await Readiness(registry)()).shown()


async def test_a_register_that_serves_is_ready_and_says_how_far_it_is(register, clock, tmp_path):
    await open_office(register)
    await place_all(register)
    await sealing_of(register.engine, tmp_path, now=clock.now()).seal()
    clock.advance(timedelta(seconds=3))

    assert await look(register) == {
        "status": "ready",
        "failing": [],
        "database": {"status": "ok"},
        "migrations": {"status": "ok", "missing": 0},
        "sequencer": {"status": "ok", "waiting": 0, "lagSeconds": 0.0},
        "ledger": {"status": "ok", "size": 2, "publishedSize": 2, "publishedAgeSeconds": 3.0},
        "documents": {"status": "ok"},
        "reading": {"status": "ok"},
    }


async def test_a_new_register_is_ready(register):
    seen = await look(register)
    assert seen["status"] == "ready"
    assert seen["ledger"] == {
        "status": "ok",
        "size": 0,
        "publishedSize": 0,
        "publishedAgeSeconds": None,
    }


@on_postgresql
async def test_events_that_wait_too_long_for_their_place_are_told(register, clock):
    await open_office(register)
    clock.advance(timedelta(seconds=10))
    assert (await look(register))["failing"] == []

    clock.advance(timedelta(milliseconds=1))
    seen = await look(register)
    assert (seen["status"], seen["failing"]) == ("not ready", ["sequencer"])
    assert seen["sequencer"] == {
        "status": "failing",
        "reason": "an event waits for its place in the log for 10 s",
        "waiting": 1,
        "lagSeconds": 10.001,
    }

    await place_all(register)
    assert (await look(register))["failing"] == []


async def test_a_database_that_is_behind_is_told_with_what_to_do(register):
    async with register.engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            await connection.run_sync(lambda sync: command.downgrade(configuration(sync), "-1"))

    seen = await look(register)
    assert seen["failing"] == ["migrations"]
    assert seen["migrations"] == {
        "status": "failing",
        "reason": "the database is a step behind this version: run `datatitle migrate`",
        "missing": 1,
    }


async def test_a_database_that_does_not_answer_is_told_and_logged_once(clock, tmp_path, caplog):
    registry = registry_on(f"sqlite+aiosqlite:///{tmp_path}", tmp_path, clock)
    readiness = Readiness(registry, seconds=0.0)
    for _ in range(2):
        seen = (await readiness()).shown()
        assert seen == {
            "status": "not ready",
            "failing": ["database"],
            "database": {"status": "failing", "reason": "it does not answer"},
            "documents": {"status": "ok"},
            "reading": {"status": "ok"},
        }
    [record] = caplog.records
    assert record.getMessage().startswith("the database does not answer: OperationalError: ")
    await registry.close()


async def test_who_asks_at_once_again_is_told_what_was_seen(register):
    readiness = Readiness(register)
    first = await readiness()
    await open_office(register)

    assert await readiness() is first


async def test_without_documents_all_else_is_served(register, tmp_path):
    (tmp_path / "no folder").write_bytes(b"")
    seen = await look(replace(register, blobs=FolderBlobs(tmp_path / "no folder")))
    assert (seen["status"], seen["failing"]) == ("ready", [])
    assert seen["documents"] == {"status": "failing", "reason": "their place cannot be reached"}
