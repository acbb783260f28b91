"""`datatitle ledger rotate-key`: another key for the log, and time for everybody to move on."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import fail, require_register, settings_or_exit, with_register
from api.settings import Settings

if TYPE_CHECKING:
    from ledger.signing.key_file import SecretKey
    from ledger.signing.rotation import Handover
    from services.registry import Registry


def rotate_key(
    finish: Annotated[
        bool, typer.Option("--finish", help="Drop the old key: the new one signs alone.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Change the key that signs the log's checkpoints.

    The first call makes the new key, and records in the log that both keys sign for the change.
    From then on both sign every checkpoint: who knows the old key trusts it as before, and who
    reads the log learns of the new one. Give the new public key to all who verify, for their
    policies, which may name both. When they have it, drop the old key with --finish.

    Never use this when the old key has fallen into other hands: `freeze` the log and `succeed`.
    """
    settings = settings_or_exit()
    require_register(settings)
    _require_own_key(settings)
    if finish:
        _finish(settings, yes=yes)
        return
    old, new = _old_key(settings), _next_key(settings)
    index = with_register(settings, lambda registry: _hand_on(registry, settings, old, new))
    print(f"Entry {index} of the log hands it on from\n  {old.verifying_key.vkey()}\nto")
    print(f"  {new.verifying_key.vkey()}")
    print("Both sign from now on. A policy that trusts either holds both lines:")
    print(f"  log {old.verifying_key.vkey()}\n  log {new.verifying_key.vkey()}")
    print("When all who verify know the new key: datatitle ledger rotate-key --finish")


def _finish(settings: Settings, *, yes: bool) -> None:
    from ledger.files import OWNER_ONLY, create_file, write_through

    if not _path_of_next(settings).exists():
        fail("no change of keys is under way: begin one with `datatitle ledger rotate-key`")
    old, new = _old_key(settings), _next_key(settings)
    found = with_register(settings, lambda registry: _handover(registry, old, new))
    if found is None:
        fail("the log does not say yet that it is handed on: run rotate-key without --finish")
    if not found.is_published:
        fail(
            "no published checkpoint bears both signatures yet: let the register run, or "
            "sign one with `datatitle ledger checkpoint`"
        )
    if not yes:
        typer.confirm(
            "From now on only the new key signs. Who does not know it will trust no newer "
            "checkpoint. Drop the old key?",
            abort=True,
        )
    folder = settings.data / "keys"
    retired = folder / f"log.{old.verifying_key.id.hex()}.retired"
    # The old key's file is replaced in one step, so that at no moment there is no key.
    if not retired.exists():
        create_file(retired, (old.secret() + "\n").encode(), mode=OWNER_ONLY)
    _path_of_next(settings).replace(_path_of_old(settings))
    write_through(folder)
    print(f"The log is signed with {new.verifying_key.vkey()} alone.")
    print(f"The old key lies in {retired}: destroy it when nobody trusts it any more.")


def _old_key(settings: Settings) -> "SecretKey":
    from ledger.signing.key_file import load_secret

    path = _path_of_old(settings)
    if not path.exists():
        fail(f"there is no key of the log at {path}")
    return load_secret(path)


def _next_key(settings: Settings) -> "SecretKey":
    """The new key; made when there is none, and found again after an interruption."""
    from ledger.formats.keys import Algorithm
    from ledger.signing.key_file import create_secret, load_secret

    path = _path_of_next(settings)
    if not path.exists():
        create_secret(path, settings.log_origin, Algorithm.ED25519)
    return load_secret(path)


def _path_of_old(settings: Settings) -> Path:
    from api.sealing import LOG_KEY

    return settings.data / "keys" / LOG_KEY


def _path_of_next(settings: Settings) -> Path:
    from api.sealing import NEXT_LOG_KEY

    return settings.data / "keys" / NEXT_LOG_KEY


def _require_own_key(settings: Settings) -> None:
    from api.sealing import open_signers
    from ledger.signing.key_file import SecretKey

    if not isinstance(open_signers(settings)[0], SecretKey):
        fail("the log's Ed25519 key is kept by the command in DATATITLE_SIGNER, not in a file")


async def _hand_on(
    registry: "Registry", settings: Settings, old: "SecretKey", new: "SecretKey"
) -> int:
    from ledger.keeping.append import LogFrozenError
    from ledger.signing.rotation import hand_on

    try:
        async with registry.deciding() as tx:
            return await hand_on(tx.connection, settings.log_origin, old, new, tx.now)
    except LogFrozenError:
        await asyncio.to_thread(_path_of_next(settings).unlink)
        fail("the log has ended: its successor gets keys of its own")


async def _handover(registry: "Registry", old: "SecretKey", new: "SecretKey") -> "Handover | None":
    from ledger.signing.rotation import handover

    async with registry.reading() as tx:
        return await handover(tx.connection, old.verifying_key, new.verifying_key)
