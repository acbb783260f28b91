"""The ledger itself: its end, the guard, and how far and how freshly it is sealed and published."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from api.checkup.checks import Check, fault, note, ok, warning
from api.checkup.visit import Visit
from api.inspecting import surroundings_of
from api.sealing import load_signers, open_guard, read_witnesses
from ledger.formats.keys import SignatureFailed
from ledger.formats.policy import TrustedLog
from ledger.formats.spelling import Malformed
from ledger.inspecting.quick import inspect_quickly
from ledger.keeping.reading import published_note, read_head
from ledger.signing.against_guard import check_against_guard
from ledger.signing.faults import NotSealedError

SEAL = "The register seals while it runs; `datatitle ledger checkpoint` does it now."
CHECK_ALL = "Run `datatitle ledger fsck`, which looks at everything and says where."


async def check_end(visit: Visit) -> Iterable[Check]:
    """The quick look of fsck."""
    around = surroundings_of(visit.settings)
    report = await visit.connection.run_sync(inspect_quickly, around)
    if report.is_sound:
        last = report.read["entries"]
        return [ok("ledger", f"Its last {last:,} of {report.size:,} entries agree.")]
    first = report.findings[0]
    found = f"At entry {first.index:,}, {first.place}: {first.problem}."
    return [fault("ledger", found, CHECK_ALL)]


async def check_guard(visit: Visit) -> Iterable[Check]:
    """Whether the database continues what the guard knows was signed last."""
    guard = open_guard(visit.settings)
    try:
        last = guard.read()
        await check_against_guard(visit.connection, guard, last)
    except (NotSealedError, OSError) as reason:
        return [fault("guard", str(reason))]
    if last is None:
        return [note("guard", "Nothing was signed yet: it is made with the first checkpoint.")]
    return [ok("guard", f"The database continues the {last.size:,} entries it knows were signed.")]


async def check_seal(visit: Visit) -> Iterable[Check]:
    """How much of the log is published, by whom it is signed, and how old that is."""
    head = await read_head(visit.connection)
    published = await published_note(visit.connection)
    if published is None:
        found = f"No checkpoint is published; {head.size:,} entries wait for one."
        return [note("seal", found, SEAL if head.size else "")]
    size, text = published
    own = tuple(TrustedLog(each.verifying_key) for each in load_signers(visit.settings))
    try:
        witnessed = replace(read_witnesses(visit.settings), logs=own).open(text)
    except (Malformed, SignatureFailed) as reason:
        return [fault("seal", f"The newest checkpoint, of {size:,} entries: {reason}", CHECK_ALL)]
    checks = [_age(visit, size, witnessed.as_of, is_ended=head.is_frozen)]
    if head.size > size:
        waiting = f"{head.size - size:,} entries wait for the next checkpoint."
        checks.append(note("seal", waiting, SEAL))
    return checks


def _age(visit: Visit, size: int, as_of: int | None, *, is_ended: bool) -> Check:
    if as_of is None:
        return note("seal", f"{size:,} entries are published, and nothing tells since when.")
    told = datetime.fromtimestamp(as_of, UTC)
    said = f"{size:,} entries are published, as of {told:%Y-%m-%d %H:%M:%S} UTC."
    if is_ended:
        return note("seal", f"{said} The log has ended, and nothing is signed any more.")
    if visit.now - told > 2 * visit.settings.heartbeat:
        return warning("seal", said, f"That is long ago. {SEAL}")
    return ok("seal", said)
