"""An installation as an operator has it: a data folder, and a database in it or on a server."""

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from api.sample.cases import read_cases
from api.sample.folder import DATABASE, fill_register, make_sample_folder
from api.settings import Settings, read_settings
from services.migrations import bring_up_to_date
from services.registry import open_engine
from tests.databases import SQLITE, Databases, SqliteFiles, is_sqlite
from tests.postgres import FOLDER, shared_in_run


@dataclass(frozen=True, slots=True)
class Installation:
    data: Path
    database: str

    @property
    def environment(self) -> dict[str, str]:
        """What the operator has chosen; the database in the folder is there without a word."""
        chosen = {} if is_sqlite(self.database) else {"DATATITLE_DATABASE_URL": self.database}
        return {"DATATITLE_DATA": str(self.data), **chosen}

    def settings(self, **changes: str) -> Settings:
        return read_settings(self.environment | changes)

    def copied_to(self, data: Path, databases: Databases) -> "Installation":
        shutil.copytree(self.data, data)
        if is_sqlite(self.database):
            return Installation(data, in_folder(data))
        return Installation(data, databases.copy(self.database, data))


def in_folder(data: Path) -> str:
    return f"{SQLITE}{data / DATABASE}"


def sample_of_run(databases: Databases) -> Installation:
    """One with the sample register, loaded once in a run. Copy it before changing anything."""
    name = "sample-file" if isinstance(databases, SqliteFiles) else "sample"

    def make(folder: Path) -> str:
        return asyncio.run(install_sample(folder / name, databases)).database

    database = shared_in_run(name, make)
    data = Path(os.environ[FOLDER]) / name
    return Installation(data, database)


async def install_sample(data: Path, databases: Databases) -> Installation:
    """One with the sample register, in a folder that is not there yet."""
    if isinstance(databases, SqliteFiles):
        made = Installation(data, in_folder(data))
        await make_sample_folder(made.settings(), lambda _: None)
        return made
    made = Installation(data, databases.create(data))
    engine = open_engine(made.database)
    await bring_up_to_date(engine)
    await engine.dispose()
    await fill_register(made.settings(), lambda _: None, read_cases())
    return made
