"""A log lived through again, entry by entry, by somebody who was told nothing but the entries."""

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.entry import Entry, Event, Freeze, KeyChange, Origin, State, parse_entry
from ledger.formats.hashing import NO_HASH, Hash, chain_hash, leaf_hash
from ledger.formats.keys import Algorithm, SignatureFailed, VerifyingKey, parse_vkey
from ledger.formats.map_replay import ReplayedMap
from ledger.formats.note import parse_note
from ledger.formats.spelling import Malformed
from ledger.formats.state_map import Standing
from ledger.formats.tree import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Span,
    Tile,
    extend,
    fold,
    subtree_hash,
    subtrees,
)


class RuleBroken(Exception):  # noqa: N818 - what an auditor finds, not a fault of ours.
    """Entry `index` is not as an honest log would have it; `why` is a sentence for a person."""

    def __init__(self, index: int, why: str) -> None:
        super().__init__(f"entry {index}: {why}")
        self.index = index
        self.why = why


@dataclass(slots=True)
class Replay:
    """What all entries so far amount to. An auditor keeps it and continues from there.

    `keys` are the log's Ed25519 keys that are trusted, which grow when one hands on to another;
    `tiles` holds the last tile of every level, `changed` the subjects with events since it was
    begun or taken up again. `restored` says where the subjects stood before that.
    """

    origin: str
    keys: list[VerifyingKey]
    size: int = 0
    chain: Hash = NO_HASH
    time: int = 0
    states: int = 0
    frozen_at: int | None = None
    tiles: dict[Tile, bytes] = field(default_factory=dict)
    restored: InitVar[Mapping[Hash, Standing] | None] = None
    standings: dict[Hash, Standing] = field(init=False, default_factory=dict)
    changed: set[Hash] = field(init=False, default_factory=set)
    ends_with_state: bool = field(init=False)
    _map: ReplayedMap = field(init=False, default_factory=ReplayedMap)
    _edge: list[Hash] = field(init=False)
    _unmapped: dict[Hash, Hash] = field(init=False, default_factory=dict)

    def __post_init__(self, restored: Mapping[Hash, Standing] | None) -> None:
        self.standings.update(restored or {})
        self._map.update({key: each.digest() for key, each in self.standings.items()})
        parts = subtrees(Span(0, self.size))
        self._edge = [subtree_hash(part, self.tiles.__getitem__) for part in parts]
        self.ends_with_state = self.size > 0

    @property
    def root(self) -> Hash:
        return fold(self._edge)

    def add(self, entries: Sequence[bytes]) -> dict[Tile, bytes]:
        """Live through the next entries; raise `RuleBroken` where an honest log holds others.

        Gives all tiles that they changed.
        """
        start, leaves = self.size, []
        for encoded in entries:
            entry, leaf = self._parsed(encoded), leaf_hash(encoded)
            self._judge(entry, leaf)
            self.ends_with_state = isinstance(entry, State)
            self.chain = chain_hash(self.chain, leaf)
            self.size += 1
            leaves.append(leaf)
        self._edge, kept = extend(self._edge, start, leaves)
        grown = {tile: self.tiles.get(tile, b"") + hashes for tile, hashes in kept}
        self.tiles = {
            tile: hashes
            for tile, hashes in (self.tiles | grown).items()
            if tile.number == (self.size >> tile.level * TILE_HEIGHT) // TILE_WIDTH
        }
        return grown

    def _parsed(self, encoded: bytes) -> Entry:
        try:
            return parse_entry(encoded)
        except Malformed as malformed:
            raise self._broken(str(malformed)) from None

    def _judge(self, entry: Entry, leaf: Hash) -> None:
        if self.frozen_at is not None:
            is_seal = self.size == self.frozen_at + 1 and isinstance(entry, State)
            self._require(is_seal, "the log was frozen before it, and one state leaf alone follows")
        match entry:
            case Event():
                self._judge_event(entry, leaf)
            case State():
                self._judge_state(entry)
            case KeyChange():
                self._judge_key_change(entry)
            case Freeze():
                self.frozen_at = self.size
            case Origin():
                self._judge_origin(entry)

    def _judge_event(self, event: Event, leaf: Hash) -> None:
        before = self.standings.get(event.key)
        count, head = (0, NO_HASH) if before is None else (before.count, before.head)
        self._require(event.number == count, f"its number is {event.number}, not {count}")
        self._require(event.previous == head, "it does not name the event before of its subject")
        standing = Standing(count + 1, self.size, leaf)
        self.standings[event.key] = standing
        self.changed.add(event.key)
        self._unmapped[event.key] = standing.digest()

    def _judge_state(self, state: State) -> None:
        self._require(state.size == self.size, f"its size is {state.size}, not {self.size}")
        self._require(state.chain == self.chain, "its chain is not that of the entries before it")
        self._require(state.time >= self.time, "it is older than the state leaf before")
        self._map.update(self._unmapped)
        self._unmapped.clear()
        self._require(state.map_root == self._map.root, "its map root is not that of the subjects")
        self.time = state.time
        self.states += 1

    def _judge_key_change(self, change: KeyChange) -> None:
        text = change.signed_text(self.origin)
        try:
            old, new = parse_vkey(change.old), parse_vkey(change.new)
            old.check(text, change.old_signature)
            new.check(text, change.new_signature)
        except (Malformed, SignatureFailed):
            raise self._broken("not both keys have signed the change of key") from None
        are_ours = {(key.name, key.algorithm) for key in (old, new)} == {
            (self.origin, Algorithm.ED25519)
        }
        self._require(are_ours, "it changes a key that is not of this log")
        if old in self.keys and new not in self.keys:
            self.keys.append(new)

    def _judge_origin(self, origin: Origin) -> None:
        self._require(self.size == 0, "only the first entry says what log came before")
        try:
            parse_checkpoint(parse_note(origin.last.decode()).text)
        except (Malformed, UnicodeDecodeError):
            raise self._broken("what it names is not the signed checkpoint of a log") from None

    def _require(self, met: bool, why: str) -> None:
        if not met:
            raise self._broken(why)

    def _broken(self, why: str) -> RuleBroken:
        return RuleBroken(self.size, why)
