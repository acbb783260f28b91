"""The state map as it is stored, row by row and page by page, held against what it should be."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import sqlalchemy as sa

from ledger.formats.hashing import HASH_SIZE, Hash
from ledger.formats.state_map import EMPTY_MAP_HASH
from ledger.inspecting.raw_rows import (
    ROWS_AT_A_TIME,
    RawRow,
    count_rows,
    raw_between,
    raw_query,
    stream,
)
from ledger.inspecting.report import Findings
from ledger.inspecting.subjects import SubjectAnew
from ledger.keeping.map_pages import DIVIDED_SIZE, NOTHING, TOP, build
from ledger.keeping.map_rows import ledger_state, ledger_state_page

ROW, PAGE = "ledger_state", "ledger_state_page"

_ROWS = raw_between(ledger_state, ledger_state.c.key)
_PAGES = raw_query(ledger_state_page)


def judge_stored_map(
    connection: sa.Connection,
    findings: Findings,
    subjects: Mapping[Hash, SubjectAnew],
    root: Hash,
    size: int,
) -> None:
    """Compare it with what these subjects, by key, amount to at the published size.

    Holds what every page should be, some 50 bytes for each subject, and the pages that are.
    """
    _judge_rows(connection, findings, subjects, size)
    leaves = [(key, Hash(subjects[key].map_leaf())) for key in sorted(subjects)]
    pages, top = build(TOP, leaves)
    if (EMPTY_MAP_HASH if top == NOTHING else top) != root:
        findings.add(size, PAGE, "the pages there should be do not lead to the map's root")
    divided = [page.divided.to_bytes(DIVIDED_SIZE) for page in pages]
    kept = {page.place: (page.hashes, each) for page, each in zip(pages, divided, strict=True)}
    _judge_pages(connection, findings, kept, size)


def _judge_rows(
    connection: sa.Connection,
    findings: Findings,
    subjects: Mapping[Hash, SubjectAnew],
    size: int,
) -> None:
    missing = set(subjects)
    count = count_rows(connection, ledger_state)
    for key, *stands in _rows(connection, count):
        count -= 1
        subject = subjects.get(key)
        if subject is None:
            findings.add(size, ROW, "a subject stands in the map that there was not")
            continue
        missing.discard(key)
        if stands != [subject.count, subject.last_index, subject.head]:
            findings.add(subject.last_index, ROW, "a subject does not stand where it stood")
    if count:
        findings.add(size, ROW, "rows stand outside the map")
    for key in missing:
        findings.add(subjects[key].last_index, ROW, "a subject is missing from the map")


def _rows(connection: sa.Connection, count: int) -> Iterator[RawRow]:
    """All rows whose key is as long as a key, in their order, some thousands at a time."""
    parts = min(count // ROWS_AT_A_TIME + 1, 256)
    begins = [256 * part // parts for part in range(parts + 1)]
    for begin, end in pairwise(begins):
        first = bytes([begin]) + bytes(HASH_SIZE - 1)
        last = bytes([end - 1]) + b"\xff" * (HASH_SIZE - 1)
        yield from connection.execute(_ROWS, {"first": first, "last": last}).all()


def _judge_pages(
    connection: sa.Connection,
    findings: Findings,
    pages: Mapping[bytes, tuple[bytes, bytes]],
    size: int,
) -> None:
    missing = set(pages)
    for row in stream(connection, _PAGES):
        missing.discard(row.place)
        if pages.get(row.place) != (row.hashes, row.divided):
            findings.add(size, PAGE, f"{_named(row.place)} does not hold its hashes")
    for place in sorted(missing):
        findings.add(size, PAGE, f"{_named(place)} is missing")


def _named(place: bytes) -> str:
    return f"the page {place.hex()}" if place else "the page at the top"
