"""`datatitle ledger freeze` and `succeed`: a log ends for good, and another takes its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import (
    CANNOT_BE_USED,
    database_file,
    fail,
    require_register,
    settings_or_exit,
    with_register,
)
from api.cli.ledger.on_server import ask_server
from api.settings import Settings

if TYPE_CHECKING:
    from api.succession import Progress
    from services.registry import Registry


def freeze(
    successor: Annotated[
        str, typer.Option("--next", help="The name of the log to follow, such as NAME/2.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End the log for good, as when its key has fallen into other hands.

    One entry says so and names the log that follows; a last checkpoint covers it, and from then
    on every act is refused. Begin the successor with `datatitle ledger succeed`.
    """
    settings = settings_or_exit()
    require_register(settings)
    _require_origin(settings, successor)
    if not yes:
        typer.confirm(
            f"End the log {settings.log_origin} for good? Nothing can be recorded in it any "
            f"more, until {successor} is begun",
            abort=True,
        )
    size = with_register(settings, lambda registry: _freeze(registry, settings, successor))
    print(f"The log {settings.log_origin} has ended with {size} entries.")
    print("Every act is refused from now on. Stop the register, then begin the next log:")
    print(f"  datatitle ledger succeed --origin {successor}")


def succeed(
    origin: Annotated[
        str, typer.Option(help="The name of the new log, as it was given to `freeze --next`.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Begin the log that follows one that has ended. The register must be stopped.

    The former log is exported for keeping. The new one begins with its last checkpoint, and
    holds all its events unchanged and in their order, so that every certificate keeps its chain.
    It gets keys and a guard of its own; everything of the former log lies in `former/` then.
    """
    from api.succession import former_folder

    settings = settings_or_exit()
    require_register(settings)
    _require_origin(settings, origin)
    _require_stopped(settings)
    if not yes:
        typer.confirm(
            f"Put {origin} in the place of {settings.log_origin}, in this database?", abort=True
        )
    with _bars() as progress:
        with_register(settings, lambda registry: _succeed(registry, settings, origin, progress))
    vkey = _vkey_of(settings, origin)
    print(f"The register goes on with the log {origin}.")
    print(f"Set DATATITLE_LOG_ORIGIN={origin} and start it. Its public key:\n  {vkey}")
    print("Give it to all who verify, and to the witnesses, for their policies.")
    print(f"The former log lies in {former_folder(settings)}: publish its `ledger` folder where it")
    print("was, so that older proofs can still be compared with it. A mirror needs a new place.")


def _require_origin(settings: Settings, origin: str) -> None:
    from ledger.formats.keys import Algorithm

    if not Algorithm.ML_DSA_44.can_sign_as(origin):
        fail(f"{origin} is no name for a log", CANNOT_BE_USED)
    if origin == settings.log_origin:
        fail("the next log needs a name of its own", CANNOT_BE_USED)


def _require_stopped(settings: Settings) -> None:
    from ledger.keeping.vacuum import DatabaseInUseError, require_unused
    from ledger.keeping.vacuum_postgresql import connected

    path = database_file(settings)
    if path is None:
        if others := ask_server(settings, connected):
            told = ", ".join(others)
            fail(
                f"the database is in use ({told}): stop the register everywhere, and run this again"
            )
        return
    try:
        require_unused(path)
    except DatabaseInUseError:
        fail("the database is in use: stop the register, and run this again")


def _vkey_of(settings: Settings, origin: str) -> str:
    from api.sealing import log_key

    return log_key(replace(settings, log_origin=origin)).vkey()


async def _freeze(registry: "Registry", settings: Settings, successor: str) -> int:
    from api.publishing import open_publisher
    from api.sealing import open_sealing
    from ledger.formats.entry import Freeze
    from ledger.keeping.append import LogFrozenError, append_mark
    from ledger.keeping.reading import read_head
    from ledger.signing.faults import LogEndedError, NotSealedError
    from ledger.signing.guard import GuardBusyError

    try:
        async with registry.deciding() as tx:
            await append_mark(tx.connection, Freeze(successor), tx.now)
    except LogFrozenError:
        fail("the log has ended before")
    sealing = open_sealing(settings, registry, open_publisher(settings))
    try:
        # One that waited for witnesses comes first; after the last there is none.
        while await sealing.seal() is not None:
            pass
    except LogEndedError:
        pass
    except GuardBusyError:
        print("The register that runs signs the last checkpoint.")
    except NotSealedError as reason:
        fail(f"the log has ended, and its last checkpoint is not published yet: {reason}")
    async with registry.reading() as tx:
        return (await read_head(tx.connection)).size


async def _succeed(
    registry: "Registry", settings: Settings, origin: str, progress: "Progress"
) -> None:
    from sqlalchemy.exc import DBAPIError

    from api.succession import succeed as begin_next
    from ledger.keeping.succession import CannotSucceedError
    from ledger.signing.faults import NotSealedError
    from ledger.signing.guard import GuardBusyError

    try:
        await begin_next(registry, settings, origin, progress)
    except GuardBusyError:
        fail("another process is sealing the log: stop the register, and run this again")
    except (CannotSucceedError, NotSealedError) as reason:
        fail(str(reason))
    except DBAPIError as fault:
        fail(f"nothing is changed, the database refuses: {fault.orig}")


@contextmanager
def _bars() -> Iterator["Progress"]:
    from rich.console import Console
    from rich.progress import Progress as Bars

    from api.succession import Progress

    with Bars(console=Console(stderr=True), transient=True) as bars:
        exporting = bars.add_task("Exporting the former log", total=None)
        placing = bars.add_task("Placing its events", total=None)

        def placed(done: int, whole: int) -> None:
            bars.update(placing, completed=done, total=whole)

        yield Progress(lambda done: bars.update(exporting, completed=done), placed)
