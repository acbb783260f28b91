"""A log in memory that signs whatever it is told to, and the proof files it gives out."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from ledger.checking.life import UNBURDENED
from ledger.formats.checkpoint import Checkpoint
from ledger.formats.entry import Event, State
from ledger.formats.fields import SLOTS, Field, SaltedFields, commitment_of
from ledger.formats.hashing import NO_HASH, chain_hash, leaf_hash, map_leaf_hash, subject_key
from ledger.formats.keys import Algorithm
from ledger.formats.multiproof import brothers_before
from ledger.formats.note import Note
from ledger.formats.policy import Group, Policy, TrustedLog, Witness
from ledger.formats.proof_file import Form, ProofFile, ProvenEvent
from ledger.formats.proofs import prove_inclusion
from ledger.formats.slots import close_slots
from ledger.formats.spelling import format_instant
from ledger.formats.state_map import MapProof, Standing, prove_among, root_of
from ledger.formats.tlog_proof import TlogProof
from ledger.formats.tree import Subtree, Tile, extend, fold, subtree_hash
from ledger.signing.key_file import SecretKey

ORIGIN = "datatitle.example/log"
NUMBER = "20260131000000001"
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
END = START + timedelta(days=3 * 365)

LOG_KEY = SecretKey(ORIGIN, Algorithm.ED25519, bytes([1]) * 32)
QUANTUM_KEY = SecretKey(ORIGIN, Algorithm.ML_DSA_44, bytes([2]) * 32)
WITNESS_KEYS = [
    SecretKey(f"witness.example/{name}", Algorithm.COSIGNATURE, bytes([seed]) * 32)
    for seed, name in ((3, "bank"), (4, "court"))
]
SIGNERS = [LOG_KEY, *WITNESS_KEYS]
ALONE = Policy((TrustedLog(LOG_KEY.verifying_key),), (), (), "none")
BOTH = Policy(
    (TrustedLog(LOG_KEY.verifying_key),),
    tuple(
        Witness(name, key.verifying_key)
        for name, key in zip(("bank", "court"), WITNESS_KEYS, strict=True)
    ),
    (Group("both", 2, ("bank", "court")),),
    "both",
)


def salt_of(subject):
    return sha256(subject.encode()).digest()[:16]


def key_of(subject):
    return subject_key(salt_of(subject), subject.encode())


def standing(**changes):
    """The facts that every event has after kind and instant, in their order."""
    facts = {
        "status": "ACTIVE",
        "holder": "party_1",
        "effective_end": END,
        "pledges": 0,
        "burdened_until": UNBURDENED,
    } | changes
    return {
        name: format_instant(value) if isinstance(value, datetime) else str(value)
        for name, value in facts.items()
    }


def signed(text, signers=SIGNERS, at=START):
    return Note(text, tuple(each.sign(text, int(at.timestamp())) for each in signers)).encode()


def salted(public, private, seed):
    """As `salt_fields` has it, but the same for the same seed."""

    def drawn(number):
        return sha256(f"{seed} {number}".encode()).digest()

    first_hidden = SLOTS - len(private)
    slots = [*range(len(public)), *range(first_hidden, SLOTS)]
    facts = zip(slots, (public | private).items(), strict=True)
    fields = tuple(Field(slot, name, drawn(slot)[:16], value) for slot, (name, value) in facts)
    digests = [drawn(number) for number in range(SLOTS, 2 * SLOTS)]
    for field in fields:
        digests[field.slot] = field.digest()
    return SaltedFields(fields[: len(public)], fields[len(public) :], tuple(digests))


class PaperLog:
    """Entries stand in `entries`, events by subject as (index, entry, fields) in `events`.

    Two logs of the same seed that were told the same are the same.
    """

    def __init__(self, seed=""):
        self.seed = seed
        self.entries = []
        self.events = defaultdict(list)
        self.places = {}
        self.chain = NO_HASH
        self.now = START

    def add(self, entry):
        self.entries.append(entry)
        self.chain = chain_hash(self.chain, leaf_hash(entry))

    def act(self, kind="certificate-issued", *, on=NUMBER, at=None, own=None, says=None, **facts):
        """Record an act. `says` replaces what the entry says; `facts` how the title stands."""
        self.now = at or self.now + timedelta(seconds=60)
        fields = salted(
            {"kind": kind, "at": format_instant(self.now), **standing(**facts), **(own or {})},
            {"actor": "样例"},
            f"{self.seed} {len(self.entries)}",
        )
        history = self.events[on]
        told = {
            "commitment": commitment_of(fields.digests),
            "key": key_of(on),
            "number": len(history),
            "previous": leaf_hash(history[-1][1]) if history else NO_HASH,
        } | (says or {})
        entry = Event(**told).encode()
        history.append((len(self.entries), entry, fields))
        self.places[key_of(on)] = Standing(len(history), len(self.entries), leaf_hash(entry))
        self.add(entry)

    def fill(self, count):
        """Events on other certificates, none of which is ever proven."""
        for _ in range(count):
            self.act(on=f"other {len(self.entries)}", at=self.now)

    def seal(self, **says):
        """Write the state down: what it says is true unless it is told to say otherwise."""
        self.now += timedelta(seconds=1)
        told = {
            "chain": self.chain,
            "map_root": root_of({key: place.digest() for key, place in self.places.items()}),
            "size": len(self.entries),
            "time": int(self.now.timestamp()),
        } | says
        self.add(State(**told).encode())

    def checkpoint(self, origin=ORIGIN):
        _, edge = self._tree()
        return Checkpoint(origin, len(self.entries), fold(edge)).text()

    def note(self, signers=SIGNERS, at=None):
        return signed(self.checkpoint(), signers, at or self.now)

    def prove(self, form=Form.FULL, *, of=NUMBER, shown=None, until=None, note=None):
        """A proof file: honest, unless only the events `until` one, or not all facts, are shown."""
        tiles, _ = self._tree()
        last, history = len(self.entries) - 1, self.events.get(of, [])[:until]
        count = 0 if form is Form.ABSENT else len(history)
        first = max(count - 1, 0) if form is Form.SHORT else 0
        events = tuple(self._proven(at, history, form, shown) for at in range(first, count))
        of_state = prove_inclusion(last, last + 1, tiles.__getitem__)
        return ProofFile(
            form,
            count,
            key_of(of),
            salt_of(of),
            of,
            self.entries[-1],
            self._map_proof(key_of(of)),
            tuple(
                subtree_hash(Subtree(*brother), tiles.__getitem__)
                for brother in brothers_before(last, [event.index for event in events])
            ),
            events,
            TlogProof(last, tuple(of_state), note or self.note()),
        )

    def _proven(self, number, history, form, shown):
        index, _, fields = history[number]
        opened = fields.public if shown is None else fields.public[:shown]
        before = leaf_hash(history[number - 1][1]) if number else NO_HASH
        return ProvenEvent(
            number,
            index,
            commitment_of(fields.digests),
            before if form is Form.SHORT else None,
            opened,
            close_slots(fields.digests, [field.slot for field in opened]),
        )

    def _map_proof(self, key):
        leaves = [
            (each, map_leaf_hash(each, place.digest()))
            for each, place in sorted(self.places.items())
        ]
        if not leaves:
            return MapProof()
        steps, at = prove_among(leaves, key)
        stands = leaves[at][0]
        other = None if stands == key else (stands, self.places[stands].digest())
        return MapProof(tuple(steps), other)

    def _tree(self):
        tiles, edge = defaultdict(bytes), []
        for size, entry in enumerate(self.entries):
            edge, kept = extend(edge, size, [leaf_hash(entry)])
            for tile, each in kept:
                tiles[Tile(*tile)] += each
        return tiles, edge


def pledged_log(filling=3, seed=""):
    """A certificate issued, pledged, licensed and released, with `filling` entries between."""
    log = PaperLog(seed)
    until = START + timedelta(days=365)
    license_facts = {
        "license": "license_1",
        "license_kind": "EXCLUSIVE",
        "period": f"{format_instant(START)}/{format_instant(until)}",
    }
    log.fill(filling)
    log.act("certificate-issued")
    log.fill(filling)
    log.act("pledge-registered", pledges=1, own={"pledge": "pledge_1", "sequence": "1"})
    log.fill(filling)
    log.act("license-granted", pledges=1, burdened_until=until, own=license_facts)
    log.fill(filling)
    log.act("pledge-released", burdened_until=until, own={"reason": "已还清"})
    log.fill(filling)
    log.seal()
    return log
