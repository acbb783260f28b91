"""Whom a verifier trusts (c2sp.org/tlog-policy): logs, witnesses, and how many of them it takes.

For instance a log, and two witnesses of whom both must have cosigned:

    log datatitle.example/log+Hf3QZA…
    witness bank witness.bank.example+0b6c… https://witness.bank.example/
    witness court cosigner.court.example+91d2…
    group both all bank court
    quorum both

A group of `all` is met by every member, of `any` by one, of a number by so many. Names have no
meaning outside the policy.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.keys import Algorithm, SignatureFailed, VerifyingKey, parse_vkey
from ledger.formats.note import OpenedNote, open_note
from ledger.formats.spelling import Malformed

NONE = "none"

# A log signs notes, or cosigns checkpoints of its own; a witness tells the time.
LOG_ALGORITHMS = frozenset({Algorithm.ED25519, Algorithm.ML_DSA_44})
WITNESS_ALGORITHMS = frozenset({Algorithm.COSIGNATURE, Algorithm.ML_DSA_44})


# A policy may be written by hand: spaces and tabs as one likes, and lines that say nothing.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BLANK = re.compile(r"[ \t]+")


_FORMS = {
    "log": "A log is written: log <vkey> [<url>].",
    "witness": "A witness is written: witness <name> <vkey> [<url>].",
    "group": "A group is written: group <name> all|any|<number> <member> ...",
    "quorum": "The quorum is written: quorum <name>, or quorum none.",
}


class MalformedPolicy(Malformed):
    """Not a policy; the sentence names the line."""


class QuorumMissed(SignatureFailed):
    """The log has signed, but not as many witnesses as the policy asks for."""


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log by its key, whose name is the log's origin; the URL is where it is read."""

    key: VerifyingKey
    url: str = ""

    def line(self) -> str:
        return f"log {self.key.vkey()}{_written(self.url)}"


@dataclass(frozen=True, slots=True)
class Witness:
    """A cosigner under the policy's name for it; the URL is where it is asked to cosign."""

    name: str
    key: VerifyingKey
    url: str = ""

    def line(self) -> str:
        return f"witness {self.name} {self.key.vkey()}{_written(self.url)}"


@dataclass(frozen=True, slots=True)
class Group:
    """Met when `threshold` of its members are, each a witness or another group."""

    name: str
    threshold: int
    members: tuple[str, ...]

    def line(self) -> str:
        words = {1: "any", len(self.members): "all"}
        threshold = words.get(self.threshold, str(self.threshold))
        return " ".join(["group", self.name, threshold, *self.members])


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint that a policy accepts, and the names of the policy's witnesses that cosigned.

    `as_of` is the latest unix time at which as many as the quorum takes knew of no larger tree.
    Without a quorum it is the latest time any known key tells, and None when none tells one.
    """

    checkpoint: Checkpoint
    by: tuple[str, ...]
    as_of: int | None


@dataclass(frozen=True, slots=True)
class Policy:
    """Groups stand after their members. The quorum names a witness, a group, or nobody: none."""

    logs: tuple[TrustedLog, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def text(self) -> str:
        """The policy without comments; it parses to the same policy."""
        lines = [
            *(log.line() for log in self.logs),
            *(witness.line() for witness in self.witnesses),
            *(group.line() for group in self.groups),
            f"quorum {self.quorum}",
        ]
        return "".join(f"{line}\n" for line in lines)

    @property
    def keys(self) -> list[VerifyingKey]:
        return [*(log.key for log in self.logs), *(witness.key for witness in self.witnesses)]

    def is_met_by(self, witnesses: Collection[str]) -> bool:
        """Whether these witnesses, by their names in the policy, are enough."""
        met = set(witnesses)
        for group in self.groups:
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(group.name)
        return self.quorum == NONE or self.quorum in met

    def open(self, note: str) -> Witnessed:
        """The checkpoint in a note that a log of the policy and a quorum of witnesses signed.

        Raises `Malformed` for what is no checkpoint, `QuorumMissed` when only witnesses are
        missing, and `SignatureFailed` for everything else; each with a sentence for a person.
        """
        opened = open_note(note, self.keys)
        checkpoint = parse_checkpoint(opened.text)
        logs = {log.key for log in self.logs if log.key.name == checkpoint.origin}
        if not any(each.key in logs for each in opened.signed):
            raise SignatureFailed("No log that the policy trusts has signed this checkpoint.")
        times = self._times_of_witnesses(opened)
        if not self.is_met_by(times):
            cosigned = ", ".join(times) or "nobody"
            raise QuorumMissed(f"The quorum {self.quorum} is not met: {cosigned} cosigned.")
        return Witnessed(checkpoint, tuple(times), self._as_of(times, opened))

    def _times_of_witnesses(self, opened: OpenedNote) -> dict[str, int]:
        """The latest time of each witness that cosigned; 0 for one that tells none."""
        cosigned = {witness.key: witness.name for witness in self.witnesses}
        times: dict[str, int] = {}
        for signed in opened.signed:
            name = cosigned.get(signed.key)
            if name is not None:
                times[name] = max(times.get(name, 0), signed.time or 0)
        return times

    def _as_of(self, times: Mapping[str, int], opened: OpenedNote) -> int | None:
        told = {signed.time for signed in opened.signed if signed.time is not None}
        for at in sorted(told, reverse=True):
            if self.is_met_by([name for name, time in times.items() if time >= at]):
                return at
        return None


def _written(url: str) -> str:
    return f" {url}" if url else ""


def parse_policy(text: str) -> Policy:
    """The policy that a text says; comments and empty lines mean nothing.

    It has to be UTF-8. (The standard would allow other bytes in names, but none can show them.)
    """
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            reading.read(line)
        except Malformed as malformed:
            raise MalformedPolicy(f"Line {number}: {malformed}") from None
    if reading.quorum is None:
        raise MalformedPolicy("A policy has a line with its quorum; this one has none.")
    return Policy(
        tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorum
    )


@dataclass(slots=True)
class _Reading:
    """What the lines so far have said."""

    logs: list[TrustedLog] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    names: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)

    def read(self, line: str) -> None:
        if _FORBIDDEN.search(line):
            raise Malformed("A control character stands here, or what is not UTF-8.")
        keyword, *words = _BLANK.split(line.strip(" \t"))
        if not keyword or keyword.startswith("#"):
            return
        if keyword == "log" and len(words) in {1, 2}:
            self._add_log(*words)
        elif keyword == "witness" and len(words) in {2, 3}:
            self._add_witness(*words)
        elif keyword == "group" and words[2:]:
            self._add_group(words[0], words[1], tuple(words[2:]))
        elif keyword == "quorum" and len(words) == 1:
            self._set_quorum(words[0])
        else:
            raise Malformed(_FORMS.get(keyword, f"No line of a policy begins with {keyword}."))

    def _add_log(self, vkey: str, url: str = "") -> None:
        key = parse_vkey(vkey)
        if key.algorithm not in LOG_ALGORITHMS:
            raise Malformed("This is a key of a witness, not of a log.")
        self._require_new_key(key, [log.key for log in self.logs])
        self.logs.append(TrustedLog(key, url))

    def _add_witness(self, name: str, vkey: str, url: str = "") -> None:
        key = parse_vkey(vkey)
        if key.algorithm not in WITNESS_ALGORITHMS:
            raise Malformed("This key cannot cosign: it tells no time.")
        self._require_new_key(key, [witness.key for witness in self.witnesses])
        self._define(name)
        self.witnesses.append(Witness(name, key, url))

    def _add_group(self, name: str, threshold: str, members: tuple[str, ...]) -> None:
        for member in members:
            if member not in self.names:
                raise Malformed(f"{member} is not defined above this line.")
            if member in self.members:
                raise Malformed(f"{member} is a member already; one name counts once.")
            self.members.add(member)
        numbers = {str(number): number for number in range(1, len(members) + 1)}
        words = {**numbers, "any": 1, "all": len(members)}
        if threshold not in words:
            raise Malformed(f"A group of {len(members)} cannot take {threshold} of them.")
        self._define(name)
        self.groups.append(Group(name, words[threshold], members))

    def _set_quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise Malformed("A policy has one quorum, and this is a second.")
        if name != NONE and name not in self.names:
            raise Malformed(f"{name} is not defined above this line.")
        self.quorum = name

    def _define(self, name: str) -> None:
        if name == NONE:
            raise Malformed("The name none is taken: it means nobody.")
        if name in self.names:
            raise Malformed(f"{name} is defined already.")
        self.names.add(name)

    def _require_new_key(self, key: VerifyingKey, others: Sequence[VerifyingKey]) -> None:
        """Two names for one key would count it twice; two keys for one name and id, neither."""
        if any(other.key == key.key for other in others):
            raise Malformed("This key stands in the policy already.")
        known = [*(log.key for log in self.logs), *(witness.key for witness in self.witnesses)]
        if any((other.name, other.id) == (key.name, key.id) and other != key for other in known):
            raise Malformed("Another key has the same name and id.")
