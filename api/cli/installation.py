"""What the commands share: the settings, the register that is there, and how a command fails."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

from api.settings import BadSettings, Settings, read_settings

if TYPE_CHECKING:
    from services.registry import Registry

T = TypeVar("T")

FAILED = 1
CANNOT_BE_USED = 2


def fail(message: str, code: int = FAILED) -> NoReturn:
    """End the command with one message for a person."""
    print(f"datatitle: {message}", file=sys.stderr)
    raise typer.Exit(code)


def settings_or_exit() -> Settings:
    """The settings of this process; ends the command with 2 when they cannot be used."""
    try:
        return read_settings()
    except BadSettings as bad:
        fail(str(bad), CANNOT_BE_USED)


def database_file(settings: Settings) -> Path | None:
    """The file of the database; None when it is elsewhere than in a file."""
    return settings.database_file


def is_there(settings: Settings) -> bool:
    """Whether there is a database to open. Of a database server nothing is known before."""
    file = database_file(settings)
    return file is None or file.exists()


def require_register(settings: Settings) -> None:
    if not is_there(settings):
        fail(f"there is no register in {settings.data}. Start one: {own_name()} serve --sample")


def with_register(settings: Settings, work: Callable[["Registry"], Awaitable[T]]) -> T:
    """Do something with the register that is there; ends the command when none is."""
    require_register(settings)

    async def open_and_work() -> T:
        async with opened(settings) as registry:
            return await work(registry)

    return asyncio.run(open_and_work())


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator["Registry"]:
    from api.opening import open_registry

    registry = await open_registry(settings)
    try:
        yield registry
    finally:
        await registry.close()


def own_name() -> str:
    """How this command was called, so that what is printed can be typed again."""
    called = Path(sys.argv[0])
    if called.name != "datatitle":
        return "datatitle"
    is_by_path = os.sep in sys.argv[0]
    return os.path.relpath(called) if is_by_path else called.name
