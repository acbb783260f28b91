"""A guard that machines share, kept by a server of S3 that others wrote.

`make conformance` installs the server beforehand.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ledger.formats.hashing import Hash
from ledger.signing.guard import GuardBusyError, GuardOutOfReachError, LastSigned, Step
from ledger.signing.object_guard import open_object_guard
from tests.conformance.s3_server import server_on

ORIGIN = "datatitle.example/log"
FIRST = LastSigned(ORIGIN, 1, Hash(b"a" * 32), Step.SIGNING)
SIGNERS, MOVES = 8, 25


@pytest.fixture
def address(store_address):
    return f"{store_address}/guards/log"


def signer_of(address, number):
    """Moves the guard on, again and again; the marks that it put there."""
    guard, moved = open_object_guard(address, ORIGIN), []
    root = Hash(bytes([number]) * 32)
    while True:
        with guard.held() as held:
            last = held.read()
            size = 1 if last is None else last.size + 1
            if size > MOVES:
                return moved
            try:
                held.swap(last, LastSigned(ORIGIN, size, root, Step.SIGNED))
            except GuardBusyError:
                continue
            moved.append(size)


def test_of_many_who_would_move_it_on_one_does(address, port):
    with server_on(port), ThreadPoolExecutor(SIGNERS) as threads:
        moved = threads.map(lambda number: signer_of(address, number), range(SIGNERS))
        assert sorted(size for sizes in moved for size in sizes) == list(range(1, MOVES + 1))


def test_it_is_read_by_another_machine_as_it_was_written(address, port):
    with server_on(port):
        with open_object_guard(address, ORIGIN).held() as held:
            held.swap(None, FIRST)
        other = open_object_guard(address, ORIGIN)
        assert other.read() == FIRST
        with other.held() as held:
            held.swap(FIRST, replace(FIRST, step=Step.SIGNED))
        assert open_object_guard(address, ORIGIN).read() == replace(FIRST, step=Step.SIGNED)


def test_a_server_that_is_away_is_said_to_be(address):
    with pytest.raises(GuardOutOfReachError, match="cannot be reached"):
        open_object_guard(address, ORIGIN).read()
