"""Everything that follows from the stored events, computed again, and what does not agree."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ledger.formats.entry import (
    AT,
    KIND,
    SLOTS,
    SUBJECT,
    Event,
    commitment_of,
    parse_event,
)
from ledger.formats.hashing import (
    HASH_SIZE,
    NO_HASH,
    SALT_SIZE,
    Hash,
    chain_hash,
    field_hash,
    leaf_hash,
    subject_key,
)
from ledger.formats.spelling import Malformed, parse_instant
from ledger.formats.tree import TILE_HEIGHT, TILE_WIDTH, Tile, fold, grow, split_hashes

NAME_SIZE_MAX = 255


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and at which index; of a whole stretch of the log, at its first."""

    index: int
    table: str
    problem: str


@dataclass(frozen=True, slots=True)
class SubjectState:
    """How far a subject is, and the index of its last event."""

    next_number: int
    head_leaf: Hash
    index: int


@dataclass(slots=True)
class Recomputation:
    """The log as it follows from the events given so far, and all that is wrong with them."""

    salts: Mapping[bytes, bytes]
    findings: list[Finding] = field(default_factory=list)
    size: int = 0
    edge: list[Hash] = field(default_factory=list)
    chain: Hash = NO_HASH
    last_at: datetime | None = None
    openings: int = 0
    subjects: dict[bytes, SubjectState] = field(default_factory=dict)
    tiles: dict[Tile, bytes] = field(default_factory=lambda: defaultdict(bytes))

    @property
    def root(self) -> Hash:
        return fold(self.edge)

    def add(self, row: Any, openings: Sequence[Any]) -> None:
        """Take the next event. What is stored of it is judged, and then built upon, so that
        one wrong value is found once and not again at every event after it.
        """
        leaf = leaf_hash(row.entry)
        self._judge("ledger_event", "its leaf is not the hash of its entry", row.leaf == leaf)
        leaf = _hash_or(leaf, row.leaf)
        chain = chain_hash(self.chain, leaf)
        self._judge("ledger_event", "its chain does not continue", row.chain == chain)
        before = self.subjects.get(row.subject, SubjectState(0, NO_HASH, 0))
        event = self._parse(row.entry)
        if event is not None:
            self._check_subject(row, event, before)
            self._check_openings(row, event, openings)
        self.subjects[row.subject] = SubjectState(before.next_number + 1, leaf, self.size)
        self.chain = _hash_or(chain, row.chain)
        self.edge, kept = grow(self.edge, self.size, leaf)
        for tile, each in kept:
            self.tiles[tile] += each
        self.openings += len(openings)
        self.size += 1

    def take_full_tiles(self) -> Iterator[tuple[Tile, bytes]]:
        full = [
            tile for tile, hashes in self.tiles.items() if len(hashes) == TILE_WIDTH * HASH_SIZE
        ]
        for tile in full:
            yield tile, self.tiles.pop(tile)

    def judge_tile(self, tile: Tile, hashes: bytes, stored: bytes) -> None:
        """Compare a tile hash by hash; the first wrong one names the first leaf below it."""
        for place in range(0, max(len(hashes), len(stored)), HASH_SIZE):
            if hashes[place : place + HASH_SIZE] != stored[place : place + HASH_SIZE]:
                position = tile.number * TILE_WIDTH + place // HASH_SIZE
                index = position << tile.level * TILE_HEIGHT
                problem = f"tile {tile.number} of level {tile.level} does not hold its hashes"
                self.findings.append(Finding(index, "ledger_tile", problem))
                return

    def _judge(self, table: str, problem: str, agrees: bool) -> None:
        if not agrees:
            self.findings.append(Finding(self.size, table, problem))

    def _parse(self, entry: bytes) -> Event | None:
        try:
            return parse_event(entry)
        except Malformed:
            self._judge("ledger_event", "its entry is not in its canonical form", agrees=False)
            return None

    def _check_subject(self, row: Any, event: Event, before: SubjectState) -> None:
        salt = self.salts.get(row.subject, b"")
        is_theirs = len(salt) == SALT_SIZE and event.key == subject_key(salt, row.subject)
        self._judge("ledger_subject", "its key is not that of its subject and salt", is_theirs)
        numbers = {row.number, event.number, before.next_number}
        self._judge("ledger_event", "its number does not follow the one before", len(numbers) == 1)
        follows = event.previous == before.head_leaf
        self._judge("ledger_event", "it does not name the subject's event before", follows)

    def _check_openings(self, row: Any, event: Event, openings: Sequence[Any]) -> None:
        is_whole = len(row.digests) == SLOTS * HASH_SIZE
        digests = split_hashes(row.digests) if is_whole else []
        committed = is_whole and commitment_of(digests) == event.commitment
        self._judge("ledger_event", "its digests are not what it commits to", committed)
        for opening in openings:
            opens = opening.slot in range(len(digests)) and _opens(opening, digests[opening.slot])
            problem = f"slot {opening.slot} does not open what was committed to"
            self._judge("ledger_opening", problem, opens)
        in_order = _stand_in_order(openings)
        self._judge("ledger_opening", "public and private facts are mixed up", in_order)
        facts = {opening.name: opening.value for opening in openings if opening.is_public}
        always = {KIND.encode(), AT.encode(), SUBJECT.encode()} <= facts.keys()
        is_theirs = always and facts[SUBJECT.encode()] == row.subject
        self._judge("ledger_opening", "its kind, instant and subject are not there", is_theirs)
        if always:
            self._check_instant(facts[AT.encode()])

    def _check_instant(self, value: bytes) -> None:
        try:
            at = parse_instant(value.decode())
        except (Malformed, UnicodeDecodeError):
            self._judge("ledger_opening", "its instant is not one", agrees=False)
            return
        advances = self.last_at is None or at >= self.last_at
        self._judge("ledger_opening", "it is older than the event before", advances)
        self.last_at = at


def _hash_or(computed: Hash, stored: bytes) -> Hash:
    return Hash(stored) if len(stored) == HASH_SIZE else computed


def _opens(opening: Any, digest: Hash) -> bool:
    is_sound = len(opening.salt) == SALT_SIZE and len(opening.name) <= NAME_SIZE_MAX
    return is_sound and field_hash(opening.salt, opening.name, opening.value) == digest


def _stand_in_order(openings: Sequence[Any]) -> bool:
    """Whether the public facts fill slots from the first on and the private ones to the last."""
    public = [opening.slot for opening in openings if opening.is_public]
    private = [opening.slot for opening in openings if not opening.is_public]
    return public == list(range(len(public))) and private == list(
        range(SLOTS - len(private), SLOTS)
    )
