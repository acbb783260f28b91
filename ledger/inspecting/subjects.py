"""The chain of every subject followed anew: what each event must say, word for word."""

import re
from binascii import b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from struct import Struct

from ledger.formats.entry import MalformedEntry, parse_event
from ledger.formats.hashing import NO_HASH, SALT_SIZE, Hash, subject_key
from ledger.formats.spelling import Malformed, parse_instant
from ledger.inspecting.raw_rows import RawRow
from ledger.inspecting.report import Findings
from ledger.keeping.store import microseconds

ENTRY, SUBJECT = "ledger_entry", "ledger_subject"

# An event begins with its commitment, and says then what its subject's chain makes it say.
COMMITTED = re.compile(rb'\{"c":"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=')
COMMITTED_SIZE = len('{"c":"') + 44

_SAID = b'%b%d,"p":"%b","t":"event","v":1}'
_standing = Struct(">BQQ").pack


@dataclass(slots=True)
class SubjectAnew:
    """How far a subject is: how many events it has, and index and leaf of the last."""

    key: Hash
    spelt: bytes  # What its events say between their commitment and their number.
    place: int = 0  # In the state map.
    count: int = 0
    last_index: int = -1
    head: Hash = NO_HASH

    def map_leaf(self) -> bytes:
        """The hash of its key and of what the state map holds for it (see `standing_hash`)."""
        standing = _standing(0x07, self.count, self.last_index) + self.head
        return sha256(self.key + sha256(standing).digest()).digest()


@dataclass(slots=True)
class SubjectsAnew:
    """All subjects by name, as far as the events given so far have brought them.

    Holds every subject, some 500 bytes each. `changed` are those with events since somebody
    emptied it.
    """

    findings: Findings
    by_name: dict[bytes, SubjectAnew] = field(default_factory=dict)
    changed: dict[bytes, SubjectAnew] = field(default_factory=dict)

    def know(self, name: bytes, salt: bytes) -> None:
        """A subject there is, before any of its events."""
        key = subject_key(salt, name) if len(salt) == SALT_SIZE else NO_HASH
        self.by_name[name] = SubjectAnew(key, _spelt(key))

    def take_places(self, places: Mapping[Hash, int]) -> None:
        """Learn where each subject's key stands in the state map."""
        for subject in self.by_name.values():
            subject.place = places[subject.key]

    def take(
        self,
        start: int,
        names: Sequence[bytes],
        numbers: Sequence[int],
        entries: Sequence[bytes],
        leaves: Sequence[Hash],
    ) -> None:
        """Events from index `start` on. What is stored of each is judged and then built upon, so
        that one wrong value is found once and not again at every event after it.
        """
        known, changed, is_committed = self.by_name.get, self.changed, COMMITTED.match
        columns = zip(names, numbers, entries, leaves, strict=True)
        for index, (name, number, entry, leaf) in enumerate(columns, start):
            subject = known(name)
            if subject is None:
                self.findings.add(index, ENTRY, "its subject is not known")
                continue
            count = subject.count
            said = _SAID % (subject.spelt, count, b2a_base64(subject.head, newline=False))
            if entry[COMMITTED_SIZE:] != said or number != count or not is_committed(entry):
                self._judge(index, entry, number, subject)
            subject.count = count + 1
            subject.last_index = index
            subject.head = leaf
            changed[name] = subject

    def judge_rows(self, rows: Iterable[RawRow], size: int) -> None:
        """Compare what is stored of each subject, when all `size` entries have been given.

        `value` of a row is the instant that its last event tells.
        """
        for row in rows:
            subject = self.by_name[row.subject]
            last = min(subject.last_index, size) if subject.count else size
            if row.key != subject.key:
                self.findings.add(max(last, 0), SUBJECT, "its key is not that of its salt")
            if (row.next_number, row.head_leaf) != (subject.count, subject.head):
                # One that is ahead of its events names the first that is missing.
                index = size if row.next_number > subject.count else last
                self.findings.add(index, SUBJECT, "it does not stand where its events end")
            elif row.last_at != _microseconds(row.value):
                self.findings.add(
                    max(last, 0), SUBJECT, "its instant is not that of its last event"
                )

    def _judge(self, index: int, entry: bytes, number: int | None, subject: SubjectAnew) -> None:
        try:
            event = parse_event(entry)
        except MalformedEntry:
            self.findings.add(index, ENTRY, "its entry is not in its canonical form")
            return
        if event.key != subject.key and subject.count == 0:
            problem = "its salt does not lead to the key that its events bear"
            self.findings.add(index, SUBJECT, problem)
            subject.key, subject.spelt = event.key, _spelt(event.key)
        agrees = {
            "its key is not that of its subject": event.key == subject.key,
            "its number does not follow the one before": event.number == number == subject.count,
            "it does not name the subject's event before": event.previous == subject.head,
        }
        for problem in (problem for problem, does_agree in agrees.items() if not does_agree):
            self.findings.add(index, ENTRY, problem)


def _microseconds(at: bytes | None) -> int:
    try:
        return microseconds(parse_instant((at or b"").decode()))
    except (Malformed, UnicodeDecodeError):
        return 0


def _spelt(key: Hash) -> bytes:
    return b'","k":"%b","n":' % b2a_base64(key, newline=False)
