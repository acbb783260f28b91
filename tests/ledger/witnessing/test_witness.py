"""A witness cosigns one tree of each log, only as it grows, and says why when it does not."""

import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from ledger.formats.hashing import Hash
from ledger.formats.keys import Algorithm, parse_vkey
from ledger.formats.note import open_note, parse_note
from ledger.formats.spelling import Malformed
from ledger.witnessing.memory import Memory, MemoryDamagedError
from ledger.witnessing.request import PROOF_LINES_MAX, parse_request
from ledger.witnessing.witness import TREE_SIZE, Witness, parse_logs
from tests.ledger.witnessing.asking import ORIGIN, AskingLog, secret_key

NAME = "witness.example/w1"


@pytest.fixture
def log():
    return AskingLog(secret_key())


@pytest.fixture
def witness(tmp_path, log):
    return Witness(
        signer=secret_key(NAME, Algorithm.COSIGNATURE, seed=2),
        logs={ORIGIN: [log.key.verifying_key]},
        memory=Memory(tmp_path / "memory"),
        now=count(1_800_000_000).__next__,
    )


def cosigned_at(witness, log, size, answer):
    """The time of a good cosignature on this checkpoint, checked as any client would."""
    assert (answer.status, answer.content_type) == (200, "text/plain; charset=utf-8")
    note = log.note(size) + answer.body
    (signed,) = open_note(note, [witness.signer.verifying_key]).signed
    return signed.time


def remembered(witness, origin=ORIGIN):
    with witness.memory.of(origin) as memory:
        return memory.recall().tree_size


def test_a_log_is_cosigned_from_nothing_and_as_it_grows(witness, log):
    sizes = [0, 0, 1, 1, 2, 7, 8, 256, 257, 300, 300]
    times = []
    for old_size, size in zip([0, *sizes], sizes, strict=False):
        answer = witness.add_checkpoint(log.request(old_size, size))
        times.append(cosigned_at(witness, log, size, answer))
    assert times == list(range(1_800_000_000, 1_800_000_000 + len(sizes)))


@pytest.mark.parametrize("old_size", [0, 3, 4, 6, 7, 8])
def test_another_old_size_than_the_witness_has_is_answered_with_its_own(witness, log, old_size):
    witness.add_checkpoint(log.request(0, 5))
    answer = witness.add_checkpoint(log.request(old_size, 8))
    assert (answer.status, answer.content_type, answer.body) == (409, TREE_SIZE, "5\n")


def test_an_old_size_beyond_the_checkpoint_is_a_bad_request(witness, log):
    witness.add_checkpoint(log.request(0, 5))
    assert witness.add_checkpoint(log.request(6, 5)).status == 400
    assert witness.add_checkpoint(log.request(5, 4)).status == 400
    assert remembered(witness) == 5


def test_a_log_nobody_named_is_not_found(witness):
    unknown = AskingLog(secret_key("other.example/log"))
    assert witness.add_checkpoint(unknown.request(0, 5)).status == 404


def test_a_checkpoint_no_known_key_has_signed_is_forbidden(witness):
    assert witness.add_checkpoint(AskingLog(secret_key(seed=9)).request(0, 5)).status == 403


def test_a_bad_signature_of_the_known_key_is_forbidden(witness, log):
    note = parse_note(log.note(5))
    forged = log.note(6).replace(
        parse_note(log.note(6)).signatures[0].line(), note.signatures[0].line()
    )
    assert witness.add_checkpoint(f"old 0\n\n{forged}".encode()).status == 403


def test_signatures_of_unknown_keys_are_passed_over(witness, log):
    note = log.note(5, secret_key(seed=9), log.key, secret_key("some.example/w", seed=4))
    answer = witness.add_checkpoint(f"old 0\n\n{note}".encode())
    assert cosigned_at(witness, log, 5, answer) == 1_800_000_000


def test_either_of_two_keys_of_a_log_will_do(witness, log):
    new_key = secret_key(seed=7)
    both = Witness(witness.signer, {ORIGIN: [log.key.verifying_key, new_key.verifying_key]},
                   witness.memory, witness.now)  # fmt: skip
    assert both.add_checkpoint(log.request(0, 5)).status == 200
    assert both.add_checkpoint(AskingLog(new_key).request(5, 6)).status == 200


@pytest.mark.parametrize("old_size", range(1, 8))
def test_a_proof_with_anything_wrong_in_it_is_unprocessable(witness, log, old_size):
    witness.add_checkpoint(log.request(0, old_size))
    proof = parse_request(log.request(old_size, 9)).proof
    wrong = [
        (),
        (*proof, Hash(bytes(32))),
        proof[1:],
        proof[:-1],
        *((*proof[:at], Hash(bytes(32)), *proof[at + 1 :]) for at in range(len(proof))),
    ]
    answers = [witness.add_checkpoint(log.request(old_size, 9, each)) for each in wrong]
    assert {answer.status for answer in answers} == {422}
    assert remembered(witness) == old_size
    assert witness.add_checkpoint(log.request(old_size, 9)).status == 200


def test_what_begins_with_nothing_is_shown_by_no_proof(witness, log):
    assert witness.add_checkpoint(log.request(0, 4, (Hash(bytes(32)),))).status == 422


def test_a_second_root_of_the_same_size_is_unprocessable(witness, log):
    witness.add_checkpoint(log.request(0, 5))
    fork = AskingLog(log.key, fork="x", fork_at=3)
    assert witness.add_checkpoint(fork.request(5, 5)).status == 422
    assert witness.add_checkpoint(fork.request(5, 8)).status == 422
    assert cosigned_at(witness, log, 5, witness.add_checkpoint(log.request(5, 5))) == 1_800_000_001


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"old 0",
        b"old 0\n",
        b"old 0\n\n",
        b"old 00\n\n%s",
        b"old -1\n\n%s",
        b"old\n\n%s",
        b"new 0\n\n%s",
        b"old 9223372036854775808\n\n%s",
        b"old 0\nnot base64\n\n%s",
        b"old 0\n" + b64encode(bytes(31)) + b"\n\n%s",
        b"old 0\r\n\r\n%s",
        b"\nold 0\n\n%s",
        b"old 0\n\n\n%s",
        b"old 0\n%s",
        b"old 5\n" + (b64encode(bytes(32)) + b"\n") * (PROOF_LINES_MAX + 1) + b"\n%s",
        b"old 0\n\n%s" + b"a line more\n",
        b"old 0\n\nno checkpoint\n\n\xe2\x80\x94 a.example/log AAAAAAAA\n",
    ],
)
def test_what_is_not_a_request_is_a_bad_request(witness, log, body):
    answer = witness.add_checkpoint(body.replace(b"%s", log.note(5).encode()))
    assert (answer.status, answer.content_type) == (400, "text/plain; charset=utf-8")
    assert answer.body.endswith(".\n")
    assert remembered(witness) == 0


def test_a_request_is_written_as_it_was_read(log):
    body = log.request(5, 300)
    assert parse_request(body).text().encode() == body


def test_logs_are_kept_apart(witness, log):
    other = AskingLog(secret_key("other.example/log", seed=5))
    both = Witness(
        witness.signer,
        {ORIGIN: [log.key.verifying_key], other.key.name: [other.key.verifying_key]},
        witness.memory,
        witness.now,
    )
    assert both.add_checkpoint(log.request(0, 5)).status == 200
    assert both.add_checkpoint(other.request(0, 3)).status == 200
    assert (remembered(both), remembered(both, other.key.name)) == (5, 3)


def test_two_that_ask_at_once_are_never_both_cosigned(witness, log):
    """Each fork asks for the same sizes; of each size, whoever comes first has it."""
    forks = [AskingLog(log.key, fork=each, fork_at=0) for each in "abcdefgh"]
    ready = threading.Barrier(len(forks))

    def ask(fork):
        ready.wait()
        return witness.add_checkpoint(fork.request(0, 5)).status

    with ThreadPoolExecutor(len(forks)) as pool:
        statuses = sorted(pool.map(ask, forks))
    assert statuses == [200, *[409] * (len(forks) - 1)]


def test_a_smaller_tree_is_never_cosigned_after_a_larger(witness, log):
    witness.add_checkpoint(log.request(0, 4))
    ready = threading.Barrier(6)

    def ask(size):
        ready.wait()
        return size, witness.add_checkpoint(log.request(4, size)).status

    with ThreadPoolExecutor(6) as pool:
        answers = dict(pool.map(ask, range(5, 11)))
    (won,) = [size for size, status in answers.items() if status == 200]
    assert sorted(answers.values()) == [200, *[409] * 5]
    assert remembered(witness) == won


def test_a_damaged_memory_is_a_fault_and_nothing_is_cosigned(witness, log):
    witness.add_checkpoint(log.request(0, 4))
    (path,) = (witness.memory.folder).glob("*.checkpoint")
    path.write_text("datatitle.example/log\n3\n")
    with pytest.raises(MemoryDamagedError):
        witness.add_checkpoint(log.request(4, 5))


def test_the_memory_of_another_log_is_not_taken_for_this_ones(witness, log):
    witness.add_checkpoint(log.request(0, 4))
    (path,) = (witness.memory.folder).glob("*.checkpoint")
    path.write_text(path.read_text().replace(ORIGIN, "other.example/log"))
    with pytest.raises(MemoryDamagedError):
        witness.add_checkpoint(log.request(4, 5))


def test_logs_are_named_by_keys_or_by_a_policy(log):
    key, other = log.key.verifying_key, secret_key("other.example/log").verifying_key
    new_key = secret_key(seed=7).verifying_key
    keys = f"# The logs.\n\n{key.vkey()}\n{other.vkey()}\n  {new_key.vkey()}\n"
    policy = (
        f"log {key.vkey()} https://datatitle.example/ledger\nlog {other.vkey()}\n"
        f"log {new_key.vkey()}\nwitness w {secret_key(NAME, Algorithm.COSIGNATURE).secret()}\n"
        "group g any w\nquorum g\n"
    )
    expected = {ORIGIN: [key, new_key], "other.example/log": [other]}
    assert parse_logs(keys) == parse_logs(policy) == expected


@pytest.mark.parametrize("line", ["", "# log", "log", "log nothing", "nothing", "quorums none"])
def test_a_line_that_names_no_log_is_refused(line):
    with pytest.raises(Malformed):
        parse_logs(line)


def test_it_cosigns_beside_another_implementation_and_both_are_accepted(witness, vectors):
    """The checkpoint of 70,000 entries that transparency-dev/witness has cosigned already."""
    made = vectors["cosignature_v1"]["generated"]
    theirs, log_key = parse_vkey(made["witness_vkey"]), parse_vkey(made["log_vkey"])
    both = Witness(witness.signer, {log_key.name: [log_key]}, witness.memory, witness.now)
    answer = both.add_checkpoint(f"old 0\n\n{made['checkpoint']}".encode())
    assert answer.status == 200
    keys = [theirs, witness.signer.verifying_key]
    signed = open_note(made["checkpoint"] + answer.body, keys).signed
    assert [(each.key, each.time) for each in signed] == [
        (theirs, int.from_bytes(parse_note(made["checkpoint"]).signatures[1].signature[:8])),
        (keys[1], 1_800_000_000),
    ]
