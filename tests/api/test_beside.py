"""What goes on beside the requests: placing, sweeping, and sealing where it can be done."""

import asyncio

import pytest

from api.beside import apart, elected_work, place_all
from api.settings import read_settings
from tests.conftest import on_postgresql
from tests.databases import is_sqlite
from tests.ledger_counts import kinds_on

SOON = 10.0  # Seconds.


@pytest.fixture
def settings_for(tmp_path, database):
    def read(**chosen):
        address = {} if is_sqlite(database) else {"DATATITLE_DATABASE_URL": database}
        return read_settings({"DATATITLE_DATA": str(tmp_path / "data"), **address, **chosen})

    return read


class Working:
    """All of it, going on until the context ends."""

    def __init__(self, settings, registry):
        self.work = elected_work(settings, registry)
        self.stop = asyncio.Event()

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(work(self.stop)) for work in self.work]
        return self

    async def __aexit__(self, *_):
        self.stop.set()
        await asyncio.gather(*self.tasks)


async def until(question):
    async with asyncio.timeout(SOON):
        while not await question():  # noqa: ASYNC110 - the database sets no event.
            await asyncio.sleep(0.05)


async def published(registry):
    async with registry.reading() as tx:
        return await tx.log.latest_checkpoint(tx.connection)


@pytest.mark.usefixtures("office")
async def test_events_get_their_places_and_a_checkpoint(settings_for, registry):
    settings = settings_for(DATATITLE_LOG_ORIGIN=registry.log.origin)
    settings.data.mkdir()
    async with Working(settings, registry):
        await until(lambda: published(registry))
    assert (settings.ledger_files / "checkpoint").read_text("utf-8") == await published(registry)


async def test_what_time_has_decided_is_recorded(settings_for, registry, certificate, clock):
    settings = settings_for(DATATITLE_SEALS="off")
    settings.data.mkdir()
    clock.advance_to(certificate.effective_end)

    async def is_recorded():
        return "certificate-expired" in await kinds_on(registry, certificate.number)

    async with Working(settings, registry):
        await until(is_recorded)


@pytest.mark.usefixtures("office")
async def test_a_process_that_leaves_sealing_to_others_makes_no_keys(settings_for, registry):
    settings = settings_for(DATATITLE_SEALS="off")
    settings.data.mkdir()
    async with Working(settings, registry):
        await asyncio.sleep(1.5)
    assert await published(registry) is None
    assert not (settings.data / "keys").exists()


@pytest.mark.usefixtures("office")
async def test_a_sealer_that_cannot_reach_the_guard_leaves_it_to_others(
    settings_for, registry, tmp_path, caplog
):
    (tmp_path / "not-a-folder").write_text("")
    able = settings_for(DATATITLE_LOG_ORIGIN=registry.log.origin)
    unable = settings_for(
        DATATITLE_LOG_ORIGIN=registry.log.origin,
        DATATITLE_GUARD=str(tmp_path / "not-a-folder" / "guard"),
    )
    able.data.mkdir()
    async with Working(unable, registry):
        await asyncio.sleep(0.5)
        async with Working(able, registry):
            assert await published(registry) is None
            await until(lambda: published(registry))
    assert "fault while the log was sealed" in caplog.messages


@on_postgresql
@pytest.mark.usefixtures("office")
async def test_it_has_connections_of_its_own(settings_for, registry):
    aside = apart(settings_for(DATATITLE_CONNECTIONS="1"), registry)
    async with registry.reading(), registry.reading():
        async with aside.reading() as tx:
            assert await tx.log.position(tx.connection) == 0
        await place_all(aside)
    assert aside.engine.pool is not registry.engine.pool
    await aside.close()
