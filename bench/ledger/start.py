"""Opening a register whose ledger is long, beside opening one whose ledger is empty."""

from pathlib import Path
from statistics import median
from time import perf_counter

from api.opening import open_registry
from api.settings import read_settings
from bench.ledger.rows import Row, Setting, milliseconds

OPENINGS = 7
GOAL_SECONDS = 0.1


async def measure(setting: Setting) -> list[Row]:
    folder = await setting.million()
    empty = setting.folder / "empty"
    await _open(empty)
    ours, theirs = list[float](), list[float]()
    for number in range(OPENINGS):
        setting.tell("opening", number / OPENINGS)
        ours.append(await _open(folder))
        theirs.append(await _open(empty))
    return [
        Row(
            "opening a register with 10⁶ events, to the first answer",
            f"≤ {milliseconds(GOAL_SECONDS)}",
            milliseconds(median(ours)),
            f"{milliseconds(median(theirs))} with none",
            f"{median(ours) / median(theirs):.2f} ×",
            median(ours) <= GOAL_SECONDS,
        )
    ]


async def _open(folder: Path) -> float:
    begun = perf_counter()
    registry = await open_registry(read_settings({"DATATITLE_DATA": str(folder)}))
    async with registry.reading() as tx:
        await tx.log.position(tx.connection)
    seconds = perf_counter() - begun
    await registry.close()
    return seconds
