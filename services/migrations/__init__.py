"""Steps from an empty database to the present tables; `bring_up_to_date` takes those missing."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncEngine

HERE = Path(__file__).parent


def configuration(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


async def bring_up_to_date(engine: AsyncEngine) -> None:
    """Take every step the database has not taken yet, in one transaction."""
    async with engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "head"))
