"""How the story is told: who, what was asked, what came back, and why the next is allowed."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from api.demo.people import Answer, Person
from api.demo.steps import Step

WIDTH = 96
LABEL_WIDTH = 8
# Enough of an identifier to tell it from the others of one story.
RANDOM_PART = re.compile(r"_([0-9a-f]{6})[0-9a-f]{26}")
LONGEST_VALUE = 48
MOST_VALUES = 6
MOST_NAMES = 3


class Teller:
    """Prints to a console: in colour on a terminal, plainly elsewhere or when asked to."""

    def __init__(self, *, plain: bool) -> None:
        self._console = Console(
            force_terminal=False if plain else None,
            width=WIDTH if plain else None,
            highlight=False,
        )
        self._number = 0

    def chapter(self, title: str) -> None:
        self._console.print()
        self._console.print(Text(title, style="bold"))

    def note(self, text: str) -> None:
        self._line("", text, style="italic")

    def tell(
        self, step: Step, person: Person, answers: Sequence[Answer], fault: str | None
    ) -> None:
        self._number += 1
        role = f"({person.role}) " if person.role else ""
        who = Text.assemble((f"{person.name} ", "bold cyan"), role, step.does)
        self._console.print()
        self._line(f"{self._number}.", who)
        self._line("asked", _asked(answers))
        for label, text, style in _came_back(answers[-1]):
            self._line(label, text, style=style)
        if fault is None:
            self._line("so", step.therefore)
        else:
            self._line("WRONG", fault, style="bold red")

    def _line(self, label: str, text: str | Text, style: str = "") -> None:
        """A label, and a text beside it however many lines it takes."""
        told = text if isinstance(text, Text) else Text(text, style=style)
        beginning = f"{label:>{LABEL_WIDTH}} "
        for line in told.wrap(self._console, self._console.width - LABEL_WIDTH - 1):
            line.rstrip()
            self._console.print(Text.assemble((beginning, "dim"), line))
            beginning = " " * (LABEL_WIDTH + 1)


def _asked(answers: Sequence[Answer]) -> str:
    """One request with its terms; of several, which and how often."""
    counted = Counter(answer.path for answer in answers)
    if len(answers) == 1:
        return f"{answers[0].path} {_short(answers[0].asked)}".strip()
    return ", ".join(f"{path} x{n}" if n > 1 else path for path, n in counted.items())


def _came_back(answer: Answer) -> Iterator[tuple[str, str, str]]:
    """Lines with their label and style."""
    if answer.record:
        yield "answer", _short(answer.record), "green"
    for error in answer.errors:
        yield "answer", error["message"], "yellow"
    by_code: dict[str, list[str]] = {}
    for refusal in answer.refusals:
        by_code.setdefault(refusal["code"], []).append(refusal["message"])
    for code, (message, *others) in by_code.items():
        more = f" (and {len(others)} more)" if others else ""
        yield "refused", f"{code}: {message}{more}", "yellow"


def _short(values: Mapping[str, Any]) -> str:
    """The values that fit on a line or two; lists by how many they hold."""
    told = [
        f"{name}: {_value(value)}"
        for name, value in values.items()
        if value not in (None, "", []) and name not in {"idempotencyKey", "reasons", "text"}
    ]
    return ", ".join(told[:MOST_VALUES])


def _list(values: Sequence[Any]) -> str:
    """Records by their names, or by how many there are; anything else in full."""
    if not any(isinstance(value, dict) for value in values):
        return ", ".join(map(str, values))
    names = [f"“{value['name']}”" for value in values if "name" in value]
    return ", ".join(names[:MOST_NAMES]) or f"{len(values)} of them"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return _list(value)
    if isinstance(value, dict):
        return "(" + _short(value) + ")"
    text = RANDOM_PART.sub(r"_\1…", str(value))
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
