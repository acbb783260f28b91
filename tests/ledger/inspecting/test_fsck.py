"""Whatever is changed in whichever column, fsck finds it and names the first bad index."""

import re

from ledger.inspecting.fsck import inspect_file
from ledger.inspecting.report import FINDINGS_KEPT
from tests.ledger.inspecting.changing import TABLES
from tests.ledger.inspecting.inspected_log import SIZE, around, database_in, inspected
from tests.ledger.tampering import tamper


def test_a_sound_log_has_no_findings(built):
    report = inspected(built)

    assert (report.findings, report.is_sound, report.first_bad_index) == ((), True, None)
    assert report.size == SIZE
    assert report.read == {
        "entries": SIZE,
        "waiting": 0,
        "subjects": 24,
        "states": 8,
        "openings": 1237,
        "erased": 7,
        "checkpoints": 8,
        "cosignatures": 24,
        "files": 7,
    }


# The place and the index that are named first, and what was done to which row, `*` being all.
# Entry 2 is the first event of cert_7, 274 its last that is published and 299 its last of all.
TAMPERED = """
entry       50  entry 50: idx = 500
entry       299 entry 299: idx = 500
entry       50  entry 50: idx = 50.5
entry       50  entry 50: idx = 'fifty'
entry       50  entry 50: idx = NULL
entry       50  entry 50: id = 500
entry       50  entry 50: subject = 'cert_2', number = 90
entry       50  entry 50: subject = 'nobody'
entry       50  entry 50: subject = NULL
entry       50  entry 50: number = 90
entry       50  entry 50: number = 'one'
entry       50  entry 50: kind = 'policy'
entry       50  entry 50: entry = flip(entry)
entry       50  entry 50: entry = 'text'
entry       50  entry 50: entry = CAST(entry AS TEXT)
entry       50  entry 50: entry = x''
entry       50  entry 50: leaf = flip(leaf)
entry       50  entry 50: leaf = hex(zeroblob(16))
entry       50  entry 50: chain = flip(chain)
entry       50  entry 50: chain = NULL
entry       50  entry 50: digests = flip(digests)
entry       50  entry 50: digests = x'00'
entry       50  entry 50: digests = NULL
entry       1   entry 1: digests = zeroblob(512)
entry       50  entry 50: gone
tile        299 entry 299: gone
guard       0   entry *: gone
opening     300 opening 50/2: entry_id = 500
opening     49  opening 50/2: entry_id = 49, slot = 4, name = 'x'
opening     1   opening 50/2: entry_id = 1
opening     50  opening 50/2: slot = 5
opening     50  opening 50/2: slot = 99
opening     50  opening 50/2: slot = 2.5
opening     50  opening 50/2: name = 'numbers'
opening     50  opening 50/1: name = 'at_all'
opening     50  opening 50/15: salt = zeroblob(16)
opening     50  opening 50/15: salt = x'00'
opening     50  opening 50/15: value = '500001'
opening     50  opening 50/1: value = x'ff'
opening     50  opening 50/1: value = CAST(x'ff' AS TEXT)
opening     50  opening 50/14: is_public = 1
opening     50  opening 50/2: is_public = 0
opening     50  opening 50/2: is_public = 3
opening     50  opening 50/2: erased_at = 1
opening     50  opening 50/2: salt = NULL
opening     50  opening 50/2: value = NULL
opening     50  opening 50/2: salt = NULL, value = NULL
opening     50  opening 50/1: salt = NULL, value = NULL, erased_at = 1
opening     2   opening erased: erased_at = 0
opening     2   opening erased: erased_at = NULL
opening     2   opening erased: value = 'back'
opening     50  opening 50/0: gone
opening     50  opening 50: gone
tile        0   tile 0/0: hashes = flip(hashes)
tile        4   tile 0/0: hashes = cut(hashes)
tile        300 tile 0/1: hashes = more(hashes)
tile        0   tile 1/0: hashes = flip(hashes)
tile        0   tile 0/0: n = 3
tile        256 tile 0/1: level = 2
tile        0   tile *: gone
entry       2   subject cert_7: subject = 'x'
subject     2   subject cert_7: salt = zeroblob(16)
subject     299 subject cert_7: key = zeroblob(32)
subject     300 subject cert_7: next_number = 90
subject     299 subject cert_7: head_leaf = zeroblob(32)
subject     299 subject cert_7: last_at = last_at + 1
entry       2   subject cert_7: gone
head        299 head *: id = 2
head        299 head *: size = 299
head        300 head *: size = 301
head        299 head *: size = 'ten'
head        299 head *: edge = x''
head        299 head *: chain = zeroblob(32)
head        299 head *: last_at = last_at - 1
head        300 head *: gone
checkpoint  43  checkpoint 43: size = 44
guard       280 checkpoint 43: size = 500
checkpoint  300 checkpoint 43: size = 'many'
checkpoint  42  checkpoint 43: root = zeroblob(32)
checkpoint  42  checkpoint 43: note = replace(note, '43', '44')
checkpoint  42  checkpoint 43: note = (SELECT min(note) FROM ledger_checkpoint)
checkpoint  42  checkpoint 43: note = x'ff'
checkpoint  42  checkpoint 43: signed_at = 0
checkpoint  42  checkpoint 43: published_at = 0
state       233 checkpoint 280: published_at = NULL
state       233 checkpoint 280: gone
cosignature 300 cosignature 43: size = 44
cosignature 42  cosignature 43: name = 'x'
cosignature 42  cosignature 43/bank: key_id = x'00000000'
cosignature 42  cosignature 43/bank: time = time + 1
cosignature 42  cosignature 43/bank: line = x'ff'
cosignature 42  cosignature 43/bank: line = (SELECT min(line) FROM ledger_cosignature)
state       274 state cert_7: key = zeroblob(32)
state       274 state cert_7: key = CAST('text' AS TEXT)
state       274 state cert_7: count = count + 1
state       274 state cert_7: last_idx = 50
state       274 state cert_7: head_leaf = zeroblob(32)
state       274 state cert_7: gone
state_page  280 state_page *: place = x'07'
state_page  280 state_page *: hashes = zeroblob(192)
state_page  280 state_page *: divided = x'01'
state_page  280 state_page *: gone
"""

INSERTED = """
entry 300 entry SELECT 300, 300, kind, subject, 99, '', leaf, chain, '' FROM ledger_entry LIMIT 1
entry 300 entry SELECT 300, NULL, kind, subject, 99, '', leaf, NULL, '' FROM ledger_entry LIMIT 1
tile       300 tile VALUES (2, 0, zeroblob(32))
subject    300 subject VALUES ('x', zeroblob(16), zeroblob(32), 1, zeroblob(32), 0)
head       299 head SELECT 2, size, edge, chain, last_at FROM ledger_head
state      280 state VALUES (zeroblob(32), 1, 1, zeroblob(32))
state_page 280 state_page VALUES (x'01', x'', x'0000000000000000')
"""

# How a row is found by what stands before the colon.
KEYS = {
    "entry": ["idx = {}"],
    "opening": ["entry_id = {}", "slot = {}"],
    "tile": ["level = {}", "n = {}"],
    "subject": ["subject = '{}'"],
    "checkpoint": ["size = {}"],
    "cosignature": ["size = {}", "name LIKE '%{}%'"],
    "state": ["key = (SELECT key FROM ledger_subject WHERE subject = '{}')"],
}
# `flip` changes the 21st byte, `cut` and `more` the length.
SHORT = {
    r"flip\((\w+)\)": r"CAST(substr(\1, 1, 20) || x'2a' || substr(\1, 22) AS BLOB)",
    r"cut\((\w+)\)": r"CAST(substr(\1, 1, 128) || zeroblob(192) AS BLOB)",
    r"more\((\w+)\)": r"CAST(\1 || zeroblob(32) AS BLOB)",
}


def read(line):
    place, index, table, row, change = re.fullmatch(
        r"(\w+) +(\d+) +(\w+) (\S+): (.*)", line
    ).groups()
    for short, meant in SHORT.items():
        change = re.sub(short, meant, change)
    wheres = ["erased_at"] if row == "erased" else []
    if row not in {"*", "erased"}:
        wheres = [
            where.format(part) for where, part in zip(KEYS[table], row.split("/"), strict=False)
        ]
    act = (
        f"DELETE FROM ledger_{table}" if change == "gone" else f"UPDATE ledger_{table} SET {change}"
    )
    return place, int(index), f"{act} WHERE {' AND '.join(wheres) or 'TRUE'}"


def read_inserted(line):
    place, index, what = line.split(maxsplit=2)
    return place, int(index), f"INSERT INTO ledger_{what}"


CASES = [
    *map(read, TAMPERED.strip().splitlines()),
    *map(read_inserted, INSERTED.strip().splitlines()),
]


def test_the_first_bad_index_is_named(bench):
    """All cases share one log, in which each is undone again."""
    named = []
    for _, _, statement in CASES:
        with bench.done(statement):
            first = bench.found()[0]
        named.append((first.place.removeprefix("ledger_"), first.index, statement))

    assert named == CASES
    assert bench.found() == []


def test_every_column_is_tampered_with():
    written = [statement for _, _, statement in CASES]
    untouched = [
        f"{table.name}.{column.name}"
        for table in TABLES
        for column in table.c
        if not any(
            re.match(rf"UPDATE {table.name} SET (.*, )?{column.name} =", each) for each in written
        )
    ]

    assert untouched == []


def test_many_processes_find_what_one_does(folder):
    tamper(
        database_in(folder),
        "UPDATE ledger_opening SET value = 'x' WHERE slot = 15 AND erased_at IS NULL",
        "UPDATE ledger_entry SET number = 90 WHERE idx = 50",
    )
    (folder / "public" / "tile" / "0" / "000").unlink()
    alone = inspected(folder)
    together = inspect_file(database_in(folder), around(folder), jobs=3)

    assert together == alone
    assert len(alone.findings) > 100


def test_it_is_told_how_far_it_has_come(built):
    told = []
    inspect_file(database_in(built), around(built), progress=lambda *steps: told.append(steps))

    # The entries, their openings and the files they are published in.
    assert told == [(SIZE, 3 * SIZE), (2 * SIZE, 3 * SIZE), (3 * SIZE, 3 * SIZE)]


def test_of_too_many_findings_the_rest_is_counted(folder):
    tamper(database_in(folder), "UPDATE ledger_opening SET salt = zeroblob(16)")
    report = inspected(folder)

    assert len(report.findings) == FINDINGS_KEPT
    assert report.left_out > 0
    assert report.told()["findingsLeftOut"] == report.left_out
    assert (report.first_bad_index, report.is_sound) == (0, False)
