"""The server as a process of its own, on a folder of its own: started, asked, killed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO

ROOT = Path(__file__).parent.parent
DATATITLE = (sys.executable, "-c", "from api.cli import main; main()")
COMMAND = (*DATATITLE, "serve", "--port", "0")
ADDRESS = re.compile(r"^GraphQL +(http://\S+)/graphql$", re.MULTILINE)
LAST_LINE = "Stop with Ctrl+C"
LONGEST_START = 30  # Seconds.


@dataclass(frozen=True)
class ServerProcess:
    """A running `datatitle serve`, and the address at which it listens."""

    process: subprocess.Popen[str]
    address: str

    def kill(self) -> None:
        """`kill -9`: it is not told, and can finish nothing."""
        self.process.kill()


def environment_of(folder: Path, **settings: str) -> dict[str, str]:
    """That of a process over a data folder, with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if "DATATITLE" not in name}
    return {**others, "DATATITLE_DATA": str(folder), **settings}


@contextmanager
def server_on(folder: Path, *options: str, **settings: str) -> Iterator[ServerProcess]:
    """Start a server over a data folder. It is dead, whatever happened, when the context ends."""
    with subprocess.Popen(
        (*COMMAND, *options),
        cwd=ROOT,
        env=environment_of(folder, **settings),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        too_late = Timer(LONGEST_START, process.kill)
        too_late.start()
        try:
            assert process.stdout is not None
            address = _address_in(process.stdout)
            too_late.cancel()
            yield ServerProcess(process, address)
        finally:
            too_late.cancel()
            process.kill()


def _address_in(printed: IO[str]) -> str:
    """Read what the server prints before it serves, and find the address in it."""
    text = ""
    for line in printed:
        text += line
        if line.startswith(LAST_LINE):
            break
    found = ADDRESS.search(text)
    assert found, f"the server did not start: {text}"
    return found[1]
