"""The signer guard in an object store: two may read it, and one of them moves it on."""

import asyncio
from datetime import timedelta

import obstore
import pytest
import sqlalchemy as sa
from obstore.store import MemoryStore

from ledger.formats.hashing import Hash
from ledger.signing.faults import NotSealedError
from ledger.signing.guard import GuardBusyError, GuardOutOfReachError, LastSigned, Step
from ledger.signing.object_guard import ObjectGuard, open_object_guard
from tests.ledger.growing import START, append
from tests.ledger.reference import tree_hash
from tests.ledger.sealing_log import sealing_of
from tests.ledger.tampering import entries, rows

ORIGIN = "datatitle.example/log"
FIRST = LastSigned(ORIGIN, 8, Hash(b"a" * 32), Step.SIGNING)
SECOND = LastSigned(ORIGIN, 9, Hash(b"b" * 32), Step.SIGNED)
RIVAL = LastSigned(ORIGIN, 9, Hash(b"c" * 32), Step.SIGNING)
PLACE = "memory://bucket/guard"


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def guard(store):
    return ObjectGuard(store, "guard", PLACE, ORIGIN)


@pytest.fixture
def written(guard):
    with guard.held() as held:
        held.swap(None, FIRST)
    return guard


class Overtaken(ObjectGuard):
    """One whom a rival overtakes between the look at the mark and the writing."""

    rival: LastSigned

    def _kept(self):
        kept = super()._kept()
        obstore.put(self.store, self.path, self.rival.text().encode())
        return kept


def test_it_is_kept_as_the_same_text_as_in_a_file(guard, store):
    assert guard.read() is None
    with guard.held() as held:
        assert held.read() is None
        held.swap(None, FIRST)
    assert bytes(obstore.get(store, "guard").bytes()) == FIRST.text().encode()
    assert guard.read() == FIRST


def test_it_is_swapped_only_by_who_knows_what_it_says(written):
    with written.held() as held:
        for expected in (None, SECOND):
            with pytest.raises(GuardBusyError):
                held.swap(expected, SECOND)
        assert held.read() == FIRST
        held.swap(FIRST, SECOND)
        assert held.read() == SECOND


def test_of_two_who_hold_it_one_moves_it_on(written, store):
    other = ObjectGuard(store, "guard", PLACE, ORIGIN)
    with written.held() as one, other.held() as two:
        assert one.read() == two.read() == FIRST
        two.swap(FIRST, RIVAL)
        with pytest.raises(GuardBusyError):
            one.swap(FIRST, SECOND)
    assert written.read() == RIVAL


@pytest.mark.parametrize("before", [None, FIRST])
def test_who_is_overtaken_while_it_writes_changes_nothing(store, before):
    if before:
        obstore.put(store, "guard", before.text().encode())
    overtaken = Overtaken(store, "guard", PLACE, ORIGIN)
    object.__setattr__(overtaken, "rival", RIVAL)

    with overtaken.held() as held, pytest.raises(GuardBusyError):
        held.swap(before, SECOND)

    assert bytes(obstore.get(store, "guard").bytes()) == RIVAL.text().encode()


def test_it_never_goes_back_and_never_names_two_roots_of_one_size(written):
    smaller = LastSigned(ORIGIN, 7, FIRST.root, Step.SIGNING)
    other = LastSigned(ORIGIN, 8, SECOND.root, Step.SIGNED)
    with written.held() as held:
        for new in (smaller, other):
            with pytest.raises(AssertionError):
                held.swap(FIRST, new)
    assert written.read() == FIRST


@pytest.mark.parametrize("content", [b"", b"\xff", FIRST.text().encode()[:-1]])
def test_a_damaged_guard_says_so_and_what_to_do(written, store, content):
    obstore.put(store, "guard", content)
    with pytest.raises(NotSealedError, match=r"guard memory://bucket/guard cannot be .* --adopt"):
        written.read()


def test_the_guard_of_another_log_is_refused(written):
    other = ObjectGuard(written.store, "guard", PLACE, "datatitle.example/other")
    with pytest.raises(NotSealedError, match=r"that of the log datatitle\.example/log"):
        other.read()


def test_a_store_that_is_away_is_no_reason_to_sign(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    guard = open_object_guard("s3://bucket/guards/log", ORIGIN)
    assert (guard.path, guard.place) == ("log", "s3://bucket/guards/log")
    with pytest.raises(GuardOutOfReachError, match=r"^The guard s3://bucket/guards/log cannot be"):
        guard.read()


@pytest.mark.parametrize("url", ["s3://", "s3://bucket", "s3://bucket/"])
def test_an_address_must_name_an_object(url):
    with pytest.raises(ValueError, match="an address like s3://bucket/guard"):
        open_object_guard(url, ORIGIN)


def test_what_it_said_is_kept_when_its_log_has_ended(written, tmp_path):
    written.put_away(tmp_path / "former")
    assert (tmp_path / "former" / "guard").read_text() == FIRST.text()
    assert (tmp_path / "former" / "guard").stat().st_mode & 0o777 == 0o600
    assert written.read() is None
    written.put_away(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


async def test_two_who_seal_one_log_at_once_never_sign_two_trees(
    guard, engine, log, database, tmp_path
):
    sealings = [sealing_of(engine, tmp_path) for _ in range(2)]
    for sealing in sealings:
        sealing.guard = guard
    for number in range(12):
        for sealing in sealings:
            sealing.transactions.now = START + timedelta(seconds=number)
        async with sealings[0].transactions.deciding() as tx:
            await append(log, tx.connection, f"cert_{number % 3}", seconds=number)
        done = await asyncio.gather(*(each.seal() for each in sealings), return_exceptions=True)
        faults = {type(each) for each in done if isinstance(each, Exception)}
        assert faults <= {GuardBusyError, sa.exc.IntegrityError}
    while await sealings[0].seal() is not None:
        pass

    whole = entries(database)
    kept = rows(database, "SELECT size, root, published_at FROM ledger_checkpoint ORDER BY size")
    assert [root for _, root, _ in kept] == [tree_hash(whole[:size]) for size, _, _ in kept]
    assert all(published_at is not None for _, _, published_at in kept)
    assert (guard.read().size, guard.read().root) == (kept[-1][0], kept[-1][1])
    assert kept[-1][0] == len(whole)
