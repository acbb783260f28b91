"""A register's log in its folder, and a copy of it where the settings say."""

import pytest

from api.opening import open_registry
from api.publishing import open_mirror, open_publisher
from api.sealing import log_key, open_sealing
from api.settings import read_settings
from ledger.formats.policy import parse_policy


@pytest.fixture
def settings(tmp_path):
    return read_settings(
        {
            "DATATITLE_DATA": str(tmp_path / "data"),
            "DATATITLE_LEDGER_MIRROR": str(tmp_path / "mirror"),
        }
    )


@pytest.fixture
async def published(settings):
    registry = await open_registry(settings)
    try:
        await open_sealing(settings, registry, open_publisher(settings)).seal()
    finally:
        await registry.close()
    return settings.ledger_files


def files_in(folder):
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


async def test_a_stranger_can_begin_with_what_is_published(settings, published):
    policy = parse_policy((published / "policy").read_text())
    witnessed = policy.open((published / "checkpoint").read_text())
    assert witnessed.checkpoint.origin == settings.log_origin
    assert (published / "log.vkey").read_text() == log_key(settings).vkey() + "\n"
    assert [log.key.name for log in policy.logs] == [settings.log_origin] * 2


async def test_the_copy_is_what_is_published(settings, published, tmp_path):
    await open_mirror(settings).follow()
    assert files_in(tmp_path / "mirror") == files_in(published)


def test_without_a_place_for_it_there_is_no_copy(tmp_path):
    assert open_mirror(read_settings({"DATATITLE_DATA": str(tmp_path)})) is None
