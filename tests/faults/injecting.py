"""Let the n-th system call of a kind fail in a register at work, and see what is left of it.

strace's `inject` makes one call return an error, or kills the process in its place. Calls are
counted for each thread by itself, so every n up to the busiest thread's last is a run.
"""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from api.opening import open_registry
from api.settings import read_settings
from tests.faults.workload import FAULT_MET
from tests.founding import open_office
from tests.server_process import DATATITLE

ACTS = 2
SECONDS_AT_MOST = 60
KILLED = -9
# All by which bytes and names reach a disk: SQLite uses the first three, our own files the others.
CALLS = ("pwrite64", "fdatasync", "ftruncate", "write", "fsync", "rename", "unlink")
OUTCOMES = ("error=EIO", "signal=KILL")


@dataclass(frozen=True, slots=True)
class Fault:
    """The n-th `call` of a thread has this outcome."""

    call: str
    nth: int
    outcome: str

    def options(self) -> list[str]:
        return [
            "-e",
            f"trace={self.call}",
            "-e",
            f"inject={self.call}:{self.outcome}:when={self.nth}",
        ]


@dataclass(slots=True)
class Told:
    """What the register has acknowledged before it met its fault."""

    parties: list[str] = field(default_factory=list)
    roots: dict[int, set[str]] = field(default_factory=dict)

    def hear(self, lines: str) -> None:
        for line in lines.splitlines():
            match line.split():
                case ["acted", party]:
                    self.parties.append(party)
                case ["sealed", size, root]:
                    self.roots.setdefault(int(size), set()).add(root)


@dataclass(frozen=True, slots=True)
class Template:
    """A small register with an office, to be copied for each run."""

    folder: Path
    office_id: str


async def make_template(folder: Path) -> Template:
    registry = await open_registry(read_settings({"DATATITLE_DATA": str(folder)}))
    try:
        office = await open_office(registry)
    finally:
        await registry.close()
    assert office.party_id is not None
    told = Told()
    assert run_workload(folder, office.party_id, told).returncode == 0
    return Template(folder, office.party_id)


def run_workload(
    folder: Path, office_id: str, told: Told, traced: list[str] | None = None
) -> subprocess.CompletedProcess[str]:
    before = ["strace", "-f", "-qq", "-o", str(folder / "trace"), *traced] if traced else []
    command = [sys.executable, "-m", "tests.faults.workload", str(folder), office_id, str(ACTS)]
    done = subprocess.run(
        [*before, *command], capture_output=True, text=True, timeout=SECONDS_AT_MOST, check=False
    )
    told.hear(done.stdout)
    return done


def every_fault(template: Template, scratch: Path) -> Iterator[Fault]:
    """One for each call the busiest thread makes, and each outcome."""
    folder = _copy(template, scratch / "counted")
    told = Told()
    done = run_workload(folder, template.office_id, told, ["-e", "trace=" + ",".join(CALLS)])
    assert done.returncode == 0, done.stderr
    trace = (folder / "trace").read_text(encoding="utf-8", errors="replace")
    counts = Counter(re.findall(r"^(\d+) +(\w+)\(", trace, re.MULTILINE))
    for call in CALLS:
        busiest = max((n for (_, name), n in counts.items() if name == call), default=0)
        for nth in range(1, busiest + 1):
            for outcome in OUTCOMES:
                yield Fault(call, nth, outcome)


def meet(fault: Fault, template: Template, scratch: Path) -> str | None:
    """What is wrong after a fault and a start without one; None when nothing is."""
    folder = _copy(template, scratch / f"{fault.call}-{fault.nth}-{fault.outcome}")
    told = Told()
    met = run_workload(folder, template.office_id, told, fault.options())
    if met.returncode not in {0, FAULT_MET, KILLED, 128 + 9}:
        return f"it ended with {met.returncode}: {met.stderr[-500:]}"
    again = run_workload(folder, template.office_id, told)
    if again.returncode != 0:
        return f"it did not start again: {again.stderr[-500:]}"
    wrong = _judge(folder, told)
    if wrong is None:
        shutil.rmtree(folder)
    return wrong


def _judge(folder: Path, told: Told) -> str | None:
    forked = [size for size, roots in told.roots.items() if len(roots) > 1]
    if forked:
        return f"two checkpoints of size {forked[0]}"
    lost = _lost(folder, told.parties)
    if lost:
        return f"{len(lost)} acknowledged acts are lost"
    checked = subprocess.run(
        [*DATATITLE, "ledger", "fsck", "--full", "--json"],
        env={"DATATITLE_DATA": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
        check=False,
    )
    return None if checked.returncode == 0 else f"fsck: {checked.stdout}{checked.stderr}"


def _lost(folder: Path, parties: list[str]) -> set[str]:
    with closing(sqlite3.connect(folder / "register.sqlite3")) as connection:
        recorded = connection.execute("SELECT subject FROM ledger_entry WHERE kind = 'event'")
        return set(parties) - {subject for (subject,) in recorded}


def _copy(template: Template, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template.folder, folder)
    return folder
