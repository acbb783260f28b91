"""The state map of a million subjects: brought up to date, proven, checked.

Beside the hashing alone that it takes, and beside the same rows and pages written, or read, with
nothing around the database.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from api.opening import open_registry
from api.settings import read_settings
from bench.ledger.rows import Row, Setting, microseconds, milliseconds
from bench.yardstick import PRAGMAS, copied
from ledger.formats.hashing import Hash
from ledger.formats.map_replay import ReplayedMap
from ledger.formats.state_map import MapProof, Standing, check_presence
from ledger.keeping.map_pages import DIVIDED_SIZE
from ledger.keeping.state_map import (
    MapUpdate,
    apply,
    plan_update,
    proof_of,
    prove,
    prove_each,
    read_root,
)
from services.registry import Registry

KEYS = 1_000_000
CHANGED = 1_000
UPDATES_PER_ROUND = 5
GOAL_SECONDS = 0.08
PROOF_GOAL_SECONDS = 100e-6

UPDATE_ROW = "UPDATE ledger_state SET count = ?, last_idx = ?, head_leaf = ? WHERE key = ?"
UPDATE_PAGE = "UPDATE ledger_state_page SET hashes = ?, divided = ? WHERE place = ?"

_CHANCE = Random(9162)  # noqa: S311 - the same subjects in every run.

Changes = Mapping[Hash, Standing]


async def measure(setting: Setting) -> list[Row]:
    keys = [Hash(sha256(b"%d" % number).digest()) for number in range(KEYS)]
    folder = setting.folder / "state map"
    registry = await open_registry(read_settings({"DATATITLE_DATA": str(folder)}))
    setting.tell("a state map of a million subjects", 0)
    await _bring_up(registry, _changes(keys, 1))
    updates = setting.rounds * UPDATES_PER_ROUND
    batches = [_changes(_CHANCE.sample(keys, CHANGED), number + 2) for number in range(updates)]
    setting.tell("bringing it up to date in memory", 0)
    rows = [_in_memory(keys, batches)]
    file = folder / "register.sqlite3"
    with closing(_without_triggers(file, setting.folder / "bare.sqlite3")) as bare:
        setting.tell("bringing it up to date in the database", 0)
        rows.append(await _in_database(registry, bare, batches))
        setting.tell("proving", 0)
        rows += await _proofs(registry, bare, batches[-1])
    await registry.close()
    return rows


def _in_memory(keys: Sequence[Hash], batches: Sequence[Changes]) -> Row:
    replayed = ReplayedMap()
    replayed.update({key: key for key in keys})
    ours, raw = list[float](), list[float]()
    for changed in batches:
        begun = perf_counter()
        replayed.update({key: standing.digest() for key, standing in changed.items()})
        ours.append(perf_counter() - begun)
        raw.append(_hash_alone(_hashes_above(changed) + 2 * len(changed)))
    return _updating("in memory", ours, raw, "hashlib alone")


async def _in_database(
    registry: Registry, bare: sqlite3.Connection, batches: Sequence[Changes]
) -> Row:
    ours, raw = list[float](), list[float]()
    for changed in batches:
        begun = perf_counter()
        update = await _bring_up(registry, changed)
        ours.append(perf_counter() - begun)
        raw.append(_write_alone(bare, update))
    return _updating("in the database, durable", ours, raw, "the rows and pages alone")


async def _proofs(registry: Registry, bare: sqlite3.Connection, standings: Changes) -> list[Row]:
    """Of keys whose standings are known; the pages and rows were read before."""
    alone = list[float]()
    async with registry.reading() as tx:
        root = await read_root(tx.connection)
        await prove_each(tx.connection, standings)
        begun = perf_counter()
        proofs = await prove_each(tx.connection, standings)
        together = (perf_counter() - begun) / len(standings)
        for key in standings:
            begun = perf_counter()
            assert await prove(tx.connection, key) == proofs[key]
            alone.append(perf_counter() - begun)
    reading = _read_alone(bare, standings)
    work = "map proof under 10⁶ made, warm"
    return [
        _proving(f"{work}, among others", together, reading),
        _proving(f"{work}, in a visit of its own", median(alone), reading),
        _checking(standings, proofs, root),
    ]


def _checking(standings: Changes, proofs: Mapping[Hash, MapProof], root: Hash) -> Row:
    ours, raw = list[float](), list[float]()
    for key, proof in proofs.items():
        value = standings[key].digest()
        begun = perf_counter()
        check_presence(proof, key=key, value=value, root=root)
        ours.append(perf_counter() - begun)
        raw.append(_hash_alone(len(proof.steps) + 1))
    size = median(len(proof.encode()) for proof in proofs.values())
    return Row(
        f"map proof under 10⁶ checked; its size is {size:.0f} bytes",
        "",
        microseconds(median(ours)),
        f"{microseconds(median(raw))} hashlib alone",
        f"{median(ours) / median(raw):.2f} ×",
        is_met=True,
    )


def _updating(where: str, ours: Sequence[float], raw: Sequence[float], beside: str) -> Row:
    return Row(
        f"state map of 10⁶ brought up to date for 1,000, {where}",
        f"≤ {milliseconds(GOAL_SECONDS)}",
        milliseconds(median(ours)),
        f"{milliseconds(median(raw))} {beside}",
        f"{median(ours) / median(raw):.2f} ×",
        median(ours) <= GOAL_SECONDS,
    )


def _proving(work: str, seconds: float, reading: float) -> Row:
    return Row(
        work,
        f"≤ {microseconds(PROOF_GOAL_SECONDS)}",
        microseconds(seconds),
        f"{microseconds(reading)} the rows and pages read alone",
        f"{seconds / reading:.2f} ×",
        seconds <= PROOF_GOAL_SECONDS,
    )


async def _bring_up(registry: Registry, changed: Changes) -> MapUpdate:
    async with registry.deciding() as tx:
        update = await plan_update(tx.connection, changed)
        await apply(tx.connection, update)
    return update


def _changes(keys: Iterable[Hash], count: int) -> Changes:
    return {key: Standing(count, count, key) for key in keys}


def _hashes_above(changed: Changes) -> int:
    """How many nodes of a full tree over a million leaves stand above these."""
    above = {int.from_bytes(key) >> 256 - KEYS.bit_length() for key in changed}
    nodes = 0
    while above != {0}:
        above = {node >> 1 for node in above}
        nodes += len(above)
    return nodes


def _hash_alone(times: int) -> float:
    node = bytes(65)
    begun = perf_counter()
    for _ in range(times):
        sha256(node).digest()
    return perf_counter() - begun


def _without_triggers(file: Path, copy: Path) -> sqlite3.Connection:
    bare = sqlite3.connect(copied(file, copy), isolation_level=None)
    for pragma in (*PRAGMAS, "wal_autocheckpoint=0"):
        bare.execute(f"PRAGMA {pragma}")
    triggers = bare.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        bare.execute(f"DROP TRIGGER {name}")
    return bare


def _write_alone(bare: sqlite3.Connection, update: MapUpdate) -> float:
    assert not update.new_rows
    assert not update.new_pages
    rows = [(*row[1:], row[0]) for row in update.changed_rows]
    pages = [
        (page.hashes, page.divided.to_bytes(DIVIDED_SIZE), page.place)
        for page in update.changed_pages
    ]
    begun = perf_counter()
    bare.execute("BEGIN IMMEDIATE")
    bare.executemany(UPDATE_ROW, rows)
    bare.executemany(UPDATE_PAGE, pages)
    bare.execute("COMMIT")
    bare.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return perf_counter() - begun


def _read_alone(bare: sqlite3.Connection, keys: Iterable[Hash]) -> float:
    """The median time that the reads of one proof take."""
    seconds = list[float]()
    for key in keys:
        reads = _reads_of(bare, key)
        begun = perf_counter()
        for statement, parameters in reads:
            bare.execute(statement, parameters).fetchall()
        seconds.append(perf_counter() - begun)
    return median(seconds)


def _reads_of(bare: sqlite3.Connection, key: Hash) -> list[tuple[str, Any]]:
    reads = list[tuple[str, Any]]()
    proving = proof_of(key)
    answer: Any = None
    while True:
        try:
            statement, [parameters] = proving.send(answer)
        except StopIteration:
            return reads
        reads.append((statement.for_sqlite, parameters))
        answer = bare.execute(*reads[-1]).fetchall()
