"""`datatitle ledger …`: recompute the ledger, sign it, show the key it is signed with."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import FAILED, require_register, settings_or_exit, with_register
from api.settings import Settings

if TYPE_CHECKING:
    from ledger.inspecting.fsck import AuditReport
    from services.registry import Registry


def audit(
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Recompute the whole ledger and compare it with all that was kept and signed."""
    from rich.console import Console

    settings = settings_or_exit()
    vkey = verifier_key(settings)
    console = Console(stderr=True, quiet=quiet)
    with console.status("Reading every event of the ledger ..."):
        report = with_register(settings, lambda registry: _audit(registry, vkey))
    print(_spoken(report))
    if not report.is_sound:
        raise typer.Exit(FAILED)


def checkpoint() -> None:
    """Sign the ledger as it stands, if it has grown, and print the newest checkpoint."""
    from api.opening import open_signer, sign_checkpoint

    settings = settings_or_exit()

    async def sign(registry: "Registry") -> str | None:
        await sign_checkpoint(registry, open_signer(settings))
        async with registry.reading() as tx:
            return await tx.log.latest_checkpoint(tx.connection)

    print(
        with_register(settings, sign) or "The ledger is empty: there is nothing to sign.\n", end=""
    )


def key() -> None:
    """Print the public key that checkpoints and proofs are checked with."""
    print(verifier_key(settings_or_exit()))


def verifier_key(settings: Settings) -> str:
    """The key of the log that is there; ends the command when none is, and makes none."""
    from api.opening import open_signer

    require_register(settings)
    return open_signer(settings).public_key.vkey()


async def _audit(registry: "Registry", vkey: str) -> "AuditReport":
    from ledger.inspecting.fsck import audit as audit_ledger

    async with registry.reading() as tx:
        return await audit_ledger(tx.connection, origin=tx.log.origin, vkeys=[vkey])


def _spoken(report: "AuditReport") -> str:
    read = f"{report.size} events and {report.checkpoints} signed checkpoints were recomputed"
    if report.is_sound:
        return f"SOUND: {read}; everything agrees."
    found = [f"  event {each.index}, {each.table}: {each.problem}" for each in report.findings]
    return "\n".join([f"NOT SOUND: {read}.", *found])
