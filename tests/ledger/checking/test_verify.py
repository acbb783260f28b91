"""Proof files: what a true one says, and that no other is believed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.checking.verify import VerifiedEvent, verify
from ledger.formats.checkpoint import Checkpoint
from ledger.formats.entry import Event, commitment_of, open_field, salt_fields
from ledger.formats.hashing import NO_HASH, leaf_hash, subject_key
from ledger.formats.proof_file import MalformedProof, ProofFile, ProvenEvent, parse_proof_file
from ledger.formats.proofs import ProofFailed, prove_inclusion
from ledger.formats.spelling import format_instant
from ledger.formats.tree import fold
from ledger.keeping.log import Log
from ledger.signing.key_file import create_signer
from tests.ledger.formats.test_tree import tiles_over
from tests.ledger.growing import ORIGIN, START, append, grow_log

AT = format_instant(START)


@pytest.fixture
async def proof(grown, log):
    """The proof file of four events under a checkpoint of ten, public facts only."""
    async with grown.begin() as connection:
        return await log.prove_subject(connection, "cert_0")


def is_believed(text, vkey):
    try:
        verify(text, vkey)
    except (ProofFailed, MalformedProof):
        return False
    return True


async def test_a_true_proof_tells_the_whole_history(proof, vkey, engine, log):
    verified = verify(proof, vkey)

    assert (verified.origin, verified.tree_size, verified.subject) == (ORIGIN, 10, "cert_0")
    assert [
        (each.index, each.number, each.kind, each.at, each.facts) for each in verified.events
    ] == [
        (
            index,
            number,
            "certificate-issued",
            START + timedelta(seconds=index),
            {"number": "12345678901234567"},
        )
        for number, index in enumerate([0, 3, 6, 9])
    ]
    async with engine.begin() as connection:
        assert f"{ORIGIN}\n10\n" in await log.latest_checkpoint(connection)


async def test_private_facts_are_opened_only_when_asked_for(engine, log, vkey, proof):
    async with engine.begin() as connection:
        whole = await log.prove_subject(connection, "cert_0", include_private=True)

    assert verify(whole, vkey).events[0].facts == {
        "number": "12345678901234567",
        "holder": "样例数据公司",
        "amount": "500000",
    }
    assert {opening.field.name for opening in parse_proof_file(proof).events[0].openings} == {
        "kind",
        "at",
        "subject",
        "number",
    }


async def test_what_is_verified_cannot_be_changed_afterwards(proof, vkey):
    event = verify(proof, vkey).events[0]

    assert isinstance(event, VerifiedEvent)
    with pytest.raises(TypeError):
        event.facts["number"] = "other"


async def test_a_log_of_one_event_is_proven_without_a_path(engine, log, signer, vkey):
    async with engine.begin() as connection:
        await append(log, connection, "证书 1", public={}, private={})
        await log.sign_checkpoint(connection, signer, START)
        proof = await log.prove_subject(connection, "证书 1")

    assert "\npath\n" in proof
    assert [event.facts for event in verify(proof, vkey).events] == [{}]


async def test_no_byte_of_a_proof_can_change(engine, log, signer, vkey):
    await grow_log(engine, log, signer, sizes=(3,))
    async with engine.begin() as connection:
        await append(log, connection, "cert_1", seconds=4)
        await log.sign_checkpoint(connection, signer, START + timedelta(seconds=4))
        proof = (await log.prove_subject(connection, "cert_1")).encode()
    assert is_believed(proof.decode(), vkey)

    for at in range(len(proof)):
        for flip in (0x01, 0x20, 0x80):
            changed = proof[:at] + bytes([proof[at] ^ flip]) + proof[at + 1 :]
            assert not is_believed(changed.decode(errors="surrogateescape"), vkey)


async def test_no_byte_of_a_proof_can_be_missing_or_doubled(proof, vkey):
    for at in range(len(proof)):
        assert not is_believed(proof[:at] + proof[at + 1 :], vkey)
        assert not is_believed(proof[:at], vkey)
    for at in range(0, len(proof), 7):
        assert not is_believed(proof[:at] + proof[at] + proof[at:], vkey)


async def test_lines_cannot_be_dropped_doubled_or_moved(proof, vkey):
    lines = proof.split("\n")
    number_lines = [n for n, line in enumerate(lines) if " number " in line]
    for n in range(len(lines)):
        without = [*lines[:n], *lines[n + 1 :]]
        # What is not opened is no lie: the facts that need not be opened may be left out.
        assert is_believed("\n".join(without), vkey) is (n in number_lines)
        # A signature given twice is one signature.
        doubled = [*lines[: n + 1], *lines[n:]]
        assert is_believed("\n".join(doubled), vkey) is lines[n].startswith("— ")
        swapped = [*lines[:n], *reversed(lines[n : n + 2]), *lines[n + 2 :]]
        assert is_believed("\n".join(swapped), vkey) is (swapped == lines)


async def test_an_event_cannot_be_withheld_before_the_last(proof, vkey):
    file = parse_proof_file(proof)
    for n in range(3):
        kept = (*file.events[:n], *file.events[n + 1 :])
        assert not is_believed(replace(file, events=kept).text(), vkey)
    assert not is_believed(replace(file, events=file.events[::-1]).text(), vkey)


async def test_that_the_last_event_was_withheld_cannot_be_seen_yet(proof, vkey):
    file = parse_proof_file(proof)

    shorter = verify(replace(file, events=file.events[:-1]).text(), vkey)
    assert [event.number for event in shorter.events] == [0, 1, 2]


async def test_another_subject_cannot_borrow_a_history(proof, vkey, engine, log):
    file = parse_proof_file(proof)
    async with engine.begin() as connection:
        other = parse_proof_file(await log.prove_subject(connection, "cert_1"))

    for forged in (
        replace(file, subject="cert_1"),
        replace(file, salt=other.salt),
        replace(file, subject=other.subject, salt=other.salt),
        replace(file, events=(*file.events[:1], *other.events[1:])),
    ):
        assert not is_believed(forged.text(), vkey)


async def test_only_the_key_of_the_log_is_believed(proof, vkey, tmp_path):
    impostor = create_signer(tmp_path / "impostor.key", ORIGIN)
    file = parse_proof_file(proof)
    text = file.checkpoint.rpartition("\n\n")[0] + "\n"

    assert is_believed(proof, vkey)
    assert not is_believed(proof, impostor.public_key.vkey())
    assert not is_believed(replace(file, checkpoint=impostor.sign(text)).text(), vkey)
    for key in ("", "no key", vkey[:-1], vkey + "\n"):
        with pytest.raises(MalformedProof):
            verify(proof, key)


async def test_a_key_speaks_for_the_log_of_its_name_only(engine, signer, tmp_path):
    other = Log("other.example/log")
    await grow_log(engine, other, create_signer(tmp_path / "other.key", other.origin), sizes=(3,))
    async with engine.begin() as connection:
        file = parse_proof_file(await other.prove_subject(connection, "cert_0"))
    text = file.checkpoint.rpartition("\n\n")[0] + "\n"

    vouched = replace(file, checkpoint=signer.sign(text)).text()
    assert not is_believed(vouched, signer.public_key.vkey())


def lie(signer, *, numbers=(0, 1), previous=None, facts=None, seconds=(0, 1), subject="cert_1"):
    """What a log that lies could sign: two events that need not follow one another."""
    salt = b"s" * 16
    entries, salted = [], []
    for place, number in enumerate(numbers):
        at = format_instant(START + timedelta(seconds=seconds[place]))
        public = {"kind": "k", "at": at, "subject": subject} | (facts or {})
        fields = salt_fields({name: value for name, value in public.items() if value}, {})
        before = leaf_hash(entries[-1]) if entries else NO_HASH
        entries.append(
            Event(
                commitment_of(fields.digests),
                subject_key(salt, b"cert_1"),
                number,
                before if previous is None else previous[place],
            ).encode()
        )
        salted.append(fields)
    tiles, edges = tiles_over(entries)
    proven = [
        ProvenEvent(
            index,
            entry,
            tuple(prove_inclusion(index, len(entries), tiles.__getitem__)),
            tuple(open_field(field, fields.digests) for field in fields.public),
        )
        for index, (entry, fields) in enumerate(zip(entries, salted, strict=True))
    ]
    checkpoint = signer.sign(Checkpoint(ORIGIN, len(entries), fold(edges[-1])).text())
    return ProofFile("cert_1", salt, tuple(proven), checkpoint)


@pytest.mark.parametrize(
    ("spoilt", "believed"),
    [
        ({}, True),
        ({"facts": {"number": "1"}}, True),
        ({"seconds": (1, 1)}, True),
        ({"seconds": (1, 0)}, False),
        ({"numbers": (1, 2)}, False),
        ({"numbers": (0, 0)}, False),
        ({"numbers": (0, 2)}, False),
        ({"previous": (NO_HASH, NO_HASH)}, False),
        ({"previous": (b"p" * 32, NO_HASH)}, False),
        ({"subject": "cert_2"}, False),
        ({"facts": {"kind": ""}}, False),
        ({"facts": {"at": ""}}, False),
        ({"facts": {"subject": ""}}, False),
        ({"facts": {"at": "2026-01-05"}}, False),
        ({"facts": {"at": "2026-01-05T02:00:00Z"}}, False),
    ],
    ids=str,
)
def test_what_a_lying_log_has_signed_is_not_believed(signer, vkey, spoilt, believed):
    assert is_believed(lie(signer, **spoilt).text(), vkey) is believed


def test_an_event_cannot_stand_before_the_one_it_names(signer, vkey):
    """The second event stands at index 0; it names the first, at index 1, and is shown after it."""
    file = lie(signer)
    entries = [proven.entry for proven in reversed(file.events)]
    tiles, edges = tiles_over(entries)
    events = tuple(
        replace(proven, index=at, path=tuple(prove_inclusion(at, 2, tiles.__getitem__)))
        for proven, at in zip(file.events, (1, 0), strict=True)
    )
    checkpoint = signer.sign(Checkpoint(ORIGIN, 2, fold(edges[-1])).text())

    assert not is_believed(replace(file, events=events, checkpoint=checkpoint).text(), vkey)


def test_one_name_cannot_stand_for_two_facts_of_an_event(signer, vkey):
    """A log commits to the name `number` in two slots, and opens both."""
    fields = salt_fields({"kind": "k", "at": AT, "subject": "a", "number": "1", "x": "2"}, {})
    twice = [*fields.public[:4], replace(fields.public[4], name="number")]
    digests = [*fields.digests[:4], twice[4].digest(), *fields.digests[5:]]
    entry = Event(commitment_of(digests), subject_key(bytes(16), b"a"), 0, NO_HASH).encode()
    checkpoint = signer.sign(Checkpoint(ORIGIN, 1, leaf_hash(entry)).text())

    def proof(shown):
        openings = tuple(open_field(field, digests) for field in shown)
        return ProofFile("a", bytes(16), (ProvenEvent(0, entry, (), openings),), checkpoint).text()

    assert verify(proof(twice[:4]), vkey).events[0].facts == {"number": "1"}
    assert not is_believed(proof(twice), vkey)


def test_one_field_cannot_be_opened_twice_in_an_event(signer, vkey):
    file = lie(signer, facts={"number": "1"})
    first = file.events[0]
    for opening in first.openings:
        twice = replace(first, openings=(*first.openings, opening))
        assert not is_believed(replace(file, events=(twice, file.events[1])).text(), vkey)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "datatitle-proof@v0",
        "datatitle-proof@v0\n\n",
        "datatitle-proof@v1\n",
        "{}",
        "\x00",
    ],
)
def test_what_is_no_proof_file_is_called_so(text, vkey):
    with pytest.raises(MalformedProof):
        verify(text, vkey)
