"""What is proven when a proof file has been checked in full."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ledger.checking.life import Standing, Status
from ledger.formats.hashing import Hash
from ledger.formats.proof_file import Form


@dataclass(frozen=True, slots=True)
class VerifiedEvent:
    """An event, how the certificate stood after it, and the facts the file opens of it."""

    index: int
    number: int
    kind: str
    at: datetime
    standing: Standing
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verified:
    """How a certificate stood at `as_of`, when no later event of it was in the log `origin`.

    That instant is told by `told_by`: the witnesses that the policy asks for, or, where it asks
    for none, the log itself. `count` is how many events the certificate has, of which `events`
    are those that the file shows; without any, the log knows no certificate of this number
    and salt, and `standing` is None. `state_at` is when the log wrote the state down.
    """

    subject: str
    origin: str
    tree_size: int
    root: Hash
    state_at: datetime
    as_of: datetime
    told_by: tuple[str, ...]
    witnesses: tuple[str, ...]
    form: Form
    count: int
    events: tuple[VerifiedEvent, ...]

    @property
    def standing(self) -> Standing | None:
        return self.events[-1].standing.at(self.as_of) if self.events else None

    @property
    def effective_status(self) -> Status | None:
        standing = self.standing
        return None if standing is None else standing.effective_status(self.as_of)

    @property
    def is_encumbered(self) -> bool:
        """Whether a pledge, a freeze, or an exclusive or sole license binds it at `as_of`."""
        standing = self.standing
        return standing is not None and standing.is_encumbered(self.as_of)
