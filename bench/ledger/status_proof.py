"""Proof files of a certificate with ten events, under a million entries and two witnesses.

Making one beside reading the same rows with nothing around the database; checking one beside
checking its three signatures alone.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from statistics import median
from time import perf_counter
from zlib import compress

from api.opening import open_registry
from api.settings import read_settings
from bench.ledger.rows import Row, Setting, microseconds
from ledger import verify
from ledger.checking.life import UNBURDENED
from ledger.formats.checkpoint import Checkpoint
from ledger.formats.entry import POLICY, State
from ledger.formats.hashing import NO_HASH, Hash, leaf_hashes
from ledger.formats.keys import Algorithm
from ledger.formats.note import Note, parse_note
from ledger.formats.policy import Group, Policy, TrustedLog, Witness
from ledger.formats.proof_file import Form, parse_proof_file
from ledger.formats.spelling import format_instant
from ledger.formats.state_map import Standing
from ledger.formats.tree import fold
from ledger.keeping.append import NewEvent, append_events, append_mark
from ledger.keeping.placing import Unplaced, place
from ledger.keeping.reading import changed_since, last_head, read_head
from ledger.keeping.state_map import apply, plan_update
from ledger.keeping.together import Conversation, together
from ledger.signing.checkpoints import (
    Cosignature,
    keep_cosignatures,
    keep_signed,
    mark_published,
)
from ledger.signing.key_file import SecretKey
from services.clock import ManualClock
from services.registry import Registry

NUMBER = "20260131000000001"
ENTRIES = 1_000_000
CERTIFICATES = 300_000  # In the map.
ENTRY_SIZE = 200
BATCH = 1_000
FILES = 500
MAKE_GOAL, VERIFY_GOAL, SIZE_GOAL = 1e-3, 1.5e-3, 16_000
AT = datetime(2026, 1, 5, 2, tzinfo=UTC)
END = AT + timedelta(days=3 * 365)
PARTY, RECORD, HASH = f"party_{'0' * 32}", f"license_{'0' * 32}", "0" * 64
PERIOD = f"{format_instant(AT)}/{format_instant(END)}"
TERMS = {"license_kind": "NON_EXCLUSIVE", "period": PERIOD, "scope_hash": HASH}

# A certificate's first ten events, with the public facts of their own that the services record.
LIFE: Sequence[tuple[str, int, dict[str, str]]] = (
    (
        "certificate-issued",
        0,
        {
            "application": f"application_{'0' * 32}",
            "certificate_hash": HASH,
            "content_hash": HASH,
            "valid_until": format_instant(END),
        },
    ),
    ("listing-requested", 0, {}),
    ("listing-admitted", 0, {"listing": RECORD, "mode": "LICENSING"}),
    ("offer-published", 0, {"offer": RECORD, **TERMS}),
    ("license-requested", 0, {"offer": RECORD}),
    ("license-granted", 0, {"license": RECORD, **TERMS}),
    ("pledge-placed", 0, {}),
    ("pledge-registered", 1, {"pledge": RECORD, "sequence": "1"}),
    ("consent-given", 1, {}),
    ("pledge-released", 0, {"pledge": RECORD, "reason": "PAID"}),
)


async def measure(setting: Setting) -> list[Row]:
    folder = setting.folder / "status proof"
    registry = await open_registry(read_settings({"DATATITLE_DATA": str(folder)}), ManualClock(AT))
    keys = _Keys(registry.log.origin)
    await _fill(registry, setting)
    await _close(registry, keys)
    rows = list[Row]()
    for form in (Form.FULL, Form.SHORT):
        setting.tell(f"{form} proof files", 0)
        proof = await _proof(registry, form)
        alone = _read_alone(folder / "register.sqlite3")
        rows.append(_row_of_making(form, await _time_making(registry, form), alone))
        rows.append(_row_of_checking(form, proof, keys))
        if form is Form.FULL:
            rows.append(_row_of_size(proof, keys))
    await registry.close()
    return rows


class _Keys:
    """The log's two keys, and those of two witnesses of whom both are asked for."""

    def __init__(self, origin: str) -> None:
        self.log = SecretKey(origin, Algorithm.ED25519, token_bytes(32))
        self.ml_dsa = SecretKey(origin, Algorithm.ML_DSA_44, token_bytes(32))
        self.witnesses = [
            SecretKey(f"{name}.example/witness", Algorithm.COSIGNATURE, token_bytes(32))
            for name in ("bank", "court")
        ]

    def policy(self) -> str:
        witnesses = tuple(
            Witness(key.name.partition(".")[0], key.verifying_key) for key in self.witnesses
        )
        both = Group("both", 2, tuple(witness.name for witness in witnesses))
        return Policy((TrustedLog(self.log.verifying_key),), witnesses, (both,), "both").text()


async def _fill(registry: Registry, setting: Setting) -> None:
    """A tenth of the log each time: an event of the certificate, then entries of others."""
    for number, (kind, pledges, own) in enumerate(LIFE):
        setting.tell("a log of a million entries", number / len(LIFE))
        async with registry.deciding() as tx:
            event = NewEvent(NUMBER, kind, AT, _standing(pledges) | own, {"actor": PARTY})
            await append_events(tx.connection, [event])
        for start in range(1, ENTRIES // len(LIFE), BATCH):
            count = min(BATCH, ENTRIES // len(LIFE) - start)
            async with registry.deciding() as tx:
                await together(tx.connection, _place_others(count))


def _standing(pledges: int) -> dict[str, str]:
    return {
        "status": "ACTIVE",
        "holder": PARTY,
        "effective_end": format_instant(END),
        "pledges": str(pledges),
        "burdened_until": UNBURDENED,
    }


def _place_others(count: int) -> Conversation[None]:
    head = yield from last_head()
    entries = [token_bytes(ENTRY_SIZE) for _ in range(count)]
    pairs = zip(entries, leaf_hashes(entries), strict=True)
    yield from place(head, [Unplaced(POLICY, *pair) for pair in pairs], head.last_at)


async def _close(registry: Registry, keys: _Keys) -> None:
    """The state of this log with all others' certificates in its map, published and cosigned."""
    at = int(AT.timestamp())
    async with registry.deciding() as tx:
        changed = dict(await changed_since(tx.connection, 0))
        for number in range(CERTIFICATES):
            changed[Hash(sha256(b"%d" % number).digest())] = Standing(1, number, NO_HASH)
        update = await plan_update(tx.connection, changed)
        before = await read_head(tx.connection)
        state = State(before.chain, update.root, before.size, at)
        await append_mark(tx.connection, state, AT)
        await apply(tx.connection, update)
        head = await read_head(tx.connection)
        checkpoint = Checkpoint(registry.log.origin, head.size, fold(head.edge))
        text = checkpoint.text()
        note = Note(text, (keys.log.sign(text, at),)).encode()
        await keep_signed(tx.connection, checkpoint, note, AT)
        cosigned = [Cosignature(key.sign(text, at), at) for key in keys.witnesses]
        await keep_cosignatures(tx.connection, head.size, cosigned)
        await mark_published(tx.connection, head.size, AT)


async def _proof(registry: Registry, form: Form) -> str:
    async with registry.reading() as tx:
        proof = await tx.log.prove_subject(tx.connection, NUMBER, form=form)
    assert proof is not None
    return proof


async def _time_making(registry: Registry, form: Form) -> float:
    seconds = list[float]()
    async with registry.reading() as tx:
        for _ in range(FILES):
            begun = perf_counter()
            await tx.log.prove_subject(tx.connection, NUMBER, form=form)
            seconds.append(perf_counter() - begun)
    return median(seconds)


def _read_alone(database: Path) -> float:
    """The rows of the certificate, read in the same process by bare SQLite."""
    queries = (
        "SELECT * FROM ledger_subject WHERE subject = ?",
        "SELECT * FROM ledger_entry WHERE subject = ?",
        "SELECT o.* FROM ledger_entry JOIN ledger_opening o ON entry_id = id WHERE subject = ?",
    )
    seconds = list[float]()
    with closing(sqlite3.connect(database)) as connection:
        for _ in range(FILES):
            begun = perf_counter()
            for query in queries:
                connection.execute(query, (NUMBER,)).fetchall()
            seconds.append(perf_counter() - begun)
    return median(seconds)


def _row_of_making(form: Form, made: float, alone: float) -> Row:
    return Row(
        f"making a {form} proof file, 10 events, 2 witnesses",
        f"≤ {microseconds(MAKE_GOAL)}",
        microseconds(made),
        f"{microseconds(alone)} reading its rows alone",
        f"{made / alone:.1f} ×",
        made <= MAKE_GOAL,
    )


def _row_of_checking(form: Form, proof: str, keys: _Keys) -> Row:
    policy = keys.policy()
    note = parse_note(parse_proof_file(proof).tlog_proof.checkpoint)
    signers = [key.verifying_key for key in (keys.log, *keys.witnesses)]
    ours, alone = list[float](), list[float]()
    for _ in range(FILES):
        begun = perf_counter()
        verify(proof, policy, now=AT, max_age=timedelta(minutes=10))
        checked = perf_counter()
        for key, signature in zip(signers, note.signatures, strict=True):
            key.check(note.text, signature.signature)
        ours.append(checked - begun)
        alone.append(perf_counter() - checked)
    return Row(
        f"checking a {form} proof file",
        f"≤ {microseconds(VERIFY_GOAL)}",
        microseconds(median(ours)),
        f"{microseconds(median(alone))} its three signatures alone",
        f"{median(ours) / median(alone):.1f} ×",
        median(ours) <= VERIFY_GOAL,
    )


def _row_of_size(proof: str, keys: _Keys) -> Row:
    size = len(proof.encode())
    text = parse_note(parse_proof_file(proof).tlog_proof.checkpoint).text
    line = len(keys.ml_dsa.sign(text, int(AT.timestamp())).line().encode())
    return Row(
        "size of the full proof file",
        f"≤ {SIZE_GOAL:,} bytes",
        f"{size:,} bytes",
        f"{line:,} bytes more for ML-DSA-44",
        f"{len(compress(proof.encode())) / size:.2f} with zlib",
        size <= SIZE_GOAL,
    )
