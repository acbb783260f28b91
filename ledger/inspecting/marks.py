"""The entries that are no events: states, changes of keys, rules in force, end and beginning."""

from dataclasses import dataclass, field
from typing import Any

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.entry import Freeze, KeyChange, Origin, State, parse_mark
from ledger.formats.hashing import Hash
from ledger.formats.keys import Algorithm, SignatureFailed, VerifyingKey, parse_vkey
from ledger.formats.note import parse_note
from ledger.formats.spelling import Malformed
from ledger.inspecting.map_anew import MapAnew
from ledger.inspecting.report import Findings
from ledger.inspecting.subjects import ENTRY, SubjectsAnew


@dataclass(frozen=True, slots=True)
class ChangedKey:
    """From this index on, checkpoints are signed with another key of the same algorithm."""

    index: int
    old: VerifyingKey
    new: VerifyingKey


@dataclass(slots=True)
class MarksAnew:
    """What the marks given so far say, each judged against the log before it.

    Holds the time of every state.
    """

    origin: str
    subjects: SubjectsAnew
    findings: Findings
    replayed: MapAnew
    state_times: dict[int, int] = field(default_factory=dict)  # Unix seconds, by index.
    changed_keys: list[ChangedKey] = field(default_factory=list)
    frozen_at: int | None = None
    last_untold: int | None = None  # The last mark that tells no instant.
    last_index: int = -1
    is_successor: bool = False

    def take(self, index: int, columns: Any, at: int, chain: Hash) -> None:
        """The mark at an index; `chain` is that over all entries before it."""
        self.last_index = index
        try:
            mark = parse_mark(columns.entries[at])
        except Malformed:
            self._find(index, "its entry is not in its canonical form")
            return
        said = columns.kinds[at], columns.subjects[at], columns.numbers[at]
        if said != (mark.kind.encode(), None, None):
            self._find(index, "its row does not say what its entry is")
        if not isinstance(mark, State):
            self.last_untold = index
        match mark:
            case State():
                self._take_state(index, mark, chain)
            case KeyChange():
                self._take_key_change(index, mark)
            case Freeze():
                self.frozen_at = index if self.frozen_at is None else self.frozen_at
            case Origin():
                self._take_origin(index, mark)

    def judge_end(self, size: int) -> None:
        """Nothing but one state stands after the entry that ends the log."""
        if self.frozen_at is None:
            return
        after = self.frozen_at + 1
        allowed = after + (after in self.state_times)
        if size > allowed:
            self._find(allowed, "the log had ended before it")

    def _take_state(self, index: int, state: State, chain: Hash) -> None:
        changed = self.subjects.changed
        self.replayed.update([(each.place, each.map_leaf()) for each in changed.values()])
        changed.clear()
        agrees = {
            "it is not the state of all entries before it": state.size == index,
            "its chain is not that of the entries before it": state.chain == chain,
            "its map root is not that of the subjects before it": (
                state.map_root == self.replayed.root
            ),
            "it is older than the state before": state.time >= self.last_time,
        }
        for problem in (problem for problem, does_agree in agrees.items() if not does_agree):
            self._find(index, problem)
        self.state_times[index] = state.time

    def _take_key_change(self, index: int, change: KeyChange) -> None:
        try:
            old, new = parse_vkey(change.old), parse_vkey(change.new)
            text = change.signed_text(self.origin)
            old.check(text, change.old_signature)
            new.check(text, change.new_signature)
        except (Malformed, SignatureFailed):
            self._find(index, "the old key and the new one did not both sign it")
            return
        kinds = {(key.name, key.algorithm) for key in (old, new)}
        if kinds != {(self.origin, Algorithm.ED25519)} or old == new:
            self._find(index, "it does not put one Ed25519 key in the place of another")
        self.changed_keys.append(ChangedKey(index, old, new))

    def _take_origin(self, index: int, origin: Origin) -> None:
        try:
            last = parse_checkpoint(parse_note(origin.last.decode()).text)
        except (Malformed, UnicodeDecodeError):
            self._find(index, "it does not hold the signed checkpoint of another log")
            return
        self.is_successor = index == 0 and last.origin != self.origin
        if not self.is_successor:
            self._find(index, "only the first entry names the log before, which is another")

    @property
    def last_time(self) -> int:
        """What the last state tells."""
        return next(reversed(self.state_times.values()), 0)

    def _find(self, index: int, problem: str) -> None:
        self.findings.add(index, ENTRY, problem)
