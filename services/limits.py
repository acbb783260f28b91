"""What a process may take of a database server, and how long it may wait there."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """At most so many `connections` are opened, when they are needed, and kept open."""

    connections: int = 15
    lock_timeout: timedelta = timedelta(seconds=5)
    statement_timeout: timedelta = timedelta(seconds=15)


DEFAULT_LIMITS = Limits()
