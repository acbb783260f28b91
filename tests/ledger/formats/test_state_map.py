"""The state map: published vectors, the naive oracle, and each byte of a proof spoilt."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.formats.hashing import Hash
from ledger.formats.map_replay import ReplayedMap
from ledger.formats.proofs import ProofFailed
from ledger.formats.spelling import Malformed
from ledger.formats.state_map import (
    EMPTY_MAP_HASH,
    MapProof,
    MapStep,
    Standing,
    check_absence,
    check_presence,
    fold_leaves,
    parse_map_proof,
    prove_among,
    root_of,
)
from tests.ledger.map_reference import map_hash, map_path


def digest(text):
    return Hash(sha256(text.encode()).digest())


VALUES = {digest(f"key{n}"): digest(f"val{n}") for n in range(40)}
ROOT = map_hash(VALUES)
MISSING = digest("missing")

# Keys that part early, late, in their last bit, or share all but a few bits.
KEYS = st.one_of(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 255).map(lambda last: bytes(31) + bytes([last])),
    st.integers(0, 255).map(lambda bit: (1 << bit).to_bytes(32)),
)
HASHES = st.binary(min_size=32, max_size=32)


def holds(check, proof, **statement):
    try:
        check(proof, **statement)
    except ProofFailed:
        return False
    return True


def shows_presence(data, key, value, root=ROOT):
    return holds(check_presence, parse_map_proof(data), key=key, value=value, root=root)


def shows_absence(data, key, root=ROOT):
    return holds(check_absence, parse_map_proof(data), key=key, root=root)


def prove(values, key):
    leaves = [(each, digest_of(each, value)) for each, value in sorted(values.items())]
    steps, at = prove_among(leaves, key)
    found = leaves[at][0]
    return MapProof(tuple(steps), None if found == key else (found, values[found]))


def digest_of(key, value):
    return Hash(sha256(key + value).digest())


def test_the_published_maps_have_the_published_roots(vectors):
    for vector in vectors["status_map_mpt"]["vectors"]:
        values = {digest(f"key{n}"): digest(f"val{n}") for n in range(vector["n"])}
        replayed = ReplayedMap()
        replayed.update(values)

        assert root_of(values).hex() == vector["root"]
        assert replayed.root.hex() == vector["root"]
        assert map_hash(values).hex() == vector["root"]


def test_the_published_proofs_are_made_byte_for_byte_and_hold(vectors):
    for vector in vectors["status_map_mpt"]["vectors"]:
        values = {digest(f"key{n}"): digest(f"val{n}") for n in range(vector["n"])}
        root = bytes.fromhex(vector["root"])
        for case in vector["proofs"]:
            key, proof = bytes.fromhex(case["key"]), bytes.fromhex(case["proof"])
            if values:
                assert prove(values, key).encode() == proof
            if case["val"] is None:
                assert shows_absence(proof, key, root)
            else:
                value = bytes.fromhex(case["val"])
                assert value == values[key]
                assert shows_presence(proof, key, value, root)
                assert not shows_presence(proof, key, digest("other"), root)


def test_a_standing_is_hashed_with_its_own_first_byte():
    standing = Standing(count=3, last_index=258, head=digest("leaf"))

    assert (
        standing.digest()
        == sha256(
            b"\x07" + b"\0\0\0\0\0\0\0\x03" + b"\0\0\0\0\0\0\x01\x02" + digest("leaf")
        ).digest()
    )


@given(st.dictionaries(KEYS, HASHES, max_size=20), KEYS)
def test_roots_and_proofs_are_those_of_the_oracle(values, stranger):
    root = root_of(values)
    assert root == map_hash(values)
    for key in [*values, stranger]:
        proof = prove(values, key) if values else MapProof()
        data = proof.encode()
        assert data == map_path(values, key)
        assert parse_map_proof(data) == proof
        if key in values:
            check_presence(proof, key=key, value=values[key], root=root)
        else:
            check_absence(proof, key=key, root=root)


@pytest.mark.parametrize("key", [*list(VALUES)[:3], MISSING])
def test_every_spoilt_byte_of_a_proof_is_found(key):
    data = map_path(VALUES, key)
    for at in range(len(data)):
        for flip in (1, 0x80, 0xFF):
            spoilt = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
            assert refuses(spoilt, key)


@pytest.mark.parametrize("key", [*list(VALUES)[:3], MISSING])
def test_a_proof_cut_lengthened_or_joined_otherwise_does_not_hold(key):
    data = map_path(VALUES, key)
    steps = [data[at : at + 33] for at in range(len(data) % 33 and 64, len(data), 33)]
    start = data[: len(data) - 33 * len(steps)]
    others = [data[:end] for end in range(len(data))]
    others += [data + bytes(more) for more in range(1, 70)]
    others += [start + b"".join(steps[:n] + steps[n + 1 :]) for n in range(len(steps))]
    others += [start + b"".join(steps[:n] + steps[n:][::-1]) for n in range(len(steps) - 1)]
    others += [start + b"".join([*steps[:n], steps[n], *steps[n:]]) for n in range(len(steps))]

    assert all(refuses(other, key) for other in others)


def refuses(data, key):
    """Whether the proof shows neither presence nor absence, nor could be read at all."""
    try:
        parse_map_proof(data)
    except Malformed:
        return True
    value = VALUES.get(key, digest("any"))
    return not shows_presence(data, key, value) and not shows_absence(data, key)


def test_no_proof_shows_that_a_key_is_missing_which_is_there():
    """Neither its own path, nor any neighbour's presented as what stands in its place."""
    paths = {key: map_path(VALUES, key) for key in VALUES}
    for key in VALUES:
        assert not shows_absence(paths[key], key)
        for other, other_value in VALUES.items():
            assert not shows_absence(other + other_value + paths[other], key)


def test_the_neighbours_of_a_key_are_missing_and_nothing_else_about_them_holds():
    for key, value in list(VALUES.items())[:10]:
        for bit in range(256):
            neighbour = (int.from_bytes(key) ^ 1 << bit).to_bytes(32)
            proof = prove(VALUES, neighbour).encode()
            assert shows_absence(proof, neighbour)
            assert not shows_presence(proof, neighbour, value)
            assert not shows_presence(proof[64:], neighbour, value)


def test_a_map_that_holds_nothing_shows_that_everything_is_missing():
    assert root_of({}) == ReplayedMap().root == EMPTY_MAP_HASH
    assert shows_absence(b"", MISSING, EMPTY_MAP_HASH)
    assert not shows_absence(b"", MISSING)
    assert not shows_presence(b"", MISSING, digest("val"), EMPTY_MAP_HASH)
    assert not shows_absence(b"\x07" + digest("x"), MISSING, EMPTY_MAP_HASH)


def test_hashes_of_another_length_prove_nothing():
    key, value = next(iter(VALUES.items()))
    proof = parse_map_proof(map_path(VALUES, key))
    absent = parse_map_proof(map_path(VALUES, MISSING))
    cut = MapProof((MapStep(proof.steps[0].bit, proof.steps[0].sibling[:-1]), *proof.steps[1:]))

    assert holds(check_presence, proof, key=key, value=value, root=ROOT)
    assert not holds(check_presence, cut, key=key, value=value, root=ROOT)
    for part in (b"", key[:-1], key + b"\0"):
        assert not holds(check_presence, proof, key=part, value=value, root=ROOT)
        assert not holds(check_presence, proof, key=key, value=part, root=ROOT)
        assert not holds(check_presence, proof, key=key, value=value, root=part)
        assert not holds(check_absence, absent, key=part, root=ROOT)
        assert not holds(check_absence, absent, key=MISSING, root=part)


@pytest.mark.parametrize("bits", [(3, 3), (3, 5), (256,), (-1,), (4, -1)])
def test_steps_whose_bits_do_not_fall_from_255_to_0_prove_nothing(bits):
    proof = MapProof(tuple(MapStep(bit, digest("x")) for bit in bits))

    assert not holds(check_presence, proof, key=MISSING, value=MISSING, root=ROOT)
    assert not holds(check_absence, proof, key=MISSING, root=ROOT)


def test_a_failed_check_says_why():
    key = next(iter(VALUES))
    proof = parse_map_proof(map_path(VALUES, key))

    with pytest.raises(
        ProofFailed, match=r"^The state map does not hold this value for this key\.$"
    ):
        check_presence(proof, key=key, value=MISSING, root=ROOT)


@given(st.lists(st.dictionaries(KEYS, HASHES, max_size=12), max_size=8))
def test_a_map_brought_up_to_date_in_batches_is_the_map_made_at_once(batches):
    replayed, values = ReplayedMap(), {}
    for batch in batches:
        values |= batch
        replayed.update(batch)
        assert replayed.root == map_hash(values)


def test_a_map_of_thousands_grows_as_the_map_made_at_once():
    values, replayed = {}, ReplayedMap()
    for start in range(0, 3000, 250):
        batch = {digest(f"key{n // 2}"): digest(f"{n}") for n in range(start, start + 250)}
        values |= batch
        replayed.update(batch)
        assert replayed.root == root_of(values)


@given(st.dictionaries(KEYS, HASHES, min_size=1, max_size=20))
def test_folding_leaves_is_hashing_the_map(values):
    leaves = [(key, digest_of(key, value)) for key, value in sorted(values.items())]

    assert fold_leaves(leaves) == map_hash(values)
