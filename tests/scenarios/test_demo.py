"""The demo is played from its first step to its last, on a server of its own."""

import asyncio
import re
import shutil
from dataclasses import replace

import httpx
import pytest

from api.demo import playing, trade
from api.demo.playing import play_on_own_server, play_on_running_server
from api.demo.servers import own_server, running_server
from api.demo.stage import NoStage, set_stage
from api.demo.steps import done
from api.demo.telling import Teller
from api.settings import read_settings
from services.clock import SystemClock

REFUSED_IN_THE_STORY = {
    "APPLICATION_INCOMPLETE",
    "DOCUMENT_MISSING",
    "CORRECTION_UNCHANGED",
    "ANNOUNCEMENT_RUNNING",
    "OBJECTION_OPEN",
    "CERTIFICATE_EXPIRED",
    "NOT_THE_HOLDER",
    "PLEDGE_OUTLIVES_CERTIFICATE",
    "CONSENT_MISSING",
}


@pytest.fixture
def settings(tmp_path, sample_folder):
    """The story has a register of its own, in a folder, whatever the installation has."""
    shutil.copytree(sample_folder, tmp_path / "data")
    return read_settings({"DATATITLE_DATA": str(tmp_path / "data")})


def test_the_whole_story_comes_out_as_told(settings, capsys):
    assert play_on_own_server(settings, settings.data, Teller(plain=True))

    told = capsys.readouterr().out
    assert "Every step came out as told." in told
    assert "WRONG" not in told
    assert set(re.findall(r"^ refused ([A-Z_]+)", told, re.MULTILINE)) == REFUSED_IN_THE_STORY
    numbers = [int(number) for number in re.findall(r"^ +(\d+)\. ", told, re.MULTILINE)]
    assert numbers == list(range(1, 47))
    assert re.findall(r"\x1b| $", told, re.MULTILINE) == []


def test_a_step_that_comes_out_otherwise_ends_the_story(settings, capsys, monkeypatch):
    first, *_ = trade.TRADE
    monkeypatch.setattr(playing, "TRADE", [replace(first, expects=done())])

    assert not play_on_own_server(settings, settings.data, Teller(plain=True))

    told = capsys.readouterr().out
    assert "WRONG it was refused: CERTIFICATE_EXPIRED" in told
    assert "3. It secures loans" not in told


def play_on(settings):
    """Play on a server that runs by the real clock, as the one of `make run` does."""
    with own_server(settings, settings.data, SystemClock()) as address:
        return asyncio.run(play_on_running_server(settings, address, Teller(plain=True)))


def test_by_the_real_clock_a_prepared_product_is_certified_instead(settings, capsys):
    assert play_on(settings)

    told = capsys.readouterr().out
    assert "The 15 days cannot pass here and now" in told
    assert "Every step came out as told." in told


async def withdraw_what_is_ready(settings, address):
    async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
        play = await set_stage(settings, http, SystemClock().now, None)
        ready = await play["registrant"].asks("myApplications", status=["APPROVED"])
        for each in ready.nodes:
            await play["registrant"].does("withdrawApplication", applicationId=each["id"])
    return len(ready.nodes)


def test_when_no_prepared_product_is_left_nothing_is_begun(settings, capsys):
    with own_server(settings, settings.data, SystemClock()) as address:
        assert asyncio.run(withdraw_what_is_ready(settings, address)) == 8

    with pytest.raises(NoStage, match="none of its prepared applications is left"):
        play_on(settings)
    assert capsys.readouterr().out == ""


def test_a_register_without_the_sample_parties_is_no_stage(tmp_path):
    settings = read_settings({"DATATITLE_DATA": str(tmp_path / "empty")})
    with pytest.raises(NoStage, match="the sample parties are not on its register"):
        play_on(settings)


def test_without_a_server_of_this_folder_none_is_found(settings, tmp_path):
    assert running_server(replace(settings, port=1)) is None
    assert running_server(replace(settings, data=tmp_path / "elsewhere")) is None
