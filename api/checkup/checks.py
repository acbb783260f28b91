"""What the doctor found: one sentence each, how bad it is, and what to do about it."""

from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """How bad it is. A note is nothing to worry about, and a fault keeps something from working."""

    OK = 0
    NOTE = 1
    WARNING = 2
    FAULT = 3


class Check(NamedTuple):
    """Of one subject, what was found. `to_do` is empty where there is nothing to do."""

    level: Level
    subject: str
    found: str
    to_do: str = ""


def ok(subject: str, found: str) -> Check:
    return Check(Level.OK, subject, found)


def note(subject: str, found: str, to_do: str = "") -> Check:
    return Check(Level.NOTE, subject, found, to_do)


def warning(subject: str, found: str, to_do: str) -> Check:
    return Check(Level.WARNING, subject, found, to_do)


def fault(subject: str, found: str, to_do: str = "") -> Check:
    return Check(Level.FAULT, subject, found, to_do)
