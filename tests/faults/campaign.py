"""Every system call that writes fails once, or kills the register once: `make campaign-faults`."""

import asyncio
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.faults.injecting import every_fault, make_template, meet


def main() -> int:
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        template = asyncio.run(make_template(scratch / "template"))
        faults = list(every_fault(template, scratch))
        console.print(f"{len(faults)} faults, {os.cpu_count()} at a time")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            outcomes = pool.map(lambda fault: (fault, meet(fault, template, scratch)), faults)
            wrong = [
                (fault, outcome)
                for fault, outcome in track(outcomes, "Failing", len(faults), console=console)
                if outcome is not None
            ]
    for fault, outcome in wrong:
        console.print(f"{fault.call} number {fault.nth}, {fault.outcome}: {outcome}")
    console.print(f"{len(faults) - len(wrong)} of {len(faults)} left a sound register.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
