"""A data folder with the sample register in it: whole, or not there at all."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from api.opening import open_registry, open_signer
from api.sample.cases import SampleRegister, read_cases
from api.sample.loading import OPENING, Loader
from api.sample.timetable import Report
from api.settings import Settings
from api.tokens import OwnIssuer
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
        await _fill(settings_for(settings, building), report, sample or read_cases())
        _write_through(building)
        building.replace(place)
        _sync(place.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def settings_for(settings: Settings, folder: Path) -> Settings:
    """The same installation with its data in another folder."""
    address = f"sqlite+aiosqlite:///{(folder / DATABASE).as_posix()}"
    return replace(settings, data=folder, database_url=address)


async def _fill(settings: Settings, report: Report, sample: SampleRegister) -> None:
    clock = ManualClock(OPENING)
    registry = await open_registry(settings, clock)
    try:
        OwnIssuer.at(settings.data)
        loader = Loader(registry, clock, open_signer(settings))
        await loader.load(sample, SystemClock().now(), report)
    finally:
        # The last to close the database writes the log beside it into the file.
        await registry.close()


def _write_through(folder: Path) -> None:
    """Bring every file and folder below to the disk."""
    for path, _folders, files in os.walk(folder, topdown=False):
        for name in files:
            _sync(Path(path, name))
        _sync(Path(path))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
