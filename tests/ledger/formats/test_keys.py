"""Public keys of three kinds, in the one spelling each has."""

from hashlib import sha256

import pytest

from ledger.formats.keys import Algorithm, SignatureFailed, VerifyingKey, is_key_name, parse_vkey
from ledger.formats.spelling import Malformed, format_bytes

KINDS = [
    ("signed_notes", "valid", 1, "vkey"),
    ("cosignature_v1", "generated", "witness_vkey"),
    ("cosignature_mldsa44", "vkey"),
]


@pytest.fixture(scope="module", params=KINDS, ids=["ed25519", "cosignature", "ml-dsa-44"])
def vkey(request, vectors):
    """A published key of each kind."""
    found = vectors
    for step in request.param:
        found = found[step]
    return found


def spelt(name, typed):
    """A vkey of any bytes at all, under the id that belongs to them."""
    key_id = sha256(name.encode(errors="surrogatepass") + b"\n" + typed).hexdigest()[:8]
    return f"{name}+{key_id}+{format_bytes(typed)}"


def is_refused(vkey):
    try:
        parse_vkey(vkey)
    except Malformed:
        return True
    return False


def test_published_keys_are_written_down_as_they_are_published(vectors):
    cosigned = vectors["cosignature_v1"]["generated"]
    published = [
        *(each["vkey"] for each in vectors["signed_notes"]["valid"]),
        vectors["tessera_test_log"]["vkey"],
        cosigned["log_vkey"],
        cosigned["witness_vkey"],
        vectors["tlog_proof"]["generated"]["log_vkey"],
        vectors["tlog_proof"]["generated"]["witness_vkey"],
        vectors["cosignature_mldsa44"]["vkey"],
    ]

    assert [parse_vkey(each).vkey() for each in published] == published


def test_a_key_tells_its_name_its_kind_and_its_id(vectors):
    signed = parse_vkey(vectors["signed_notes"]["valid"][1]["vkey"])
    cosigned = parse_vkey(vectors["cosignature_v1"]["generated"]["witness_vkey"])
    post_quantum = parse_vkey(vectors["cosignature_mldsa44"]["vkey"])

    assert (signed.name, signed.algorithm) == ("PeterNeumann", Algorithm.ED25519)
    assert signed.id == bytes.fromhex("c74f20a3")
    assert (cosigned.name, cosigned.algorithm) == ("witness.example/w1", Algorithm.COSIGNATURE)
    assert cosigned.id == bytes.fromhex("b9a5dde4")
    assert post_quantum.algorithm is Algorithm.ML_DSA_44
    assert len(post_quantum.key) == 1312


def test_published_bad_keys_are_refused(vectors):
    bad = [described.partition(" (")[0] for described in vectors["signed_notes"]["bad_vkeys"]]

    assert [is_refused(each) for each in bad] == [True, True]


def test_every_part_of_a_published_key_is_refused(vectors):
    good = vectors["signed_notes"]["valid"][1]["vkey"]
    parts = {good[a:b] for a in range(len(good)) for b in range(a, len(good) + 1)} - {good}

    assert [part for part in parts if not is_refused(part)] == []


def test_every_byte_of_a_key_counts(vkey):
    neighbours = {
        vkey[:at] + chr(ord(vkey[at]) + step) + vkey[at + 1 :]
        for at in range(len(vkey))
        for step in (-1, 1)
    }

    assert [each for each in neighbours if not is_refused(each)] == []
    assert not is_refused(vkey)


def test_every_part_of_a_key_that_lacks_an_end_is_refused(vkey):
    parts = {vkey[at:] for at in range(1, len(vkey) + 1)} | {vkey[:at] for at in range(len(vkey))}

    assert [part for part in parts if not is_refused(part)] == []


def test_a_key_id_is_written_in_small_letters(vkey):
    name, key_id, key = vkey.split("+", 2)

    assert key_id.upper() != key_id
    assert is_refused(f"{name}+{key_id.upper()}+{key}")
    assert is_refused(vkey + "\n")


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_is_as_long_as_its_kind_wants(algorithm):
    sizes = {0, 1, 31, 32, 33, 64, 1311, 1312, 1313}
    accepted = {
        size for size in sizes if not is_refused(spelt("name", bytes([algorithm]) + bytes(size)))
    }

    assert accepted == {algorithm.key_size}


def test_no_kind_but_the_three_is_known():
    known = {
        kind
        for kind in range(256)
        for size in (32, 1312)
        if not is_refused(spelt("name", bytes([kind]) + bytes(size)))
    }

    assert known == {0x01, 0x04, 0x06}
    assert is_refused(spelt("name", b""))


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "a\u00a0b",
        "a\u2003b",
        "a\u0085b",
        "a+b",
        "a\tb",
        "a\x00b",
        "a\x1fb",
        "\ud800",
    ],
)
def test_a_name_has_no_space_no_plus_and_no_control_character(name):
    assert not is_key_name(name)
    assert is_refused(spelt(name, b"\x01" + bytes(32)))


@pytest.mark.parametrize("name", ["a", "witness.example/w1", "登记簿.例", "a-b_c:d", "oid/1.3.6"])
def test_a_name_may_be_in_any_script(name):
    assert parse_vkey(spelt(name, b"\x01" + bytes(32))).name == name


def test_only_ml_dsa_44_wants_names_of_at_most_255_bytes():
    for name in ("n" * 256, "登" * 86):
        assert not is_refused(spelt(name, b"\x04" + bytes(32)))
        assert is_refused(spelt(name, b"\x06" + bytes(1312)))
    assert parse_vkey(spelt("登" * 85, b"\x06" + bytes(1312))).name == "登" * 85


def test_one_key_under_two_names_or_of_two_kinds_has_different_ids():
    ids = {
        VerifyingKey(name, algorithm, bytes(32)).id
        for name in ("one", "two")
        for algorithm in (Algorithm.ED25519, Algorithm.COSIGNATURE)
    }

    assert len(ids) == 4


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("size", [0, 1, 7, 8, 63, 64, 65, 71, 72, 73, 2428, 2500])
def test_bytes_that_are_no_signature_are_refused_with_a_sentence(algorithm, size):
    key = VerifyingKey("name", algorithm, b"\x01" * algorithm.key_size)

    for text in ("no checkpoint\n", "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"):
        for byte in (b"\x00", b"\xff"):
            with pytest.raises(SignatureFailed, match="name is not good"):
                key.check(text, byte * size)
