"""What an inspection of the ledger found: where, what, and whether the log is sound."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FINDINGS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, at which index; of a whole stretch of the log, at its first.

    `place` is the table, the file under `ledger/`, or the guard that does not agree.
    """

    index: int
    place: str
    problem: str


@dataclass(slots=True)
class Findings:
    """All that was found, of which the first thousand are kept and the rest is counted."""

    kept: list[Finding] = field(default_factory=list)
    left_out: int = 0
    first_bad_index: int | None = None
    places: set[str] = field(default_factory=set)

    def add(self, index: int, place: str, problem: str) -> None:
        self.extend([Finding(index, place, problem)])

    def extend(self, found: Iterable[Finding]) -> None:
        for finding in found:
            first = self.first_bad_index
            self.first_bad_index = finding.index if first is None else min(first, finding.index)
            self.places.add(finding.place)
            if len(self.kept) < FINDINGS_KEPT:
                self.kept.append(finding)
            else:
                self.left_out += 1

    def have(self, place: str) -> bool:
        """Whether anything is wrong in this place."""
        return place in self.places

    def join(self, others: "Findings") -> None:
        """Take all of another's findings."""
        self.extend(others.kept)
        self.left_out += others.left_out
        self.places |= others.places
        if others.first_bad_index is not None:
            first = self.first_bad_index
            bad = others.first_bad_index
            self.first_bad_index = bad if first is None else min(first, bad)

    def are_before(self, index: int) -> bool:
        """Whether anything is wrong below this index, so that what rests on it must be too."""
        return self.first_bad_index is not None and self.first_bad_index < index


@dataclass(frozen=True, slots=True)
class Report:
    """What was inspected (`read` counts it by name), and what is wrong, lowest index first."""

    level: str
    size: int
    read: Mapping[str, int]
    findings: tuple[Finding, ...]
    left_out: int = 0
    first_bad_index: int | None = None

    @classmethod
    def of(cls, level: str, size: int, read: Mapping[str, int], findings: Findings) -> "Report":
        ordered = sorted(findings.kept, key=lambda finding: finding.index)
        return cls(level, size, read, tuple(ordered), findings.left_out, findings.first_bad_index)

    @property
    def is_sound(self) -> bool:
        return not self.findings

    def told(self) -> dict[str, Any]:
        """For a program, as `datatitle ledger fsck --json` prints it."""
        return {
            "verdict": "sound" if self.is_sound else "findings",
            "level": self.level,
            "size": self.size,
            "read": dict(self.read),
            "firstBadIndex": self.first_bad_index,
            "findings": [
                {"index": each.index, "place": each.place, "problem": each.problem}
                for each in self.findings
            ],
            "findingsLeftOut": self.left_out,
        }
