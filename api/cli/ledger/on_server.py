"""What commands ask a database server itself, past the register that is in it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from api.cli.installation import CANNOT_BE_USED, fail
from api.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


def ask_server(settings: Settings, work: "Callable[[AsyncConnection], Awaitable[T]]") -> T:
    """Do something through a connection that commits each statement by itself."""
    from sqlalchemy.exc import DBAPIError

    try:
        return asyncio.run(_ask(settings.database_url, work))
    except DBAPIError as fault:
        fail(f"the database server refuses: {fault.orig}")
    except OSError as fault:
        fail(f"the database server cannot be reached: {fault}", CANNOT_BE_USED)


async def _ask(url: str, work: "Callable[[AsyncConnection], Awaitable[T]]") -> T:
    from services.postgresql import open_engine

    engine = open_engine(url, is_patient=True)
    try:
        alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        async with alone.connect() as connection:
            return await work(connection)
    finally:
        await engine.dispose()
