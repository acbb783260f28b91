"""Playing the chapters in order, on a server with a real clock or on one whose clock moves on."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx

from api.demo.credit import CREDIT
from api.demo.proof import PROOF
from api.demo.registration import (
    AFTER_THE_ANNOUNCEMENT,
    DURING_THE_ANNOUNCEMENT,
    TO_THE_ANNOUNCEMENT,
    let_the_period_pass,
)
from api.demo.servers import own_server
from api.demo.stage import SECONDS_TO_ANSWER, NoStage, set_stage
from api.demo.steps import Play, Step
from api.demo.telling import Teller
from api.demo.trade import TRADE
from api.sample.folder import settings_for
from api.settings import Settings
from services.clock import ManualClock, SystemClock


class OtherwiseThanTold(Exception):  # noqa: N818 - the story's end, not an error of ours.
    """A step did not come out as the story says; it has been told."""


async def play_on_running_server(settings: Settings, address: str, teller: Teller) -> bool:
    """With the real clock, which nobody can move: the certificate is a prepared product's.

    Raises `NoStage` before anything is done if the story could not be played to its end.
    """
    async with _client(address) as http:
        play = await set_stage(settings, http, SystemClock().now, pass_time=None)
        ready = await _ready_applications(play)
        if not ready:
            raise NoStage("none of its prepared applications is left to be certified")
        return await _tell_all(play, teller, ready[0])


def play_on_own_server(settings: Settings, folder: Path, teller: Teller) -> bool:
    """On the sample register in `folder`, whose clock starts now and is moved on."""
    clock = ManualClock(SystemClock().now())

    async def play_it(address: str) -> bool:
        async with _client(address) as http:
            play = await set_stage(
                settings_for(settings, folder), http, clock.now, clock.advance_to
            )
            return await _tell_all(play, teller, None)

    with own_server(settings, folder, clock) as address:
        return asyncio.run(play_it(address))


async def _tell_all(play: Play, teller: Teller, ready: dict[str, str] | None) -> bool:
    """Whether every step of every chapter came out as told; the first that did not ends it."""
    try:
        teller.chapter("1. A product is registered")
        await _tell(play, teller, TO_THE_ANNOUNCEMENT)
        await _tell(play, teller, DURING_THE_ANNOUNCEMENT)
        if play.pass_time is not None:
            let_the_period_pass(play)
            teller.note("15 days pass.")
        else:
            assert ready is not None
            play.marks["application"] = ready["id"]
            teller.note("The 15 days cannot pass here and now: the clock of this server is real.")
            teller.note(f"The story goes on with “{ready['name']}”, announced long enough ago.")
        await _tell(play, teller, AFTER_THE_ANNOUNCEMENT)
        teller.chapter("2. It is listed, offered and licensed")
        await _tell(play, teller, TRADE)
        teller.chapter("3. It secures loans")
        await _tell(play, teller, CREDIT)
        teller.chapter("4. It proves its history")
        await _tell(play, teller, PROOF)
    except OtherwiseThanTold:
        return False
    teller.chapter("Every step came out as told.")
    return True


async def _tell(play: Play, teller: Teller, steps: Sequence[Step]) -> None:
    for step in steps:
        person = play[step.who]
        person.answers.clear()
        answer = await step.act(play)
        fault = step.expects(play, answer)
        teller.tell(step, person, person.answers, fault)
        if fault is not None:
            raise OtherwiseThanTold


async def _ready_applications(play: Play) -> list[dict[str, str]]:
    answer = await play["registrant"].asks("myApplications", status=["APPROVED"])
    return answer.nodes


def _client(address: str) -> httpx.AsyncClient:
    # A proxy of the environment has no business between the parties and a server beside them.
    return httpx.AsyncClient(base_url=address, timeout=SECONDS_TO_ANSWER, trust_env=False)
