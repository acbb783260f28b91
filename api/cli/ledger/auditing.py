"""`datatitle ledger audit`: read a whole log, judge what it says, cosign it if that holds."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import (
    CANNOT_BE_USED,
    FAILED,
    fail,
    require_register,
    settings_or_exit,
    with_register,
)
from api.settings import Settings

if TYPE_CHECKING:
    from ledger.formats.keys import VerifyingKey
    from ledger.inspecting.auditor.audit import Audit, Auditor

KEY, STATE = "auditor.key", "auditor"


def audit(
    log: Annotated[
        str | None,
        typer.Option(help="A folder or an address of public files, instead of this register."),
    ] = None,
    log_key: Annotated[
        str | None, typer.Option(help="With --log: its public key, or a file of keys or a policy.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The auditor's secret key, made when it is not there.")
    ] = None,
    name: Annotated[
        str, typer.Option(help="The name of a new key: a URL without scheme, yours for ever.")
    ] = "datatitle.local/auditor",
    state: Annotated[
        Path | None, typer.Option(help="The folder that remembers what was audited.")
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Read everything again, not only what is new.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Audit a log, and cosign its newest checkpoint with the auditor's own key.

    The cosignature says: every entry up to this size was read, every subject's chain is whole,
    and every state leaf has the map root that follows from the entries before it. Of this
    register's own log, whose events can be opened here, it says too that every certificate has
    lived by the rules of its life. A log in which anything of this fails is not cosigned.

    Of this register the line is kept, and published with the checkpoint. The key belongs to an
    auditor and not to the register: keep it, and the state, where the register cannot write.
    """
    settings = settings_or_exit()
    auditor = _open(
        settings, key or settings.data / "keys" / KEY, name, state, _keys(settings, log, log_key)
    )
    with _bar(quiet) as progress:
        audited = _audit(settings, log, auditor, progress, from_start=from_start)
    if audited is None:
        print("There is no checkpoint yet: nothing to audit.")
        return
    print(_spoken(audited))
    if audited.signature is None:
        raise typer.Exit(FAILED)
    print(f"Cosigned as {auditor.signer.verifying_key.vkey()}:")
    print(audited.signature.line(), end="")


def _keys(settings: Settings, log: str | None, given: str | None) -> "list[VerifyingKey]":
    """The keys that the log's checkpoints are to be signed with."""
    from api.sealing import open_signers
    from ledger.formats.spelling import Malformed
    from ledger.witnessing.witness import parse_logs

    if log is None:
        require_register(settings)
        return [signer.verifying_key for signer in open_signers(settings)]
    if given is None:
        fail(
            "say with --log-key whose log this is: anybody could have put a key beside it",
            CANNOT_BE_USED,
        )
    text = Path(given).read_text(encoding="utf-8") if Path(given).is_file() else given
    try:
        return [key for keys in parse_logs(text).values() for key in keys]
    except Malformed as malformed:
        fail(f"--log-key: {malformed}", CANNOT_BE_USED)


def _open(
    settings: Settings, key: Path, name: str, state: Path | None, keys: "list[VerifyingKey]"
) -> "Auditor":
    from api.witness import cosigner_at
    from ledger.formats.keys import Algorithm
    from ledger.formats.spelling import Malformed
    from ledger.inspecting.auditor.audit import Auditor
    from ledger.inspecting.auditor.memory import Memory
    from services.clock import SystemClock

    clock = SystemClock()
    if not Algorithm.COSIGNATURE.can_sign_as(name):
        fail(f"{name} is no name for a key", CANNOT_BE_USED)
    try:
        signer = cosigner_at(key, name)
    except Malformed as malformed:
        fail(str(malformed), CANNOT_BE_USED)
    return Auditor(
        signer, Memory(state or settings.data / STATE), keys, lambda: int(clock.now().timestamp())
    )


def _audit(
    settings: Settings,
    log: str | None,
    auditor: "Auditor",
    progress: Callable[[int, int], None],
    *,
    from_start: bool,
) -> "Audit | None":
    from api.auditing import audit_own_log, audit_public_log
    from ledger.inspecting.auditor.audit import NotAudited
    from ledger.inspecting.auditor.memory import AuditorBusyError

    try:
        if log is not None:
            return asyncio.run(audit_public_log(log, auditor, progress, from_start=from_start))
        return with_register(
            settings,
            lambda registry: audit_own_log(registry, auditor, progress, from_start=from_start),
        )
    except NotAudited as reason:
        fail(str(reason))
    except AuditorBusyError:
        fail("another audit of this log runs at this moment")


def _spoken(audit: "Audit") -> str:
    """Each line is one thing the audit establishes."""
    checkpoint = audit.checkpoint
    what = f"{checkpoint.origin} with {checkpoint.tree_size} entries"
    if audit.broken is not None:
        found = f"entry {audit.broken.index}: {audit.broken.why}"
        return f"NOT COSIGNED: {what}.\n  {found}"
    read = checkpoint.tree_size - audit.start
    lines = [
        f"AUDITED: {what}, {read} of them read now.",
        f"  {audit.subjects} subjects, each with a whole chain; {audit.states} state leaves, each",
        "  with the map root that follows from the entries before it; every tile as it must be.",
    ]
    if audit.lives is None:
        lines.append("  Nothing was opened: how certificates lived was not judged.")
    else:
        lines.append(f"  {audit.lives} certificates with new events have lived by the rules.")
    return "\n".join(lines)


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True, quiet=quiet), transient=True) as bars:
        bar = bars.add_task("Reading the log", total=None)
        yield lambda done, whole: bars.update(bar, completed=done, total=whole)
