"""Who stands behind a checkpoint: the log's own keys, and as many witnesses as the policy asks."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from ledger.formats.hashing import Hash
from ledger.formats.keys import SignatureFailed, VerifyingKey
from ledger.formats.note import Note, OpenedNote, Signature, open_note, parse_note
from ledger.formats.policy import Policy, QuorumMissed, TrustedLog
from ledger.formats.spelling import Malformed
from ledger.keeping.tiles import TileCache
from ledger.signing.checkpoints import (
    Cosignature,
    cosigned_sizes,
    keep_cosignatures,
    note_of,
    signed_note,
)
from ledger.signing.faults import NotSealedError, NotWitnessedError
from ledger.signing.key_file import Signer
from ledger.signing.ports import Transactions
from ledger.signing.witnesses import AskWitness, Request, Witnesses


@dataclass(slots=True)
class Quorum:
    """The keys of one log and its witnesses.

    `signers` gives the keys in use, and is asked each time: at least one signs with Ed25519. Of
    `trusted` the witnesses, groups and quorum count; the log's keys take the place of its logs.
    """

    transactions: Transactions
    signers: Callable[[], Sequence[Signer]]
    trusted: Policy
    ask: AskWitness
    _witnesses: Witnesses = field(init=False)

    def __post_init__(self) -> None:
        self._witnesses = Witnesses(self.ask)

    def policy(self) -> Policy:
        """The policy by which strangers are to judge the log's checkpoints at present."""
        logs = tuple(TrustedLog(signer.verifying_key) for signer in self.signers())
        return replace(self.trusted, logs=logs)

    def sign(self, text: str, at: int) -> tuple[str, list[Cosignature]]:
        """The note, and the lines that go with it and tell the time; blocks."""
        lines, cosignatures = list[Signature](), list[Cosignature]()
        for signer in self.signers():
            signature = signer.sign(text, at)
            time = _time_of(signer.verifying_key, text, signature)
            if time is None:
                lines.append(signature)
            else:
                cosignatures.append(Cosignature(signature, time))
        return Note(text, tuple(lines)).encode(), cosignatures

    async def sign_anew(self, size: int) -> None:
        """Let the log's own keys say again, of a checkpoint that was signed, what time it is."""
        async with self.transactions.reading() as tx:
            text = parse_note(await signed_note(tx.connection, size)).text
            at = int(tx.now.timestamp())
        _, cosignatures = await asyncio.to_thread(self.sign, text, at)
        async with self.transactions.deciding() as tx:
            await keep_cosignatures(tx.connection, size, cosignatures)

    def require_own(self, note: str) -> None:
        """Raise `NotSealedError` unless a key in use signed the checkpoint before the next one."""
        _opened(self.policy(), note)

    def as_of(self, note: str) -> int | None:
        """The unix time for which a note proves that it was the newest; `None` when for none."""
        policy = self.policy()
        _opened(policy, note)
        try:
            return policy.open(note).as_of
        except QuorumMissed:
            return None

    async def require(self, size: int, *, not_before: int = 0) -> None:
        """See that enough witnesses have cosigned the checkpoint of this size after that time.

        Those that have not are asked, and what they sign is kept. Raises `NotWitnessedError`
        when there are too few, `WitnessAheadError` when one has seen more than there is.
        """
        async with self.transactions.reading() as tx:
            note = await note_of(tx.connection, size)
        already = _names_since(self.trusted, _opened(self.policy(), note), not_before)
        if self.trusted.is_met_by(already):
            return
        if not self.trusted.is_met_by(already | await self.ask_witnesses(size, already)):
            raise NotWitnessedError(
                f"The checkpoint of {size} entries lacks witnesses that the policy asks for "
                f"({self.silence() or 'none of them has an address'}). What was published before "
                "stays, and they are asked again: see that they can be reached, or change the "
                "policy."
            )

    async def ask_witnesses(self, size: int, already: Collection[str] = ()) -> set[str]:
        """Ask all that have not cosigned `already`; the names of those that cosign now.

        What they sign is kept. Raises `WitnessAheadError`.
        """
        async with self.transactions.reading() as tx:
            note = await signed_note(tx.connection, size)
            old_sizes = await cosigned_sizes(tx.connection)
            at = int(tx.now.timestamp())

        async def prove_from(old_size: int) -> Sequence[Hash]:
            async with self.transactions.reading() as tx:
                return await TileCache().prove_consistency(tx.connection, old_size, size)

        request = Request(parse_note(note).text, note, size, prove_from, at)
        cosigned = await self._witnesses.cosign(request, self.trusted, old_sizes, already)
        async with self.transactions.deciding() as tx:
            await keep_cosignatures(tx.connection, size, cosigned.values())
        return set(cosigned)

    def silence(self) -> str:
        """Why which witness did not cosign when it was last asked; empty when all did."""
        return self._witnesses.reasons()


def _time_of(key: VerifyingKey, text: str, signature: Signature) -> int | None:
    """The unix time that a signature of our own tells. Memory fails, too: it is checked."""
    try:
        return key.check(text, signature.signature)
    except SignatureFailed:
        raise NotSealedError(
            f"What the key {key.name}+{key.id.hex()} has just signed is no signature of its own "
            "and is not used: if this comes again, look at the key, and at this machine's memory."
        ) from None


def _opened(policy: Policy, note: str) -> OpenedNote:
    own = {log.key for log in policy.logs}
    try:
        opened = open_note(note, policy.keys)
    except (Malformed, SignatureFailed):
        opened = None
    if opened is None or not own & {each.key for each in opened.signed}:
        raise NotSealedError(
            "The newest checkpoint is not signed with the keys that are here, or a cosignature "
            "of it is not good: put the log's own key back where it was, or, to change it, use "
            "`datatitle ledger rotate-key`; `datatitle ledger fsck` says more."
        )
    return opened


def _names_since(policy: Policy, opened: OpenedNote, not_before: int) -> set[str]:
    """The witnesses whose cosignature tells a later time."""
    keys = {each.key for each in opened.signed if each.time is not None and each.time > not_before}
    return {witness.name for witness in policy.witnesses if witness.key in keys}
