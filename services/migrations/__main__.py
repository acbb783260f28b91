"""Write the next step: `python -m services.migrations "what changes"`; add triggers by hand."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from services.migrations import HERE, bring_up_to_date, configuration
from services.registry import open_engine


async def write_step(message: str) -> None:
    """Compare the tables of the code with those all steps so far make."""
    with TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite+aiosqlite:///{Path(folder) / 'head.sqlite3'}")
        await bring_up_to_date(engine)
        number = len(list((HERE / "versions").glob("*.py"))) + 1
        async with engine.connect() as connection:
            await connection.run_sync(
                lambda sync: command.revision(
                    configuration(sync), message, autogenerate=True, rev_id=f"{number:04}"
                )
            )
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(write_step(sys.argv[1]))
