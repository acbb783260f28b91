"""Steps from an empty database to the present tables; `bring_up_to_date` takes those missing."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from services.writing_turn import writing_turn

HERE = Path(__file__).parent
BEFORE_0_1 = "0001"


class OtherVersionError(OSError):
    """The database there was made by another version, and is none this one can open."""


def configuration(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


async def bring_up_to_date(engine: AsyncEngine) -> None:
    """Take every step the database has not taken yet, in one transaction.

    Raises `OtherVersionError`, with a sentence for a person, for one that took steps unknown here.
    """
    async with writing_turn(engine), engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            await connection.run_sync(_upgrade)


def _upgrade(connection: sa.Connection) -> None:
    config = configuration(connection)
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    present = MigrationContext.configure(connection).get_current_revision()
    if present == BEFORE_0_1:
        raise OtherVersionError(
            "this register was made by a version before 0.1, from which nothing is carried over: "
            "move its folder away and start anew."
        )
    if present is not None and present not in known:
        raise OtherVersionError(
            f"this register was made by a newer version, which took the step {present}: use that."
        )
    command.upgrade(config, "head")
