"""The signer guard: strict, held by one, moved on by compare and swap, durable."""

import os

import pytest

from ledger.formats.hashing import Hash
from ledger.formats.spelling import Malformed
from ledger.signing.faults import NotSealedError
from ledger.signing.file_guard import FileGuard
from ledger.signing.guard import GuardBusyError, LastSigned, Step, parse_last_signed

ORIGIN = "datatitle.example/log"
FIRST = LastSigned(ORIGIN, 8, Hash(b"a" * 32), Step.SIGNING)
SECOND = LastSigned(ORIGIN, 9, Hash(b"b" * 32), Step.SIGNED)
TEXT = FIRST.text()


@pytest.fixture
def guard(tmp_path):
    return FileGuard(tmp_path / "guard" / "log", ORIGIN)


@pytest.fixture
def written(guard):
    with guard.held() as held:
        held.swap(None, FIRST)
    return guard


def test_a_guard_is_written_in_one_way():
    assert TEXT == (
        "datatitle-guard@v1\n"
        "origin datatitle.example/log\n"
        "size 8\n"
        "root YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\n"
        "step signing\n"
    )
    assert parse_last_signed(TEXT) == FIRST
    assert parse_last_signed(SECOND.text()) == SECOND


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT + "\n",
        TEXT + "step signing\n",
        TEXT.removesuffix("\n"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("size 8", "size 08"),
        TEXT.replace("size 8", "size  8"),
        TEXT.replace("size 8", "size -8"),
        TEXT.replace("size 8", "size 0"),
        TEXT.replace("size 8", f"size {2**63}"),
        TEXT.replace("size 8\n", ""),
        TEXT.replace("YWFh", "YWE="),
        TEXT.replace("YWE=", "YWF="),
        TEXT.replace("signing", "signed "),
        TEXT.replace("signing", "thinking"),
        TEXT.replace("@v1", "@v2"),
        TEXT.replace("datatitle.example/log", ""),
        TEXT.replace("example/log", "example/log\u2028"),
    ],
)
def test_what_is_written_otherwise_is_no_guard(text):
    with pytest.raises(Malformed):
        parse_last_signed(text)


def test_every_byte_of_a_guard_counts():
    for at, byte in enumerate(TEXT.encode()):
        changed = bytearray(TEXT.encode())
        changed[at] = byte ^ 1
        try:
            assert parse_last_signed(changed.decode()) != FIRST
        except Malformed:
            continue


def test_there_is_no_guard_before_the_first_signing(guard):
    assert guard.read() is None
    with guard.held() as held:
        assert held.read() is None


def test_what_was_swapped_in_is_read_and_only_its_owner_may_read_it(written):
    assert written.read() == FIRST
    assert written.path.stat().st_mode & 0o777 == 0o600
    assert written.path.parent.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in written.path.parent.iterdir()} == {"log", "log.lock"}


def test_a_guard_is_swapped_only_by_who_knows_what_it_says(written):
    with written.held() as held:
        for expected in (None, SECOND):
            with pytest.raises(NotSealedError, match="changed the guard"):
                held.swap(expected, SECOND)
        assert held.read() == FIRST
        held.swap(FIRST, SECOND)
        assert held.read() == SECOND


def test_a_guard_never_goes_back_and_never_names_two_roots_of_one_size(written):
    smaller = LastSigned(ORIGIN, 7, FIRST.root, Step.SIGNING)
    other = LastSigned(ORIGIN, 8, SECOND.root, Step.SIGNED)
    with written.held() as held:
        for new in (smaller, other):
            with pytest.raises(AssertionError):
                held.swap(FIRST, new)
        assert held.read() == FIRST


def test_one_at_a_time_holds_the_guard(guard):
    with guard.held():
        with pytest.raises(GuardBusyError), guard.held():
            pass
        with pytest.raises(GuardBusyError), guard.held():
            pass
    with guard.held():
        pass


def test_a_guard_that_a_killed_process_held_is_free(guard):
    child = os.fork()
    if child == 0:
        with guard.held():
            os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    with guard.held() as held:
        assert held.read() is None


@pytest.mark.parametrize("content", [b"", b"\xff", TEXT.encode()[:-1], TEXT.encode() * 2])
def test_a_damaged_guard_says_so_and_what_to_do(written, content):
    written.path.write_bytes(content)
    with pytest.raises(NotSealedError, match=r"cannot be understood .* --adopt"):
        written.read()


def test_a_guard_that_others_may_write_guards_nothing(written):
    written.path.chmod(0o620)
    with pytest.raises(NotSealedError, match="chmod 600"):
        written.read()


def test_the_guard_of_another_log_is_refused(written):
    other = FileGuard(written.path, "datatitle.example/other")
    with pytest.raises(NotSealedError, match=r"that of the log datatitle\.example/log"):
        other.read()
