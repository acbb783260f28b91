"""Witnesses are asked all at once, believed when their signature is good, and named when not."""

import asyncio
import logging
from datetime import timedelta

import pytest

from ledger.keeping.reading import latest_published
from ledger.signing import witnesses as asking
from ledger.signing.checkpoints import Cosignature, keep_cosignatures, newest_signed
from ledger.signing.faults import NotSealedError, NotWitnessedError
from ledger.signing.key_file import SecretKey
from ledger.signing.witnesses import Answer, WitnessAheadError
from tests.ledger.growing import START
from tests.ledger.sealing_log import LOG_KEY, add_events, grow_sealed, sealing_of
from tests.ledger.signing.town import SIZE, Town, answering, sealing_with, silent, unreached


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path / "town")


async def published(sealing):
    async with sealing.transactions.reading() as tx:
        return await latest_published(tx.connection)


async def signed(sealing):
    async with sealing.transactions.reading() as tx:
        return (await newest_signed(tx.connection)).size


async def test_a_checkpoint_is_published_with_the_cosignatures_of_all(town, engine):
    sealing = sealing_with(town, engine)
    notes = await grow_sealed(sealing, sizes=(3, 7))
    for note, size, seconds in zip(notes, (4, 9), (2, 6), strict=True):
        witnessed = town.judged().open(note)
        assert witnessed.checkpoint.tree_size == size
        assert witnessed.by == ("a", "b", "c")
        assert witnessed.as_of == int(START.timestamp()) + seconds
    assert sorted(town.asked[:3]) == [("a", 0), ("b", 0), ("c", 0)]
    assert sorted(town.asked[3:]) == [("a", 4), ("b", 4), ("c", 4)]


async def test_a_stale_old_size_is_answered_and_asked_again(town, engine):
    sealing = sealing_with(town, engine)
    await grow_sealed(sealing, sizes=(3,))
    for file in (town.folder / "c").iterdir():
        file.unlink()
    town.asked.clear()
    await add_events(sealing)
    note = await sealing.seal()
    assert town.judged().open(note).by == ("a", "b", "c")
    assert sorted(town.asked) == [("a", 4), ("b", 4), ("c", 0), ("c", 4)]


async def test_no_more_than_one_other_size_is_tried(town, engine):
    sealing = sealing_with(town, engine)
    await grow_sealed(sealing, sizes=(3, 7))
    town.instead["c"] = answering(409, "1\n", SIZE)
    town.asked.clear()
    await add_events(sealing)
    with pytest.raises(NotWitnessedError, match="c: it answered 409: 1"):
        await sealing.seal()
    assert [size for name, size in town.asked if name == "c"] == [9, 1]


DECLINED = {
    "no route": (unreached, "it could not be reached (no route)"),
    "403": (answering(403, "Who are\nyou?"), "it answered 403: Who are you?"),
    "404": (answering(404), "it answered 404: nothing"),
    "422": (answering(422, "no proof"), "it answered 422: no proof"),
    "409, empty": (answering(409), "it answered 409: nothing"),
    "409, another type": (answering(409, "99\n"), "it answered 409: 99"),
    "409, no size": (answering(409, "many\n", SIZE), "it answered 409: many"),
    "500": (answering(500, "x" * 999), f"it answered 500: {'x' * 200}"),
    "200, nothing": (answering(200), "what it answered with is no good signature of its key"),
    "200, a page": (
        answering(200, "<html>"),
        "what it answered with is no good signature of its key",
    ),
}


@pytest.mark.parametrize("case", DECLINED)
async def test_what_is_no_cosignature_is_named_and_counts_for_nothing(town, engine, caplog, case):
    town.instead["b"], reason = DECLINED[case]
    sealing = sealing_with(town, engine)
    await add_events(sealing)
    with caplog.at_level(logging.WARNING), pytest.raises(NotWitnessedError) as told:
        await sealing.seal()
    assert str(told.value) == (
        f"The checkpoint of 2 entries lacks witnesses that the policy asks for (b: {reason}). "
        "What was published before stays, and they are asked again: see that they can be reached, "
        "or change the policy."
    )
    assert [record.getMessage() for record in caplog.records] == [
        f"the witness b has not cosigned: {reason}"
    ]
    assert (await signed(sealing), await published(sealing)) == (2, None)
    with pytest.raises(NotWitnessedError):
        await sealing.seal()
    assert len(caplog.records) == 1


@pytest.mark.parametrize("wrong", ["of another key", "of another text", "by another name", "twice"])
async def test_a_signature_is_checked_before_it_is_used(town, engine, wrong):
    async def answer(body):
        text = body.partition("\n\n")[2].rpartition("\n\n")[0] + "\n"
        key, at = town.key("b"), int(START.timestamp())
        lines = {
            "of another key": SecretKey(key.name, key.algorithm, b"\x77" * 32)
            .sign(text, at)
            .line(),
            "of another text": key.sign(text.replace("\n2\n", "\n3\n"), at).line(),
            "by another name": town.key("a").sign(text, at).line(),
            "twice": key.sign(text, at).line() * 2,
        }
        return Answer(200, "text/plain", lines[wrong])

    town.instead["b"] = answer
    sealing = sealing_with(town, engine)
    await add_events(sealing)
    with pytest.raises(NotWitnessedError, match="b: what it answered with is no good signature"):
        await sealing.seal()


@pytest.mark.parametrize(("ahead", "is_good"), [(300, True), (301, False)])
async def test_a_time_in_the_future_counts_for_nothing(town, engine, ahead, is_good):
    async def answer(body):
        text = body.partition("\n\n")[2].rpartition("\n\n")[0] + "\n"
        at = int(sealing.transactions.now.timestamp()) + ahead
        return Answer(200, "text/plain", town.key("b").sign(text, at).line())

    town.instead["b"] = answer
    sealing = sealing_with(town, engine)
    await add_events(sealing)
    if is_good:
        assert town.judged().open(await sealing.seal()).by == ("a", "b", "c")
    else:
        with pytest.raises(NotWitnessedError, match="in the future"):
            await sealing.seal()


async def test_more_lines_than_its_own_do_not_disturb(town, engine):
    async def answer(body):
        good = town.server("b").add_checkpoint(body.encode()).body
        return Answer(200, "text/plain", LOG_KEY.sign("Hello!\n").line() + good)

    town.instead["b"] = answer
    sealing = sealing_with(town, engine)
    await add_events(sealing)
    assert town.judged().open(await sealing.seal()).by == ("a", "b", "c")


async def test_all_are_asked_at_once(town, engine):
    together = asyncio.Barrier(3)

    def waiting(name):
        async def answer(body):
            async with asyncio.timeout(5):
                await together.wait()
            answer = town.server(name).add_checkpoint(body.encode())
            return Answer(answer.status, answer.content_type, answer.body)

        return answer

    town.instead = {name: waiting(name) for name in "abc"}
    sealing = sealing_with(town, engine)
    await add_events(sealing)
    assert town.judged().open(await sealing.seal()).by == ("a", "b", "c")


async def test_one_that_is_silent_holds_up_nobody_when_there_are_enough(
    town, engine, monkeypatch, caplog
):
    monkeypatch.setattr(asking, "GRACE", 0.05)
    town.instead["b"] = silent
    sealing = sealing_with(town, engine, threshold=2)
    await add_events(sealing)
    async with asyncio.timeout(5):
        note = await sealing.seal()
    assert town.judged(2).open(note).by == ("a", "c")
    assert "b has not cosigned: it has not answered in time" in caplog.text


async def test_one_that_is_silent_is_waited_for_only_so_long(town, engine, monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE", 0.05)
    town.instead["b"] = silent
    sealing = sealing_with(town, engine)
    await add_events(sealing)
    async with asyncio.timeout(5):
        with pytest.raises(NotWitnessedError, match="b: it has not answered in time"):
            await sealing.seal()


async def test_while_witnesses_are_away_the_checkpoint_before_stays_published(town, engine, caplog):
    sealing = sealing_with(town, engine)
    await grow_sealed(sealing, sizes=(3,))
    town.instead = dict.fromkeys("ab", unreached)
    for seconds in (100, 200, 300):
        await add_events(sealing, seconds=seconds)
        with pytest.raises(NotWitnessedError):
            await sealing.seal()
        assert (await signed(sealing), await published(sealing)) == (6, 4)
    town.instead.clear()
    town.asked.clear()

    late, newest = await sealing.seal(), await sealing.seal()

    assert [town.judged().open(note).checkpoint.tree_size for note in (late, newest)] == [6, 9]
    assert sorted(town.asked[:2]) == [("a", 4), ("b", 4)]
    assert sorted(record.getMessage() for record in caplog.records) == [
        "the witness a cosigns again",
        "the witness a has not cosigned: it could not be reached (no route)",
        "the witness b cosigns again",
        "the witness b has not cosigned: it could not be reached (no route)",
    ]


async def test_a_line_that_was_kept_meanwhile_counts(town, engine):
    """An auditor has no address: it reads the log and leaves its cosignature there."""
    town.instead["b"] = unreached
    sealing = sealing_with(town, engine)
    await add_events(sealing)
    with pytest.raises(NotWitnessedError):
        await sealing.seal()
    async with sealing.transactions.deciding() as tx:
        text = (await newest_signed(tx.connection)).note.rpartition("\n\n")[0] + "\n"
        at = int(tx.now.timestamp())
        line = Cosignature(town.key("b").sign(text, at), at)
        await keep_cosignatures(tx.connection, 2, [line])
    town.asked.clear()
    assert town.judged().open(await sealing.seal()).by == ("a", "b", "c")
    assert town.asked == []


async def test_a_heartbeat_is_cosigned_anew_by_all(town, engine):
    sealing = sealing_with(town, engine)
    [note] = await grow_sealed(sealing, sizes=(3,))
    town.asked.clear()
    sealing.transactions.now += timedelta(minutes=10)
    fresh = await sealing.seal()
    assert town.judged().open(fresh).as_of == town.judged().open(note).as_of + 600
    assert town.judged().open(fresh).by == ("a", "b", "c")
    assert sorted(town.asked) == [("a", 4), ("b", 4), ("c", 4)]
    assert await sealing.seal() is None


async def test_a_heartbeat_without_enough_witnesses_leaves_what_is_fresh_of_it(town, engine):
    sealing = sealing_with(town, engine)
    await grow_sealed(sealing, sizes=(3,))
    town.instead["b"] = unreached
    before = int(sealing.transactions.now.timestamp())
    sealing.transactions.now += timedelta(minutes=10)
    with pytest.raises(NotWitnessedError):
        await sealing.seal()
    assert town.judged(2).open(sealing._shown).as_of == before + 600
    assert town.judged(3).open(sealing._shown).as_of == before


async def test_a_policy_that_asks_for_more_is_met_at_the_next_round(town, engine):
    alone = sealing_of(engine, town.folder)
    await grow_sealed(alone, sizes=(3,))
    sealing = sealing_with(town, engine, now=alone.transactions.now)
    assert town.judged().open(await sealing.seal()).by == ("a", "b", "c")


@pytest.mark.parametrize("threshold", [1, 2, 3])
async def test_a_witness_that_has_seen_a_larger_tree_stops_everything(
    town, engine, monkeypatch, threshold
):
    monkeypatch.setattr(asking, "GRACE", 0.05)
    sealing = sealing_with(town, engine, threshold)
    [note] = await grow_sealed(sealing, sizes=(3,))
    town.instead["b"] = answering(409, "5000\n", SIZE)
    await add_events(sealing)
    with pytest.raises(WitnessAheadError) as told:
        await sealing.seal()
    assert str(told.value) == (
        "The witness b has cosigned a tree of 5000 entries of this log, and here it has 6: this "
        "database and its guard are older than what was published. Nothing is published: put the "
        "newest database and guard back, or begin a successor; if the witness is wrong, take it "
        "out of the policy."
    )
    assert await published(sealing) == 4
    assert town.judged(threshold).open(note).checkpoint.tree_size == 4


@pytest.mark.parametrize(
    ("events", "reason"),
    [(1, "a tree of 8 entries .* here it has 6"), (3, "it answered 422"), (4, "it answered 422")],
)
async def test_a_backup_restored_with_its_guard_is_refused_by_the_witnesses(
    town, engine, databases, database, tmp_path, events, reason
):
    sealing = sealing_with(town, engine)
    await grow_sealed(sealing, sizes=(3,))
    guard = sealing.guard.path.read_text()
    await engine.dispose()
    backup = databases.copy(database, tmp_path)
    for seconds in (100, 200):
        await add_events(sealing, seconds=seconds)
        await sealing.seal()
    await engine.dispose()
    databases.put_back(backup, database)
    sealing.guard.path.write_text(guard)

    restored = sealing_with(town, engine, now=sealing.transactions.now)
    await add_events(restored, events, seconds=300)
    with pytest.raises(NotSealedError, match=reason):
        await restored.seal()
    assert await published(restored) == 4


async def test_a_witness_whose_clock_is_slow_is_not_asked_all_the_time(town, engine):
    sealing = sealing_with(town, engine)
    await grow_sealed(sealing, sizes=(3,))

    async def slow(body):
        text = body.partition("\n\n")[2].rpartition("\n\n")[0] + "\n"
        at = int(sealing.transactions.now.timestamp()) - 3600
        return Answer(200, "text/plain", town.key("b").sign(text, at).line())

    town.instead["b"] = slow
    await add_events(sealing)
    await sealing.seal()
    for minutes in (9, 1, 9, 1):
        town.asked.clear()
        sealing.transactions.now += timedelta(minutes=minutes)
        assert (await sealing.seal() is None) == (minutes == 9)
        assert sorted(name for name, _ in town.asked) == ([] if minutes == 9 else ["a", "b", "c"])


async def test_what_another_process_has_just_published_is_fresh(town, engine):
    one = sealing_with(town, engine)
    await grow_sealed(one, sizes=(3,))
    other = sealing_with(town, engine, now=one.transactions.now)
    assert await other.seal() is None
    for sealing in (one, other):
        sealing.transactions.now += timedelta(minutes=9)
    await add_events(one, seconds=600)
    await one.seal()
    other.transactions.now = one.transactions.now + timedelta(minutes=5)
    town.asked.clear()
    assert await other.seal() is None
    assert town.asked == []
