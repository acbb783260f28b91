"""The database alone: the same statements by pgbench, and by sqlite3 in a thread of nobody."""

import asyncio
import re
import shutil
import sqlite3
from asyncio.subprocess import PIPE, STDOUT
from contextlib import closing
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.reading.measuring import CHECK, CONNECTIONS, chosen_numbers
from bench.reading.places import SQLITE, Place
from bench.reading.rows import INDUSTRIES
from bench.reading.statements import CHECK as CHECK_STATEMENT
from bench.reading.statements import PAGE as PAGE_STATEMENT
from bench.reading.statements import for_sqlite

RATE = re.compile(r"tps = ([\d.]+) \(without")


def has_pgbench() -> bool:
    return shutil.which("pgbench") is not None


async def rate_of_pgbench(place: Place, query: str, seconds: float) -> float:
    """Answers a second over 32 connections, prepared, with values at random."""
    now = place.register.now
    most = place.register.certificates - 1
    if query == CHECK:
        begin = f"\\set place random(0, {most})\n"
        number = "'2026' || lpad(CAST(:place AS text), 13, '0')"
        text = CHECK_STATEMENT.replace("$1", str(now)).replace("$2", f"({number})")
    else:
        begin = f"\\set place random(0, {len(INDUSTRIES) - 1})\n"
        industry = "('industry-' || lpad(CAST(:place AS text), 2, '0'))"
        text = PAGE_STATEMENT.replace("$1", str(now)).replace("$2", industry).replace("$3", "51")
    script = place.installation.folder / "pgbench.sql"
    script.write_text(begin + text.replace("\n", " ") + ";\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *("pgbench", "-n", "-M", "prepared", "-f", script, "-j", "1"),
        *("-c", str(CONNECTIONS), "-T", str(max(int(seconds), 1)), place.installation.database_url),
        stdout=PIPE,
        stderr=STDOUT,
    )
    said, _ = await process.communicate()
    found = RATE.search(said.decode())
    assert found, said.decode()
    return float(found[1])


def rate_of_sqlite3(place: Place, query: str, seconds: float) -> float:
    """Answers a second of one connection, one after the other, nothing made of them."""
    file = Path(place.installation.database_url.removeprefix(SQLITE))
    now = place.register.now
    values: list[tuple[Any, ...]]
    if query == CHECK:
        statement = for_sqlite(CHECK_STATEMENT)
        values = [(now, number) for number in chosen_numbers(place.register)]
    else:
        statement = for_sqlite(PAGE_STATEMENT)
        values = [(now, industry, 51) for industry in INDUSTRIES]
    done = 0
    with closing(sqlite3.connect(file)) as connection:
        begun = perf_counter()
        for each in cycle(values):
            connection.execute(statement, each).fetchall()
            done += 1
            if perf_counter() - begun > seconds:
                break
        return done / (perf_counter() - begun)
