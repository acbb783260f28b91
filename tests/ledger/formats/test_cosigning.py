"""Cosignatures of both kinds: the published ones, byte for byte, and what they do not say."""

import pytest

from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.cosigning import cosignature_message, join_time, split_time
from ledger.formats.keys import Algorithm, SignatureFailed, VerifyingKey, parse_vkey
from ledger.formats.note import Note, Signature, SignedBy, open_note, parse_note
from ledger.formats.spelling import Malformed, parse_bytes
from ledger.signing.key_file import SecretKey
from tests.ledger.growing import ORIGIN

COSIGNERS = [Algorithm.COSIGNATURE, Algorithm.ML_DSA_44]
TEXT = Checkpoint(ORIGIN, 8, bytes(32)).text()
AT = 1_795_360_000


@pytest.fixture(scope="module", params=COSIGNERS, ids=lambda algorithm: algorithm.name)
def cosigner(request):
    return SecretKey("witness.example/w", request.param, bytes(range(32)))


def is_good(key, text, blob):
    try:
        key.check(text, blob)
    except SignatureFailed:
        return False
    return True


def body(note):
    return note.rpartition("\n\n")[0] + "\n"


def test_a_witness_signs_two_lines_and_the_whole_checkpoint(vectors):
    example = vectors["cosignature_v1"]["spec_example_message"]
    header, time, text = example.split("\n", 2)

    assert (header, time) == ("cosignature/v1", "time 1679315147")
    assert cosignature_message(parse_checkpoint(text), 1_679_315_147) == example.encode()


def test_a_published_cosignature_begins_with_its_time(vectors):
    sample = vectors["cosignature_v1"]["timestamp_sample"]
    blob = parse_bytes(sample["sig_b64"])[4:]
    at, signature = split_time(blob)

    assert (at, len(signature)) == (sample["unix"], 64)
    assert join_time(at, signature) == blob


def test_the_note_a_witness_of_others_cosigned_opens_with_both_keys(vectors):
    generated = vectors["cosignature_v1"]["generated"]
    log, witness = parse_vkey(generated["log_vkey"]), parse_vkey(generated["witness_vkey"])
    note = generated["checkpoint"]
    opened = open_note(note, [log, witness])

    assert opened.text == body(note)
    assert opened.signed == (SignedBy(log, None), SignedBy(witness, 1_795_361_688))


def test_the_log_of_that_note_signs_it_alike_from_its_seed(vectors):
    generated = vectors["cosignature_v1"]["generated"]
    seed = bytes.fromhex(generated["log_seed_hex"])
    log = SecretKey("registry.example/ledger", Algorithm.ED25519, seed)
    line = log.sign(body(generated["checkpoint"])).line()

    assert log.verifying_key.vkey() == generated["log_vkey"]
    assert line == f"— {generated['checkpoint'].split('— ')[1]}"


def test_the_published_ml_dsa_44_message_is_signed_and_its_signature_is_good(vectors):
    published = vectors["cosignature_mldsa44"]
    key = parse_vkey(published["vkey"])
    text = body(vectors["cosignature_v1"]["generated"]["checkpoint"])
    line = published["signature_line"].rstrip("\n")
    opened = open_note(f"{text}\n{line}\n", [key])

    assert key.message(text, published["timestamp"]).hex() == published["signed_message_hex"]
    assert opened.signed == (SignedBy(key, published["timestamp"]),)


def test_the_published_ml_dsa_44_key_comes_from_its_seed(vectors):
    published = vectors["cosignature_mldsa44"]
    seed = bytes.fromhex(published["seed_hex"])
    key = SecretKey("registry.example/ledger", Algorithm.ML_DSA_44, seed)

    assert key.verifying_key.vkey() == published["vkey"]


def test_no_byte_of_the_published_cosignatures_can_change(vectors):
    generated = vectors["cosignature_v1"]["generated"]
    published = vectors["cosignature_mldsa44"]
    text = body(generated["checkpoint"])
    lines = {
        generated["witness_vkey"]: parse_note(generated["checkpoint"]).signatures[1],
        published["vkey"]: parse_note(
            f"{text}\n{published['signature_line'].rstrip()}\n"
        ).signatures[0],
    }
    for vkey, line in lines.items():
        key, blob = parse_vkey(vkey), line.signature
        assert is_good(key, text, blob)
        for at in range(len(blob)):
            assert not is_good(key, text, blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :])
        assert not is_good(key, text, blob[:-1])
        assert not is_good(key, text, blob + b"\0")


def test_a_cosignature_tells_its_time(cosigner):
    signature = cosigner.sign(TEXT, AT)

    assert cosigner.verifying_key.check(TEXT, signature.signature) == AT
    assert signature.signature[:8] == AT.to_bytes(8)
    assert (signature.name, signature.key_id) == (cosigner.name, cosigner.verifying_key.id)


def test_a_cosignature_is_of_one_checkpoint_only(cosigner):
    blob = cosigner.sign(TEXT, AT).signature
    others = [
        Checkpoint("other.example/log", 8, bytes(32)),
        Checkpoint(ORIGIN, 9, bytes(32)),
        Checkpoint(ORIGIN, 8, b"r" * 32),
    ]

    assert is_good(cosigner.verifying_key, TEXT, blob)
    for other in others:
        assert not is_good(cosigner.verifying_key, other.text(), blob)


def test_the_time_of_a_cosignature_is_signed(cosigner):
    blob = cosigner.sign(TEXT, AT).signature

    assert not is_good(cosigner.verifying_key, TEXT, join_time(AT + 1, blob[8:]))


def test_a_cosigner_signs_nothing_but_checkpoints(cosigner):
    for text in ("any text\n", TEXT + "extension\n"):
        with pytest.raises(Malformed):
            cosigner.sign(text, AT)
        blob = cosigner.sign(TEXT, AT).signature
        assert not is_good(cosigner.verifying_key, text, blob)


def test_a_time_of_zero_says_nothing_about_the_time(cosigner):
    blob = cosigner.sign(TEXT, 0).signature

    assert cosigner.verifying_key.check(TEXT, blob) is None


def test_a_time_stays_below_2_to_the_63(cosigner):
    last = cosigner.sign(TEXT, 2**63 - 1).signature

    assert cosigner.verifying_key.check(TEXT, last) == 2**63 - 1
    with pytest.raises(Malformed):
        split_time((2**63).to_bytes(8) + bytes(64))
    with pytest.raises(Malformed):
        split_time(bytes(7))


def test_ml_dsa_44_signs_the_name_too_and_ed25519_does_not():
    for algorithm, is_bound in ((Algorithm.COSIGNATURE, False), (Algorithm.ML_DSA_44, True)):
        cosigner = SecretKey("witness.example/w", algorithm, bytes(range(32)))
        renamed = VerifyingKey("renamed.example/w", algorithm, cosigner.verifying_key.key)
        blob = cosigner.sign(TEXT, AT).signature
        assert is_good(renamed, TEXT, blob) is not is_bound


def test_ml_dsa_44_signs_for_origins_of_at_most_255_bytes():
    cosigner = SecretKey("witness.example/w", Algorithm.ML_DSA_44, bytes(32))
    longest = Checkpoint("o" * 255, 8, bytes(32)).text()
    too_long = Checkpoint("o" * 256, 8, bytes(32)).text()
    blob = cosigner.sign(longest, AT).signature

    assert cosigner.verifying_key.check(longest, blob) == AT
    assert not is_good(cosigner.verifying_key, too_long, blob)
    with pytest.raises(Malformed):
        cosigner.sign(too_long, AT)


def test_a_key_of_one_kind_does_not_speak_for_another():
    kinds = {each: SecretKey("name", each, bytes(range(32))) for each in Algorithm}
    blobs = {each: key.sign(TEXT, AT).signature for each, key in kinds.items()}

    assert {
        (checked, made)
        for checked, key in kinds.items()
        for made, blob in blobs.items()
        if is_good(key.verifying_key, TEXT, blob)
    } == {(each, each) for each in Algorithm}


def test_a_note_carries_all_three_kinds_of_one_seed():
    signers = [SecretKey(ORIGIN, each, bytes(range(32))) for each in Algorithm]
    note = Note(TEXT, tuple(signer.sign(TEXT, AT) for signer in signers)).encode()
    opened = open_note(note, [signer.verifying_key for signer in signers])

    assert [each.time for each in opened.signed] == [None, AT, AT]
    forged = Signature(ORIGIN, signers[2].verifying_key.id, bytes(2428)).line()
    with pytest.raises(SignatureFailed):
        open_note(note + forged, [signers[0].verifying_key, signers[2].verifying_key])
