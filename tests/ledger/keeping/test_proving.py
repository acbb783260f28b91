"""Proof files made from the database hold, in every form and at every size."""

from datetime import timedelta

import pytest

from ledger import verify
from ledger.checking.life import Status
from ledger.formats.hashing import subject_key
from ledger.formats.policy import Policy, TrustedLog
from ledger.formats.proof_file import Form, parse_proof_file
from ledger.keeping.erasing import erase_facts, facts_of_event
from tests.ledger.growing import START
from tests.ledger.paper_log import standing
from tests.ledger.sealing_log import LOG_KEY, sealing_of

POLICY = Policy((TrustedLog(LOG_KEY.verifying_key),), (), (), "none").text()
LIFE = ["certificate-issued", "pledge-registered", "offer-withdrawn", "pledge-released"]


@pytest.fixture
def sealing(engine, tmp_path):
    return sealing_of(engine, tmp_path, signers=[LOG_KEY])


async def act(log, connection, subject, number, *, seconds):
    """The next act of a certificate's life; past the last, a harmless one again and again."""
    kind = LIFE[number] if number < len(LIFE) else "offer-withdrawn"
    await log.append(
        connection,
        subject=subject,
        kind=kind,
        at=START + timedelta(seconds=seconds),
        public=standing(pledges=int(number in {1, 2})) | {"remark": f"第 {number} 号\n"},
        private={"actor": "样例", "price": "500000"},
    )


async def grow(engine, sealing, log, counts):
    """Certificates with so many events each, which they are given in turn; then it is sealed."""
    seconds = 0
    async with engine.begin() as connection:
        for number in range(max(counts.values())):
            for subject, count in counts.items():
                if number < count:
                    seconds += 1
                    await act(log, connection, subject, number, seconds=seconds)
    sealing.transactions.now = START + timedelta(seconds=seconds)
    return await sealing.seal()


async def prove(engine, log, subject, **options):
    async with engine.connect() as connection, connection.begin():
        return await log.prove_subject(connection, subject, **options)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33])
async def test_every_subject_is_proven_at_every_size(engine, sealing, log, size):
    counts = {f"cert_{n}": len(range(n, size, 5)) for n in range(min(size, 5))}
    await grow(engine, sealing, log, counts)

    for subject, count in counts.items():
        full = verify(await prove(engine, log, subject), POLICY)
        short = verify(await prove(engine, log, subject, form=Form.SHORT), POLICY)
        assert (full.subject, full.form, full.count) == (subject, Form.FULL, count)
        assert [event.number for event in full.events] == list(range(count))
        assert (short.form, short.count, short.events) == (Form.SHORT, count, full.events[-1:])
        assert short.standing == full.standing
        assert full.tree_size == size + 1


async def test_a_proof_tells_what_was_recorded(engine, sealing, log):
    await grow(engine, sealing, log, {"cert_a": 3, "cert_b": 1})
    verified = verify(await prove(engine, log, "cert_a"), POLICY)

    assert [(each.index, each.kind, each.at, each.facts) for each in verified.events] == [
        (0, LIFE[0], START + timedelta(seconds=1), {"remark": "第 0 号\n"}),
        (2, LIFE[1], START + timedelta(seconds=3), {"remark": "第 1 号\n"}),
        (3, LIFE[2], START + timedelta(seconds=4), {"remark": "第 2 号\n"}),
    ]
    assert verified.effective_status is Status.ACTIVE
    assert verified.is_encumbered
    assert verified.as_of == verified.state_at == START + timedelta(seconds=4)
    assert verified.told_by == ("datatitle.example/log",)


async def test_private_facts_are_opened_only_when_asked_for(engine, sealing, log):
    await grow(engine, sealing, log, {"cert_a": 2})
    open_to_all = await prove(engine, log, "cert_a")
    whole = await prove(engine, log, "cert_a", include_private=True)

    assert "样例" not in open_to_all
    assert [each.facts for each in verify(whole, POLICY).events] == [
        {"remark": f"第 {n} 号\n", "actor": "样例", "price": "500000"} for n in (0, 1)
    ]


async def test_what_was_erased_is_left_out_and_the_rest_still_proven(engine, sealing, log):
    await grow(engine, sealing, log, {"cert_a": 2})
    async with engine.begin() as connection:
        facts = await facts_of_event(connection, "cert_a", 0)
        await erase_facts(connection, facts, {"remark", "price"}, START)
    whole = await prove(engine, log, "cert_a", include_private=True)

    assert [sorted(each.facts) for each in verify(whole, POLICY).events] == [
        ["actor"],
        ["actor", "price", "remark"],
    ]


async def test_events_after_the_checkpoint_are_not_in_the_proof_yet(engine, sealing, log):
    await grow(engine, sealing, log, {"cert_a": 2})
    before = await prove(engine, log, "cert_a")
    async with engine.begin() as connection:
        await act(log, connection, "cert_a", 2, seconds=60)
        await act(log, connection, "cert_new", 0, seconds=61)

    assert await prove(engine, log, "cert_a") == before
    assert await prove(engine, log, "cert_new") is None
    sealing.transactions.now = START + timedelta(seconds=61)
    await sealing.seal()
    assert verify(await prove(engine, log, "cert_a"), POLICY).count == 3
    assert verify(await prove(engine, log, "cert_new"), POLICY).count == 1


@pytest.mark.parametrize("form", [Form.FULL, Form.SHORT])
async def test_a_number_and_salt_the_log_does_not_know_are_proven_to_be_unknown(
    engine, sealing, log, form
):
    await grow(engine, sealing, log, {f"cert_{n}": 1 for n in range(9)})
    wrong = bytes(range(16))
    for subject in ("cert_1", "cert_forged"):
        text = await prove(engine, log, subject, form=form, salt=wrong)
        verified = verify(text, POLICY)
        assert (verified.subject, verified.form) == (subject, Form.ABSENT)
        assert (verified.count, verified.events, verified.standing) == (0, (), None)
        assert not verified.is_encumbered
        assert parse_proof_file(text).key == subject_key(wrong, subject.encode())


async def test_with_its_own_salt_a_number_is_proven_as_without(engine, sealing, log):
    await grow(engine, sealing, log, {"cert_a": 2})
    async with engine.begin() as connection:
        salt = (await log.salts_of(connection, ["cert_a"]))["cert_a"]
        assert await log.salts_of(connection, ["cert_b"]) == {}

    assert await prove(engine, log, "cert_a", salt=salt) == await prove(engine, log, "cert_a")


async def test_what_cannot_be_proven_yet_is_not_proven_at_all(engine, sealing, log):
    assert await prove(engine, log, "cert_a", salt=bytes(16)) is None
    async with engine.begin() as connection:
        await act(log, connection, "cert_a", 0, seconds=1)
    assert await prove(engine, log, "cert_a") is None
    await grow(engine, sealing, log, {"cert_b": 1})
    assert await prove(engine, log, "cert_c") is None
