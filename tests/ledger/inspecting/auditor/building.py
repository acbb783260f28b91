"""Logs as public files, honest and dishonest ones, made entry by entry."""

from dataclasses import dataclass, field, replace
from hashlib import sha256

from ledger.formats.bundles import format_bundle
from ledger.formats.checkpoint import Checkpoint
from ledger.formats.entry import Event, KeyChange, State, key_change_text
from ledger.formats.hashing import NO_HASH, Hash, chain_hash, leaf_hash
from ledger.formats.keys import Algorithm
from ledger.formats.note import Note
from ledger.formats.state_map import Standing, root_of
from ledger.formats.tile_paths import entries_path, tile_path, tile_width
from ledger.formats.tree import TILE_WIDTH, extend, fold
from ledger.signing.key_file import SecretKey

ORIGIN = "datatitle.example/log"


def secret_key(seed=1, name=ORIGIN, algorithm=Algorithm.ED25519):
    return SecretKey(name, algorithm, bytes([seed]) * 32)


@dataclass
class BuiltLog:
    key: SecretKey = field(default_factory=secret_key)
    entries: list[bytes] = field(default_factory=list)
    standings: dict[Hash, Standing] = field(default_factory=dict)
    chain: Hash = NO_HASH
    time: int = 1_800_000_000

    def add(self, entry):
        """Any entry at all."""
        encoded = entry if isinstance(entry, bytes) else entry.encode()
        self.chain = chain_hash(self.chain, leaf_hash(encoded))
        self.entries.append(encoded)
        return self

    def event(self, subject, **told):
        """The next event of a subject; `told` says something else than the truth of it."""
        key = Hash(sha256(subject.encode()).digest())
        before = self.standings.get(key, Standing(0, 0, NO_HASH))
        commitment = Hash(sha256(b"%d" % len(self.entries)).digest())
        event = replace(Event(commitment, key, before.count, before.head), **told)
        leaf = leaf_hash(event.encode())
        self.standings[event.key] = Standing(event.number + 1, len(self.entries), leaf)
        return self.add(event)

    def state(self, **told):
        """The state leaf that belongs here; `told` says something else than the truth of it."""
        self.time += 1
        root = root_of({key: each.digest() for key, each in self.standings.items()})
        return self.add(replace(State(self.chain, root, len(self.entries), self.time), **told))

    def key_change(self, new, old=None, signers=None):
        """From one key to another; `signers` sign in their place."""
        old = old or self.key
        vkeys = old.verifying_key.vkey(), new.verifying_key.vkey()
        text = key_change_text(ORIGIN, *vkeys)
        by_old, by_new = (each.sign(text).signature for each in signers or (old, new))
        return self.add(KeyChange(vkeys[0], by_old, vkeys[1], by_new))

    def events(self, count, subjects=5):
        for number in range(count):
            self.event(f"subject {number % subjects}")
        return self

    @property
    def checkpoint(self):
        edge, _ = extend([], 0, [leaf_hash(entry) for entry in self.entries])
        return Checkpoint(ORIGIN, len(self.entries), fold(edge))

    def note(self, *signers):
        text = self.checkpoint.text()
        return Note(text, tuple(each.sign(text) for each in signers or (self.key,))).encode()

    def publish(self, folder, *signers):
        """Write all files of the log as it stands, over those that are there."""
        _, kept = extend([], 0, [leaf_hash(entry) for entry in self.entries])
        size = len(self.entries)
        files = {tile_path(tile, tile_width(tile, size)): hashes for tile, hashes in kept}
        for start in range(0, size, TILE_WIDTH):
            entries = self.entries[start : start + TILE_WIDTH]
            files[entries_path(start // TILE_WIDTH, len(entries))] = format_bundle(entries)
        files["checkpoint"] = self.note(*signers).encode()
        for path, content in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return folder
