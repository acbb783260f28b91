"""How far a command has come: a bar on a terminal, plain lines or nothing anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

LINES = 5


@contextmanager
def walk_shown(title: str, begin: datetime, end: datetime) -> Iterator[Callable[[datetime], None]]:
    """What to tell each instant that a walk from `begin` to `end` has come to."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        print(f"{title} ...", flush=True)
        yield _lines(begin, end)
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, TextColumn("{task.fields[day]}"), console=console) as progress:
        bar = progress.add_task(title, total=(end - begin).total_seconds(), day="")

        def show(instant: datetime) -> None:
            walked = (instant - begin).total_seconds()
            progress.update(bar, completed=walked, day=f"{instant:%Y-%m-%d}")

        yield show
        show(end)


@contextmanager
def bar_shown(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """What to tell how much is done, of how much; it is gone when the work is."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True, quiet=quiet), transient=True) as bars:
        bar = bars.add_task(title, total=None)
        yield lambda done, whole: bars.update(bar, completed=done, total=whole)


def _lines(begin: datetime, end: datetime) -> Callable[[datetime], None]:
    told = 0

    def show(instant: datetime) -> None:
        nonlocal told
        part = int((instant - begin) / (end - begin) * LINES)
        if part > told:
            told = part
            print(f"  {part * 100 // LINES} %: {instant:%B %Y}", flush=True)

    return show
