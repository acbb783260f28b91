"""A data folder with the sample register in it: whole, or not there at all."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from api.opening import open_registry
from api.publishing import open_publisher
from api.sample.cases import SampleRegister, read_cases
from api.sample.loading import OPENING, Loader
from api.sample.timetable import Report
from api.sealing import open_sealing
from api.settings import Settings, documents_in, files_in, guard_in
from api.tokens import OwnIssuer
from ledger.files import write_through
from services.clock import ManualClock, SystemClock

DATABASE = "register.sqlite3"


class NotEmpty(Exception):  # noqa: N818 - a finding about a folder, not an error of ours.
    """The data folder holds something already, and nothing of it may be lost."""


async def make_sample_folder(
    settings: Settings, report: Report, sample: SampleRegister | None = None
) -> None:
    """Make the data folder, which is not there or empty, with the sample register in it.

    It is built beside its place and moved there when it is complete and on the disk, so that
    what interrupts it leaves nothing that could be taken for a register. `report` hears the
    instant that the loading has come to. Raises `NotEmpty`.
    """
    place = settings.data.absolute()
    if place.exists() and any(place.iterdir()):
        raise NotEmpty(f"{settings.data} is not empty and holds no register")
    building = place.with_name(f".{place.name}.loading")
    # What an interrupted attempt has left is worth nothing.
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700, parents=True)
    try:
        await fill_register(settings_for(settings, building), report, sample or read_cases())
        _bring_to_disk(building)
        building.replace(place)
        write_through(place.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def settings_for(settings: Settings, folder: Path) -> Settings:
    """The same installation with all it keeps in another folder, known to nobody else."""
    address = f"sqlite+aiosqlite:///{(folder / DATABASE).as_posix()}"
    return replace(
        settings,
        data=folder,
        database_url=address,
        guard=guard_in(folder),
        documents=documents_in(folder),
        ledger_files=files_in(folder),
        ledger_mirror=None,
        witnesses=None,
        witness_for=None,
    )


async def fill_register(settings: Settings, report: Report, sample: SampleRegister) -> None:
    """Load the sample into a register in which there is nothing, by a clock of its own."""
    clock = ManualClock(OPENING)
    registry = await open_registry(settings, clock)
    try:
        OwnIssuer.at(settings.data)
        sealing = open_sealing(settings, registry, open_publisher(settings))
        loader = Loader(registry, clock, sealing)
        await loader.load(sample, SystemClock().now(), report)
    finally:
        # The last to close the database writes the log beside it into the file.
        await registry.close()


def _bring_to_disk(folder: Path) -> None:
    """Bring every file and folder below to the disk."""
    for path, _folders, files in os.walk(folder, topdown=False):
        for name in files:
            write_through(Path(path, name))
        write_through(Path(path))
