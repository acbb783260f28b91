"""Which of the log's keys signs from where on, and whose signatures count at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.formats.keys import Algorithm, SignatureFailed, VerifyingKey
from ledger.formats.note import Signature
from ledger.inspecting.marks import ChangedKey
from ledger.inspecting.report import Findings
from ledger.inspecting.subjects import ENTRY


@dataclass(frozen=True, slots=True)
class Trust:
    """The log's name, the keys it signs with now, and all that cosign or ever have cosigned.

    A witness that was let go, or an ML-DSA-44 key that is used no more, must still be among the
    cosigners, or what it signed cannot be checked.
    """

    origin: str
    log_keys: tuple[VerifyingKey, ...]
    cosigners: tuple[VerifyingKey, ...] = ()


class UnknownSigner(SignatureFailed):
    """A signature that nobody can check."""


class Signers:
    """The keys in the order in which they took over from one another, as the log itself says."""

    def __init__(self, trust: Trust, changes: Sequence[ChangedKey]) -> None:
        self._changes = changes
        now = [key for key in trust.log_keys if key.algorithm is Algorithm.ED25519]
        self._now = frozenset(now)
        self._keys = [changes[0].old, *(change.new for change in changes)] if changes else now[:1]
        timestamped = [key for key in trust.log_keys if key.algorithm is not Algorithm.ED25519]
        cosigners = [*timestamped, *trust.cosigners]
        self.cosigners = {
            (key.name, key.id): key for key in cosigners if key.algorithm.is_timestamped
        }

    def judge_changes(self, findings: Findings) -> None:
        """Every change hands on from the key of the change before, and the last to that of now."""
        for change, holder in zip(self._changes, self._keys, strict=False):
            if change.old != holder:
                findings.add(change.index, ENTRY, "it hands on from a key that was not in use")
        if self._changes and self._changes[-1].new not in self._now:
            problem = "it hands on to a key that this installation does not sign with"
            findings.add(self._changes[-1].index, ENTRY, problem)

    def are_those_of(self, signatures: Sequence[Signature]) -> bool:
        """Whether all keys in use now have signed, and no other that the log has ever had."""
        own = {(key.name, key.id) for key in (*self._keys, *self._now)}
        now = {(key.name, key.id) for key in self._now}
        return own & {(each.name, each.key_id) for each in signatures} == now

    def check(self, size: int, text: str, signatures: Sequence[Signature]) -> None:
        """Raise `SignatureFailed` unless the key in use at a size signed, and nobody else but
        the key before it or after it, each once; `UnknownSigner` when another has.
        """
        turn = sum(change.index < size for change in self._changes)
        required = {self._keys[turn]} if self._changes else self._now
        allowed = {*self._keys[max(turn - 1, 0) : turn + 2]}
        if turn == len(self._changes):
            allowed |= self._now
        known = {(key.name, key.id): key for key in allowed}
        signed = [known.get((each.name, each.key_id)) for each in signatures]
        for key, each in zip(signed, signatures, strict=True):
            if key is None:
                raise UnknownSigner
            key.check(text, each.signature)
        if len(set(signed)) != len(signed) or required.isdisjoint(signed):
            raise SignatureFailed
