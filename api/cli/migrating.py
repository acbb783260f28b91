"""`datatitle migrate`: bring the database up to date before servers of this version start."""

import asyncio
from typing import Annotated

import typer

from api.cli.installation import FAILED, fail, is_there, settings_or_exit
from api.settings import Settings


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if steps are missing.")
    ] = False,
) -> None:
    """Bring the database up to date: from nothing, or from any earlier version."""
    settings = settings_or_exit()
    missing = asyncio.run(_missing(settings) if check else _migrated(settings))
    for step in missing:
        print(f"{'missing' if check else 'taken'}  {step}")
    if not missing:
        print("The database is up to date.")
    elif check:
        raise typer.Exit(FAILED)
    else:
        print("The database is up to date now.")


async def _missing(settings: Settings) -> list[str]:
    from services.migrations import missing_steps
    from services.registry import open_engine

    if not is_there(settings):
        fail(f"there is no register in {settings.data}")
    engine = open_engine(settings.database_url)
    try:
        return await missing_steps(engine)
    finally:
        await engine.dispose()


async def _migrated(settings: Settings) -> list[str]:
    from services.migrations import bring_up_to_date, missing_steps
    from services.registry import open_engine

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    try:
        missing = await missing_steps(engine)
        await bring_up_to_date(engine)
    finally:
        await engine.dispose()
    return missing
