"""What a file of this folder gives and gets: rows, and the setting they are measured in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.ledger.million import build_million


class Row(NamedTuple):
    """What was measured, in words and figures for a person, and whether the goal was met."""

    work: str
    goal: str
    ours: str
    yardstick: str
    ratio: str
    is_met: bool


@dataclass(slots=True)
class Setting:
    """Where to keep files, how often to measure, and whom to tell what is going on.

    `tell` takes a few words, and how much of it is done, from 0 to 1.
    """

    folder: Path
    tell: Callable[[str, float], None]
    rounds: int = 3
    _million: Path | None = field(default=None, repr=False)

    async def million(self) -> Path:
        """A data folder, to be read only: its register has 10⁶ events on 100,000 subjects."""
        if self._million is None:
            self._million = await build_million(self.folder / "million", self.tell)
        return self._million


def microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f} µs"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f} ms"


def a_second(rate: float) -> str:
    return f"{rate:,.0f}/s"
