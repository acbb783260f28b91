"""What acts have put into the ledger, told to whoever listens, and only once it is committed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """An act's event: its number on its subject; `index` is None until it has its place."""

    subject: str
    number: int
    index: int | None


_heard: ContextVar[list[RecordedAct] | None] = ContextVar("heard", default=None)


@contextmanager
def hearing() -> Iterator[list[RecordedAct]]:
    """The acts that are done inside, in their order. It fills as they commit."""
    acts: list[RecordedAct] = []
    before = _heard.set(acts)
    try:
        yield acts
    finally:
        _heard.reset(before)


def tell(recorded: Sequence[RecordedAct]) -> None:
    """Say what a transaction that was just committed has recorded."""
    acts = _heard.get()
    if acts is not None:
        acts.extend(recorded)
