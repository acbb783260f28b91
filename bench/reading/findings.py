"""What was found, beside what was to be reached."""

import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import ge, le
from pathlib import Path

from bench.reading.measuring import CHECK, PAGE, QUERIES, Asked
from bench.reading.servers import BARE_HANDS, OURS

POSTGRAPHILE, MERCURIUS = "PostGraphile 5", "Mercurius + graphql-jit"
MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and its bound, with the unit in which both are said."""

    name: str
    got: float
    bound: float
    is_least: bool
    unit: str = "×"

    @property
    def is_met(self) -> bool:
        return (ge if self.is_least else le)(self.got, self.bound)

    def cells(self) -> tuple[str, str, str, str]:
        sign = "≥" if self.is_least else "≤"
        verdict = "met" if self.is_met else "missed"
        return (
            self.name,
            f"{sign} {self.bound:g} {self.unit}",
            f"{self.got:.2f} {self.unit}",
            verdict,
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """What a server, or a database alone, gave: answers a second, and delays in seconds."""

    server: str
    query: str
    rate: float
    half: float | None = None
    most: float | None = None

    def cells(self) -> tuple[str, str, str, str, str]:
        half, most = map(_as_delay, (self.half, self.most))
        return self.query, self.server, f"{self.rate:,.0f}", half, most


def _as_delay(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1e3:.1f} ms"


@dataclass(slots=True)
class Findings:
    """Of one run: rates by place, and goals."""

    size: int
    rounds: int
    rates: dict[str, list[Rate]] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add_rates(self, place: str, servers: Sequence[Asked]) -> None:
        rates = self.rates.setdefault(place, [])
        for query in QUERIES:
            for each in servers:
                figures = each.figures[query]
                name = each.target.name
                rates.append(Rate(name, query, figures.rate, figures.half, figures.most))

    def judge_postgresql(self, servers: Sequence[Asked]) -> None:
        by_name = {each.target.name: each.figures for each in servers}
        bounds = {
            CHECK: ((POSTGRAPHILE, 5), (MERCURIUS, 3), (BARE_HANDS, 1.5)),
            PAGE: ((POSTGRAPHILE, 3), (MERCURIUS, 4), (BARE_HANDS, 1.2)),
        }
        for query in QUERIES:
            ours = by_name[OURS][query]
            for name, bound in bounds[query]:
                if name in by_name:
                    ratio = ours.beside(by_name[name][query])
                    self.goals.append(Goal(f"{query}: of {name}", ratio, bound, is_least=True))
        for query in QUERIES:
            tail = by_name[OURS][query].tail
            name = f"{query}: p99 of p50, 32 connections"
            self.goals.append(Goal(name, tail, 3, is_least=False))

    def judge_sqlite(self, servers: Sequence[Asked]) -> None:
        ours, by_hand = servers
        for query in QUERIES:
            ratio = ours.figures[query].beside(by_hand.figures[query])
            self.goals.append(Goal(f"{query}, SQLite: of {BARE_HANDS}", ratio, 1, is_least=True))

    @property
    def machine(self) -> str:
        return (
            f"{machine_name()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
        )


def machine_name() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{len(models)} cores of {models[0]}" if models else platform.machine()
