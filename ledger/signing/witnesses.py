"""Asking witnesses to cosign a checkpoint (c2sp.org/tlog-witness), all of them at once.

A witness remembers the largest tree it has cosigned of a log and cosigns only what continues it,
so that the log cannot show one tree to some and another to others.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.formats.hashing import Hash
from ledger.formats.keys import SignatureFailed
from ledger.formats.note import parse_signature_line
from ledger.formats.policy import Policy, Witness
from ledger.formats.spelling import Malformed, format_bytes, parse_number
from ledger.signing.checkpoints import Cosignature
from ledger.signing.faults import NotSealedError

logger = logging.getLogger(__name__)

COSIGNED = 200
CONFLICT = 409
TREE_SIZE = "text/x.tlog.size"

# Seconds: for one witness altogether, and for the others once there are enough.
PATIENCE = 10.0
GRACE = 1.0
# A cosignature from further in the future would make a proof look fresher than it is.
CLOCKS_MAY_DIFFER = 300
SHOWN_OF_AN_ANSWER = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    content_type: str
    body: str


# Posts a body to an address. Raises `OSError` or `TimeoutError` when there is no answer.
AskWitness = Callable[[str, str], Awaitable[Answer]]
# A consistency proof from an older size to the checkpoint's.
ProveFrom = Callable[[int], Awaitable[Sequence[Hash]]]


class WitnessAheadError(NotSealedError):
    """A witness has cosigned a larger tree of this log than there is here."""


class _Declined(Exception):  # noqa: N818 - what a witness said, not a fault of ours.
    """No cosignature, and why."""


@dataclass(frozen=True, slots=True)
class Request:
    """A signed checkpoint for which cosignatures are wanted; `at` is the unix time it is now."""

    text: str
    note: str
    size: int
    prove_from: ProveFrom
    at: int


@dataclass(slots=True)
class Witnesses:
    """How witnesses are asked, and what was said last of each, so that it is said once."""

    ask: AskWitness
    _said: dict[str, str] = field(default_factory=dict)

    async def cosign(
        self,
        request: Request,
        policy: Policy,
        old_sizes: Mapping[tuple[str, bytes], int],
        already: Collection[str],
    ) -> dict[str, Cosignature]:
        """The checked cosignatures that the policy's witnesses gave, by the witness's name.

        `old_sizes` are the sizes each is believed to have cosigned last, by its key's name and
        id; those whose names are `already` there are not asked. Waits until the quorum is met
        and a moment longer, or until all have answered. Raises `WitnessAheadError`.
        """
        tasks = {
            asyncio.create_task(self._cosign(each, request, old_sizes.get(_id(each), 0))): each
            for each in policy.witnesses
            if each.url and each.name not in already
        }
        cosigned: dict[str, Cosignature] = {}
        pending, wait_until = set(tasks), float("inf")
        now = asyncio.get_running_loop().time
        try:
            while pending and now() < wait_until:
                patience = min(wait_until - now(), PATIENCE)
                done, pending = await asyncio.wait(
                    pending, timeout=patience, return_when=asyncio.FIRST_COMPLETED
                )
                for task in (task for task in tasks if task in done):
                    name = tasks[task].name
                    cosigned |= self._heard(name, task)
                if policy.is_met_by({*already, *cosigned}):
                    wait_until = min(wait_until, now() + GRACE)
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task, witness in tasks.items():
            if task in pending:
                self._say(witness.name, "it has not answered in time")
        return cosigned

    def reasons(self) -> str:
        """Why which witness did not cosign when it was last asked."""
        return "; ".join(f"{name}: {reason}" for name, reason in sorted(self._said.items()))

    def _heard(self, name: str, task: asyncio.Task[Cosignature]) -> dict[str, Cosignature]:
        try:
            cosignature = task.result()
        except _Declined as declined:
            self._say(name, str(declined))
            return {}
        if self._said.pop(name, None) is not None:
            logger.warning("the witness %s cosigns again", name)
        return {name: cosignature}

    def _say(self, name: str, reason: str) -> None:
        if self._said.get(name) != reason:
            logger.error("the witness %s has not cosigned: %s", name, reason)
        self._said[name] = reason

    async def _cosign(self, witness: Witness, request: Request, old_size: int) -> Cosignature:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._post(witness, request, old_size)
                newer = _size_said(answer)
                if newer is not None and newer <= request.size and newer != old_size:
                    answer = await self._post(witness, request, newer)
        except TimeoutError:
            raise _Declined("it has not answered in time") from None
        except OSError as fault:
            raise _Declined(f"it could not be reached ({fault})") from None
        return _read_answer(witness, request, answer)

    async def _post(self, witness: Witness, request: Request, old_size: int) -> Answer:
        proof = await request.prove_from(old_size) if old_size else ()
        lines = [f"old {old_size}", *map(format_bytes, proof), "", request.note]
        return await self.ask(witness.url.rstrip("/") + "/add-checkpoint", "\n".join(lines))


def _id(witness: Witness) -> tuple[str, bytes]:
    return witness.key.name, witness.key.id


def _size_said(answer: Answer) -> int | None:
    """The size a witness says it has seen; `None` when that is not what it answers."""
    kind = answer.content_type.partition(";")[0].strip().lower()
    if answer.status != CONFLICT or kind != TREE_SIZE:
        return None
    try:
        return parse_number(answer.body.removesuffix("\n"))
    except Malformed:
        return None


def _read_answer(witness: Witness, request: Request, answer: Answer) -> Cosignature:
    seen = _size_said(answer)
    if seen is not None and seen > request.size:
        raise WitnessAheadError(
            f"The witness {witness.name} has cosigned a tree of {seen} entries of this log, and "
            f"here it has {request.size}: this database and its guard are older than what was "
            "published. Nothing is published: put the newest database and guard back, or begin a "
            "successor; if the witness is wrong, take it out of the policy."
        )
    if answer.status != COSIGNED:
        shown = " ".join(answer.body[:SHOWN_OF_AN_ANSWER].split())
        raise _Declined(f"it answered {answer.status}: {shown or 'nothing'}")
    return _own_cosignature(witness, request, answer.body)


def _own_cosignature(witness: Witness, request: Request, body: str) -> Cosignature:
    """The line of this witness among those it answered with, if it is good."""
    key = witness.key
    try:
        lines = [parse_signature_line(line) for line in body.removesuffix("\n").split("\n")]
        [signature] = [each for each in lines if (each.name, each.key_id) == (key.name, key.id)]
        at = key.check(request.text, signature.signature)
    except (Malformed, SignatureFailed, ValueError):
        raise _Declined("what it answered with is no good signature of its key") from None
    if at is None or at > request.at + CLOCKS_MAY_DIFFER:
        raise _Declined("the time it cosigned with is none, or in the future")
    return Cosignature(signature, at)
