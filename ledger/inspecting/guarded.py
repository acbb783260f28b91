"""The guard outside the database, held against what was signed and what is there."""

from collections.abc import Mapping

from ledger.formats.hashing import Hash
from ledger.inspecting.report import Findings
from ledger.signing.faults import NotSealedError
from ledger.signing.guard import Guard, GuardOutOfReachError, LastSigned, Step

PLACE = "guard"


def read_guard(guard: Guard) -> LastSigned | str | None:
    """What the guard says, or why it cannot be understood. Raises `GuardOutOfReachError`."""
    try:
        return guard.read()
    except GuardOutOfReachError:
        raise
    except NotSealedError as reason:
        return str(reason)


def judge_guard(
    before: LastSigned | str | None,
    after: LastSigned | str | None,
    findings: Findings,
    *,
    size: int,
    newest: int,
    roots: Mapping[int, Hash],
) -> None:
    """Compare it with a log of `size` entries, signed at `newest` last.

    It was read before that state of the log and again after it, so that a log that is sealed
    meanwhile agrees with it too. `roots` holds the root at the size it knew before, if there
    are so many entries.
    """
    last = max(newest - 1, 0)
    for said in (before, after):
        if isinstance(said, str):
            findings.add(last, PLACE, said)
            return
    if isinstance(before, LastSigned):
        _judge_known(before, findings, size=size, newest=newest, roots=roots)
    if not isinstance(after, LastSigned):
        if newest:
            findings.add(last, PLACE, "it is missing, though the log was signed")
    elif after.size < newest:
        problem = f"it knows of {after.size} entries, and {newest} were signed"
        findings.add(after.size, PLACE, problem)


def _judge_known(
    known: LastSigned, findings: Findings, *, size: int, newest: int, roots: Mapping[int, Hash]
) -> None:
    """What it knows of must be there, whatever has come since."""
    if known.size > size:
        findings.add(size, PLACE, f"it knows of {known.size} entries, and there are {size}")
        return
    if known.step is Step.SIGNED and newest < known.size:
        problem = f"it knows of a checkpoint of {known.size} entries, which is not there"
        findings.add(newest, PLACE, problem)
    if roots[known.size] != known.root and not findings.are_before(known.size):
        findings.add(newest, PLACE, f"the first {known.size} entries are not those it knows")
