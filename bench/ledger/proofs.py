"""Inclusion and consistency proofs under a million entries, beside lists of all their hashes."""

from collections.abc import Callable, Sequence
from secrets import randbelow
from statistics import median
from time import perf_counter

from api.opening import open_registry
from api.settings import read_settings
from bench.ledger.million import EVENTS
from bench.ledger.rows import Row, Setting, microseconds
from ledger.formats.hashing import Hash, node_hashes
from ledger.formats.proofs import consistency_spans, inclusion_spans
from ledger.formats.tree import TILE_WIDTH, Span, Tile, fold, split_hashes, subtrees
from ledger.keeping.reading import read_tiles
from services.registry import Transaction

PROOFS = 20_000
GOAL_SECONDS = 40e-6

Levels = Sequence[Sequence[Hash]]


async def measure(setting: Setting) -> list[Row]:
    folder = await setting.million()
    registry = await open_registry(read_settings({"DATATITLE_DATA": str(folder)}))
    setting.tell("proofs under a million entries", 0)
    async with registry.reading() as tx:
        rows = await _measure(tx)
    await registry.close()
    return rows


async def _measure(tx: Transaction) -> list[Row]:
    tiles, connection = tx.log.tiles, tx.connection
    for index in range(0, EVENTS, TILE_WIDTH):
        await tiles.prove_inclusion(connection, index, EVENTS)
    indexes = [1 + randbelow(EVENTS - 1) for _ in range(PROOFS)]
    levels = await _all_hashes(tx)
    rows = []
    for work, prove, spans_of in (
        ("inclusion proof under 10⁶ entries, warm", tiles.prove_inclusion, inclusion_spans),
        ("consistency proof under 10⁶ entries, warm", tiles.prove_consistency, consistency_spans),
    ):
        ours, theirs = list[float](), list[float]()
        for index in indexes:
            begun = perf_counter()
            proof = await prove(connection, index, EVENTS)
            ours.append(perf_counter() - begun)
            seconds, expected = _prove_from_lists(levels, index, spans_of)
            theirs.append(seconds)
            assert proof == expected
        rows.append(
            Row(
                work,
                f"≤ {microseconds(GOAL_SECONDS)}",
                microseconds(median(ours)),
                f"{microseconds(median(theirs))} from lists of hashes",
                f"{median(ours) / median(theirs):.2f} ×",
                median(ours) <= GOAL_SECONDS,
            )
        )
    return rows


async def _all_hashes(tx: Transaction) -> Levels:
    """The hashes of all complete subtrees, level by level."""
    wanted = [Tile(0, number) for number in range(-(-EVENTS // TILE_WIDTH))]
    read_tile = await read_tiles(tx.connection, wanted)
    levels = [split_hashes(b"".join(map(read_tile, wanted)))]
    while len(levels[-1]) > 1:
        levels.append(node_hashes(levels[-1]))
    return levels


def _prove_from_lists(
    levels: Levels, index: int, spans_of: Callable[[int, int], Sequence[Span]]
) -> tuple[float, list[Hash]]:
    begun = perf_counter()
    proof = [
        fold([levels[height][position] for height, position in subtrees(span)])
        for span in spans_of(index, EVENTS)
    ]
    return perf_counter() - begun, proof
