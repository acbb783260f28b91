"""`datatitle ledger checkpoint` and `guard`: sign the ledger now, and look after what guards it."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import CANNOT_BE_USED, fail, settings_or_exit, with_register
from api.settings import BadSettings, Settings

if TYPE_CHECKING:
    from ledger.signing.adoption import Adoptable
    from ledger.signing.guard import HeldGuard
    from ledger.signing.sealing import Sealing
    from services.registry import Registry

# Seconds: how long to wait for another process that is sealing, and how often to look.
PATIENCE = 30.0
BETWEEN_LOOKS = 0.1
# A checkpoint that waited for witnesses comes first, and then one of what has come since.
ROUNDS = 2


def checkpoint() -> None:
    """Sign, witness and publish the ledger as it stands, and print the newest checkpoint.

    It is what a running register does every second: with the keys in the data folder or the
    commands in DATATITLE_SIGNER, the witnesses of the policy in DATATITLE_WITNESSES, the guard at
    DATATITLE_GUARD. What is not signed or not published is said, with the reason and a way out.
    """
    from ledger.signing.faults import NotSealedError

    settings = settings_or_exit()

    async def seal(registry: "Registry") -> str | None:
        sealing = _open(settings, registry)
        for _ in range(ROUNDS):
            if await _sealed(sealing) is None:
                break
        async with registry.reading() as tx:
            return await tx.log.latest_checkpoint(tx.connection)

    try:
        note = with_register(settings, seal)
    except NotSealedError as reason:
        fail(str(reason))
    print(note or "The ledger is empty: there is nothing to sign.\n", end="")


def guard(
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Make the guard anew, from the newest signed checkpoint."),
    ] = False,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", help="With --adopt: the log's origin, instead of being asked."),
    ] = None,
) -> None:
    """Show what the signer guard knows, and whether the database continues it.

    The guard remembers, outside the database and its backups, which tree was signed last, so that
    a database restored from a backup cannot have the log sign another tree of the same size. When
    it was lost, and there can be no newer database than this one, --adopt makes it again: it asks
    the witnesses and compares with what is published, and refuses when either has seen more.
    """
    from ledger.signing.faults import NotSealedError

    settings = settings_or_exit()
    work = _adopt if adopt else _show

    async def look_after(registry: "Registry") -> str:
        return await work(_open(settings, registry), confirm)

    try:
        print(with_register(settings, look_after))
    except NotSealedError as reason:
        fail(str(reason))


def _open(settings: Settings, registry: "Registry") -> "Sealing":
    from api.publishing import open_publisher
    from api.sealing import open_sealing

    try:
        return open_sealing(settings, registry, open_publisher(settings))
    except BadSettings as bad:
        fail(str(bad), CANNOT_BE_USED)


async def _sealed(sealing: "Sealing") -> str | None:
    """One round; it waits for a server that is at it."""
    from ledger.signing.guard import GuardBusyError

    for _ in range(int(PATIENCE / BETWEEN_LOOKS)):
        with suppress(GuardBusyError):
            return await sealing.seal()
        await asyncio.sleep(BETWEEN_LOOKS)
    raise TimeoutError("another process has been sealing the ledger for too long")


async def _show(sealing: "Sealing", _confirmed: str | None) -> str:
    from ledger.signing.against_guard import check_against_guard

    guard = sealing.guard
    last = guard.read()
    async with sealing.transactions.reading() as tx:
        await check_against_guard(tx.connection, guard, last)
    told = "Nothing was signed yet.\n" if last is None else last.text()
    return f"{told}The database continues what the guard {guard.place} knows."


async def _adopt(sealing: "Sealing", confirmed: str | None) -> str:
    from ledger.signing.adoption import adopt, find_adoptable
    from ledger.signing.guard import GuardBusyError

    try:
        with sealing.guard.held() as held:
            found = await find_adoptable(sealing, held)
            _confirm(sealing, held, found, confirmed)
            await adopt(held, found)
    except GuardBusyError:
        fail("a server is sealing this ledger: stop it first")
    return f"The guard {sealing.guard.place} is made."


def _confirm(
    sealing: "Sealing", held: "HeldGuard", found: "Adoptable", confirmed: str | None
) -> None:
    print(f"The newest checkpoint here is of {found.after.size} entries:\n{found.after.text()}")
    for name in found.witnesses:
        print(f"The witness {name} has seen nothing newer.")
    if found.silence:
        print(f"What others have seen is not known: {found.silence}.")
    if not found.witnesses:
        print("No witness says that it is the newest: you alone answer for it.")
    print(
        "If a newer database exists anywhere, or did when its checkpoints were shown to "
        "somebody, the log will contradict itself for ever. Go on only if there is none."
    )
    if confirmed is None:
        confirmed = typer.prompt("The log's origin, to go on")
    if confirmed != sealing.guard.origin:
        fail(f"that is not the log's origin; the guard {held.place} is left as it was")
