"""`datatitle doctor`: look an installation over, and say what there is to do."""

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import FAILED, is_there, settings_or_exit

if TYPE_CHECKING:
    from api.checkup.checks import Check

COLOURS = {"ok": "green", "note": "cyan", "warning": "yellow", "fault": "red"}
GAP = "  "
NARROWEST = 30


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print what is found as JSON.")] = False,
) -> None:
    """Look over database, clock, disks, keys, ledger, guard, witnesses, public files, documents.

    One line for each, and below it what to do. Nothing is changed. The exit code is 1 when
    something keeps the register from working, and 0 when nothing does.
    """
    from api.checkup.checks import Level
    from api.checkup.examining import examine
    from services.clock import SystemClock

    settings = settings_or_exit()
    checks = asyncio.run(examine(settings, SystemClock(), is_there=is_there(settings)))
    worst = max(check.level for check in checks)
    if as_json:
        told = {"worst": worst.name.lower(), "checks": [_told(check) for check in checks]}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join([*_spoken(checks), "", _verdict(checks)]))
    if worst is Level.FAULT:
        raise typer.Exit(FAILED)


def _told(check: "Check") -> dict[str, str]:
    level, subject, found, to_do = check
    return {"level": level.name.lower(), "subject": subject, "found": found, "toDo": to_do}


def _spoken(checks: "Sequence[Check]") -> Iterator[str]:
    """A line for each, in three columns; on a terminal the last one is wrapped."""
    subjects = max(len(check.subject) for check in checks)
    indent = len("warning") + subjects + 2 * len(GAP)
    for level, subject, found, to_do in checks:
        name = level.name.lower()
        lead = typer.style(f"{name:<{len('warning')}}", fg=COLOURS[name], bold=level > 1)
        lines = _wrapped(found, indent) + (_wrapped(f"→ {to_do}", indent) if to_do else [])
        yield f"{lead}{GAP}{subject:<{subjects}}{GAP}{lines[0]}"
        yield from (f"{'':<{indent}}{line}" for line in lines[1:])


def _wrapped(text: str, indent: int) -> list[str]:
    if not sys.stdout.isatty():
        return [text]
    return wrap(text, max(shutil.get_terminal_size().columns - indent, NARROWEST))


def _verdict(checks: "Sequence[Check]") -> str:
    faults, warnings = (sum(check.level == level for check in checks) for level in (3, 2))
    if not faults and not warnings:
        return "All is well."
    return f"{_counted(faults, 'fault')}, {_counted(warnings, 'warning')}."


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
