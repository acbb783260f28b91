"""The demo: the whole story of a product, played over HTTP by its parties, step by step."""

import asyncio
import tempfile
from pathlib import Path

from api.demo.playing import play_on_own_server, play_on_running_server
from api.demo.servers import running_server
from api.demo.stage import NoStage
from api.demo.telling import Teller
from api.sample.folder import make_sample_folder, settings_for
from api.settings import Settings

__all__ = ["play_demo"]


def play_demo(settings: Settings, *, plain: bool) -> bool:
    """Tell the story from the first step to the last; whether every step came out as told.

    It is played on the running server of this data folder if there is one, otherwise on one of
    its own, in a folder that is gone afterwards.
    """
    teller = Teller(plain=plain)
    address = running_server(settings)
    if address is not None:
        teller.note(f"Playing on the server at {address}, as its sample parties.")
        try:
            return asyncio.run(play_on_running_server(settings, address, teller))
        except NoStage as no_stage:
            teller.note(f"It cannot be played there: {no_stage}.")
    teller.note("Playing on a server of its own, with a clock that can be moved on.")
    teller.note("Loading the sample register into a temporary folder first ...")
    with tempfile.TemporaryDirectory(prefix="datatitle-demo-") as temporary:
        folder = Path(temporary, "data")
        asyncio.run(make_sample_folder(settings_for(settings, folder), lambda _: None))
        return play_on_own_server(settings, folder, teller)
