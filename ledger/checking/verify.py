"""What a stranger runs: a proof file and a policy go in, what is proven comes out.

In this order, so that nothing is judged under what is itself not certain yet:

1. the checkpoint is signed by a log of the policy, and cosigned by a quorum of its witnesses;
2. its last entry is the state of the log, which tells the time where no witness does;
3. that was not too long ago, nor is it still to come;
4. the events are of this subject, none is left out, each stands in the log;
5. the state map says that these are all of them;
6. what the file opens of them is what was recorded;
7. a certificate can have lived so.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from ledger.checking.life import ALWAYS, live_at_last, live_on
from ledger.checking.verified import Verified, VerifiedEvent
from ledger.formats.checkpoint import Checkpoint
from ledger.formats.entry import Event, State, parse_mark
from ledger.formats.fields import AT, KIND
from ledger.formats.hashing import NO_HASH, Hash, leaf_hash, subject_key
from ledger.formats.keys import SignatureFailed
from ledger.formats.multiproof import check_leaves
from ledger.formats.policy import NONE, Policy, QuorumMissed, Witnessed, parse_policy
from ledger.formats.proof_file import Form, MalformedProof, ProofFile, ProvenEvent, parse_proof_file
from ledger.formats.proofs import ProofFailed, check_inclusion
from ledger.formats.slots import check_opened
from ledger.formats.spelling import Malformed, parse_instant
from ledger.formats.state_map import Standing as Place
from ledger.formats.state_map import check_absence, check_presence
from ledger.formats.tree import Span, subtrees

# How far apart clocks may be that are meant to show the same time.
CLOCK_TOLERANCE = timedelta(minutes=5)

# The last instant a datetime can tell, in whole seconds since 1970 UTC.
LAST_SECOND = 253_402_300_799


class StaleProof(ProofFailed):
    """The proof held at its time, which is longer ago than is accepted."""


def verify(
    proof: str,
    policy: str,
    *,
    now: datetime | None = None,
    max_age: timedelta | None = None,
) -> Verified:
    """Check everything a proof file says, offline: nothing is asked but the file and the policy.

    `policy` is a text as in c2sp.org/tlog-policy: whom the reader trusts. With `now`, a proof
    of the future is refused, and with `max_age`, which needs `now`, one that is older.

    Gives one complete result, or raises: `MalformedProof` for what is no proof file, and its
    parent `Malformed` for a policy that is none; `StaleProof` for one too old; `ProofFailed`,
    its parent, for one that does not prove what it says. Each has a sentence for a person.
    """
    assert now is not None or max_age is None, "An age is told by `now`."
    trusted, file = _trusted(policy), parse_proof_file(proof)
    witnessed = _open_checkpoint(trusted, file)
    checkpoint = witnessed.checkpoint
    state = _check_state(file, checkpoint)
    as_of = _instant(state.time if witnessed.as_of is None else witnessed.as_of)
    _check_age(state, as_of, now, max_age)
    head = _check_events(file, checkpoint.tree_size)
    _check_map(file, head, state)
    return Verified(
        file.subject,
        checkpoint.origin,
        checkpoint.tree_size,
        checkpoint.root,
        _instant(state.time),
        as_of,
        (checkpoint.origin,) if trusted.quorum == NONE else witnessed.by,
        witnessed.by,
        file.form,
        file.count,
        tuple(_replay(file, state)),
    )


@lru_cache(maxsize=16)
def _trusted(policy: str) -> Policy:
    """Whoever checks many files trusts the same all the time."""
    return parse_policy(policy)


def _open_checkpoint(trusted: Policy, file: ProofFile) -> Witnessed:
    try:
        return trusted.open(file.tlog_proof.checkpoint)
    except QuorumMissed as missed:
        raise ProofFailed(f"Witnesses are missing. {missed}") from None
    except SignatureFailed as failed:
        raise ProofFailed(f"The checkpoint is not one to be trusted. {failed}") from None
    except Malformed as malformed:
        raise MalformedProof(*malformed.args) from None


def _check_state(file: ProofFile, checkpoint: Checkpoint) -> State:
    try:
        state = parse_mark(file.state)
    except Malformed as malformed:
        raise MalformedProof(*malformed.args) from None
    proof, size = file.tlog_proof, checkpoint.tree_size
    if not isinstance(state, State) or not proof.index == state.size == size - 1:
        raise ProofFailed("The state in the file is not the last entry under its checkpoint.")
    leaf, root = leaf_hash(file.state), checkpoint.root
    try:
        check_inclusion(proof.hashes, tree_size=size, root=root, index=proof.index, leaf=leaf)
    except ProofFailed:
        raise ProofFailed(
            "The checkpoint is of another tree than the file tells of: it was exchanged, "
            "or the log shows one tree to some and another to others."
        ) from None
    return state


def _check_age(
    state: State, as_of: datetime, now: datetime | None, max_age: timedelta | None
) -> None:
    ahead = _instant(state.time) - as_of
    if ahead > CLOCK_TOLERANCE:
        raise ProofFailed(
            f"The log dates its state {_spoken(ahead)} later than its witnesses saw it: "
            "one of the clocks is wrong."
        )
    if now is None:
        return
    if as_of - now > CLOCK_TOLERANCE:
        raise ProofFailed(
            f"The proof is of {as_of:%Y-%m-%d %H:%M:%S} UTC, which by this computer's clock has "
            "not come yet: one of the clocks is wrong."
        )
    if max_age is not None and now - as_of > max_age:
        raise StaleProof(
            f"The proof is of {as_of:%Y-%m-%d %H:%M:%S} UTC. That is {_spoken(now - as_of)} ago, "
            f"and no more than {_spoken(max_age)} is accepted: ask for a newer one."
        )


def _check_events(file: ProofFile, tree_size: int) -> Hash:
    """Gives the leaf hash of the last event; of no event it is that of nothing."""
    if subject_key(file.salt, file.subject.encode()) != file.key:
        raise ProofFailed(
            "The number or the salt was exchanged: what the file shows is of another certificate."
        )
    _require_all_events([event.number for event in file.events], file)
    for one, next_one in pairwise(file.events):
        if one.index >= next_one.index:
            raise ProofFailed(
                f"Event {next_one.number} stands in the log before event {one.number}: "
                "the events are not in their order."
            )
    leaves, head = {}, NO_HASH
    for event in file.events:
        head = leaves[event.index] = _leaf_of(event, file.key, head)
    try:
        _check_included(file, leaves, tree_size)
    except ProofFailed:
        raise ProofFailed(
            "The events are not in the log as the file tells them: one was altered, or left out."
        ) from None
    return head


def _leaf_of(event: ProvenEvent, key: Hash, before: Hash) -> Hash:
    previous = before if event.previous is None else event.previous
    if (event.number == 0) != (previous == NO_HASH):
        raise ProofFailed(f"Event {event.number} does not say what was before it.")
    return leaf_hash(Event(event.commitment, key, event.number, previous).encode())


def _check_included(file: ProofFile, leaves: Mapping[int, Hash], tree_size: int) -> None:
    """The state being the last entry, its path is of the complete trees that stand before it."""
    hashes = iter(file.tree)
    trees = zip(subtrees(Span(0, tree_size - 1)), reversed(file.tlog_proof.hashes), strict=True)
    checked = 0
    for tree, root in trees:
        within = {at: leaf for at, leaf in leaves.items() if at >> tree.height == tree.position}
        if within:
            check_leaves(hashes, whole=tree, root=root, leaves=within)
            checked += len(within)
    if checked != len(leaves) or next(hashes, None) is not None:
        raise ProofFailed


def _require_all_events(numbers: Sequence[int], file: ProofFile) -> None:
    """Those that the form asks for, by the file's own count, which the map will judge."""
    shown = {Form.FULL: len(numbers) >= 1, Form.SHORT: len(numbers) == 1, Form.ABSENT: not numbers}
    if not shown[file.form] or (file.count == 0) != (not numbers):
        raise ProofFailed("The file does not show the events that its form asks for.")
    for one, next_one in pairwise(numbers):
        if one >= next_one:
            raise ProofFailed(
                f"Event {next_one} comes after event {one}: the events are not in their order."
            )
    last = numbers[-1] if numbers else -1
    if last < file.count - 1:
        raise ProofFailed(
            f"The last event is withheld: the certificate has {file.count} events, "
            f"and number {file.count - 1} is not in the file."
        )
    if last > file.count - 1:
        raise ProofFailed(f"The file shows events beyond the {file.count} it tells of.")
    for expected, number in enumerate(numbers, 0 if file.form is Form.FULL else last):
        if number != expected:
            raise ProofFailed(f"Event {expected} is missing from the file.")


def _check_map(file: ProofFile, head: Hash, state: State) -> None:
    try:
        if file.form is Form.ABSENT:
            check_absence(file.map_proof, key=file.key, root=state.map_root)
            return
        place = Place(file.count, file.events[-1].index, head)
        check_presence(file.map_proof, key=file.key, value=place.digest(), root=state.map_root)
    except ProofFailed:
        raise ProofFailed(
            "The log's map of all certificates says otherwise: this one has other events than "
            "the file tells of, or more."
        ) from None


def _replay(file: ProofFile, state: State) -> Iterator[VerifiedEvent]:
    earlier: VerifiedEvent | None = None
    for event in file.events:
        try:
            earlier = _relive(event, earlier)
        except ProofFailed as failed:
            raise ProofFailed(f"Event {event.number} cannot be so: {failed}.") from None
        if earlier.at >= _instant(state.time + 1):
            raise ProofFailed(f"Event {event.number} is dated after the state it is part of.")
        yield earlier


def _relive(event: ProvenEvent, earlier: VerifiedEvent | None) -> VerifiedEvent:
    facts = _open_facts(event)
    kind = facts[KIND]
    try:
        at = parse_instant(facts[AT])
    except Malformed:
        raise ProofFailed("it does not say when it was") from None
    if earlier is not None and at < earlier.at:
        raise ProofFailed("it is dated before the event before it")
    if event.previous is None or event.number == 0:
        standing = live_on(earlier.standing if earlier else None, kind, at, facts)
    else:
        standing = live_at_last(kind, at, facts)
    own = {name: value for name, value in facts.items() if name not in ALWAYS}
    return VerifiedEvent(event.index, event.number, kind, at, standing, MappingProxyType(own))


def _open_facts(event: ProvenEvent) -> dict[str, str]:
    try:
        check_opened(event.opened, event.rest, event.commitment)
    except ProofFailed:
        raise ProofFailed("a fact that the file tells of it is not what was recorded") from None
    always = [(field.slot, field.name) for field in event.opened[: len(ALWAYS)]]
    if always != list(enumerate(ALWAYS)):
        raise ProofFailed(f"not all of its facts {', '.join(ALWAYS)} are shown")
    return {field.name: field.value for field in event.opened}


def _instant(seconds: int) -> datetime:
    """Of seconds since 1970 UTC."""
    if seconds > LAST_SECOND:
        raise ProofFailed("The proof is of a time that no calendar has.")
    return datetime.fromtimestamp(seconds, UTC)


def _spoken(age: timedelta) -> str:
    """In whole units: `3 days`, `36 hours`, `12 minutes`."""
    seconds = int(age.total_seconds())
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60))
    unit, length = next((each for each in units if seconds >= 2 * each[1]), ("second", 1))
    return f"{seconds // length} {unit}s"
