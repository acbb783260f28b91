"""The guard outside the database, held against what was signed and what is there."""

from collections.abc import Mapping

from ledger.formats.hashing import Hash
from ledger.inspecting.report import Findings
from ledger.signing.faults import NotSealedError
from ledger.signing.guard import Guard, LastSigned, Step

PLACE = "guard"


def read_guard(guard: Guard, findings: Findings, newest: int) -> LastSigned | None:
    """What the guard says, if it can be understood; `newest` is the largest size signed."""
    try:
        last = guard.read()
    except NotSealedError as reason:
        findings.add(max(newest - 1, 0), PLACE, str(reason))
        return None
    if last is None and newest:
        findings.add(newest - 1, PLACE, "it is missing, though the log was signed")
    return last


def judge_guard(
    last: LastSigned, findings: Findings, *, size: int, newest: int, roots: Mapping[int, Hash]
) -> None:
    """Compare it with a log of `size` entries, signed at `newest` last.

    `roots` holds the root at the size the guard knows, if there are so many entries.
    """
    if last.size < newest:
        findings.add(last.size, PLACE, f"it knows of {last.size} entries, and {newest} were signed")
    elif last.size > size:
        findings.add(size, PLACE, f"it knows of {last.size} entries, and there are {size}")
    elif last.step is Step.SIGNED and newest < last.size:
        problem = f"it knows of a checkpoint of {last.size} entries, which is not there"
        findings.add(newest, PLACE, problem)
    if last.size <= size and roots[last.size] != last.root and not findings.are_before(last.size):
        findings.add(newest, PLACE, f"the first {last.size} entries are not those it knows")
