"""Signed notes and checkpoints: other people's, ours, and all that is neither."""

import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.hashing import EMPTY_TREE_HASH, leaf_hash
from ledger.formats.note import (
    Note,
    PublicKey,
    Signature,
    SignatureFailed,
    open_note,
    parse_note,
    parse_vkey,
)
from ledger.formats.spelling import Malformed
from ledger.formats.tree import fold, grow
from ledger.signing.key_file import Signer, create_signer, load_signer, parse_secret
from tests.ledger.growing import ORIGIN

TEXT = "a text\n\nwith a blank line\n"


@pytest.fixture(scope="module")
def key():
    return Signer("signer.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))


@pytest.fixture(scope="module")
def other():
    return Signer("other.example", Ed25519PrivateKey.from_private_bytes(b"o" * 32))


@pytest.fixture(scope="module")
def note(key):
    return key.sign(TEXT)


def opens(note, *signers):
    try:
        return open_note(note, [signer.public_key for signer in signers]) == parse_note(note).text
    except (Malformed, SignatureFailed):
        return False


def test_notes_of_others_open_with_their_keys(vectors):
    for each in vectors["signed_notes"]["valid"]:
        key = parse_vkey(each["vkey"])
        assert open_note(each["note"], [key]) == each["note"].rpartition("\n\n")[0] + "\n"
        assert key.vkey() == each["vkey"]


def test_notes_of_others_are_signed_alike_with_their_secrets(vectors):
    _, go, sigsum = vectors["signed_notes"]["valid"]
    seed = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(sigsum["seed_hex"]))
    name = parse_vkey(sigsum["vkey"]).name

    assert parse_secret(go["skey"]).sign(go["note"].rpartition("\n\n")[0] + "\n") == go["note"]
    assert Signer(name, seed).sign(sigsum["note"].rpartition("\n\n")[0] + "\n") == sigsum["note"]


def test_every_checkpoint_of_another_log_is_reproduced_byte_for_byte(vectors):
    other_log = vectors["tessera_test_log"]
    signer = parse_secret(other_log["skey"])
    edge, reproduced = [], {}
    for size in range(len(other_log["entries"]) + 1):
        if size:
            entry = other_log["entries"][size - 1].encode()
            edge, _ = grow(edge, size - 1, leaf_hash(entry))
        text = Checkpoint("example.com/log/testdata", size, fold(edge)).text()
        reproduced[str(size)] = signer.sign(text)

    assert reproduced == other_log["checkpoints"]
    assert signer.public_key.vkey() == other_log["vkey"]


def test_bad_keys_are_refused(vectors):
    for described in vectors["signed_notes"]["bad_vkeys"]:
        with pytest.raises(Malformed):
            parse_vkey(described.partition(" (")[0])


def test_every_part_and_every_neighbour_of_a_key_is_refused(vectors):
    good = vectors["signed_notes"]["valid"][1]["vkey"]
    parts = {good[a:b] for a in range(len(good)) for b in range(a, len(good) + 1)} - {good}
    neighbours = {good[:at] + chr(ord(good[at]) + 1) + good[at + 1 :] for at in range(len(good))}

    for each in parts | neighbours | {good.replace("c74f20a3", "C74F20A3"), good + "\n"}:
        with pytest.raises(Malformed):
            parse_vkey(each)


def test_a_text_with_blank_lines_ends_at_the_last(key, note):
    assert parse_note(note).text == TEXT
    assert open_note(note, [key.public_key]) == TEXT


def test_no_byte_of_a_note_can_change(key, note):
    raw = note.encode()
    for at in range(len(raw)):
        for bit in range(8):
            changed = raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
            assert not opens(changed.decode(errors="surrogateescape"), key)


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\n— name AAAAAA==\n",
        "text\n\n— name AAAAAAA=\n— \n",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n—  name AAAAAAA=\n",
        "text\n\n— name  AAAAAAA=\n",
        "text\n\n— name AAAAAAA=",
        "text\n\n— name AAAAAAA=\n\n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n— na\u00a0me AAAAAAA=\n",
        "text\n\n— name AAAAAAB=\n",
        "text\n\n— name AAAA_AA=\n",
        "te\txt\n\n— name AAAAAAA=\n",
        "text\r\n\n— name AAAAAAA=\n",
        "te\x00xt\n\n— name AAAAAAA=\n",
        "te\udcffxt\n\n— name AAAAAAA=\n",
        "text\n\n" + "— name AAAAAAA=\n" * 101,
    ],
)
def test_what_is_no_note_is_refused(malformed):
    with pytest.raises(Malformed):
        parse_note(malformed)


def test_a_note_without_a_signature_by_a_known_key_is_refused(note, other):
    with pytest.raises(SignatureFailed):
        open_note(note, [])
    with pytest.raises(SignatureFailed):
        open_note(note, [other.public_key])


def test_signatures_by_unknown_keys_are_passed_over(key, other, note):
    both = note + parse_note(other.sign(TEXT)).signatures[0].line()

    assert opens(both, key)
    assert opens(both, other)
    assert opens(both, key, other)


def test_sixteen_signatures_are_read(key, note):
    strangers = "".join(Signature(f"s{n}", bytes(4), bytes(64)).line() for n in range(15))

    assert opens(note + strangers, key)


def test_a_bad_signature_under_a_known_name_and_id_spoils_the_note(key, other, note):
    forged = Signature(other.name, other.public_key.id, bytes(64)).line()
    short = Signature(other.name, other.public_key.id, b"s").line()

    for line in (forged, short):
        assert opens(note + line, key)
        assert not opens(note + line, key, other)


def test_a_key_does_not_sign_under_another_name(key, note):
    renamed = PublicKey("renamed.example", key.public_key.key)

    with pytest.raises(SignatureFailed):
        open_note(note, [renamed])
    [signature] = parse_note(note).signatures
    moved = Note(TEXT, (Signature(renamed.name, renamed.id, signature.signature),))
    assert parse_note(moved.encode()) == moved


def test_published_checkpoints_parse_and_others_do_not(vectors):
    for text, _ in vectors["checkpoint_bodies"]["valid"]:
        assert parse_checkpoint(text).text() == text
    for text, _ in vectors["checkpoint_bodies"]["invalid"]:
        with pytest.raises(Malformed):
            parse_checkpoint(text)


def test_the_root_of_the_published_checkpoint_is_a_leaf_hash(vectors):
    text, _ = vectors["checkpoint_bodies"]["valid"][0]

    assert parse_checkpoint(text) == Checkpoint(
        "go.sum database tree", 123456789012, leaf_hash(b"hello world")
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n8\n", "\n08\n"),
        ("\n8\n", "\n+8\n"),
        ("\n8\n", "\n8 \n"),
        ("\n8\n", "\n٨\n"),
        ("\n8\n", "\n8.0\n"),
        ("\n8\n", "\n0\n"),
        ("\n8\n", f"\n{2**63}\n"),
        ("=\n", "=\nextension\n"),
        ("=\n", "=\n\n"),
        ("=\n", "=\r\n"),
        ("=\n", "="),
        ("AAA=", "AAA"),
        ("AAA=", "AAB="),
        (
            "AAAA",
            "",
        ),
        (ORIGIN, ""),
    ],
)
def test_a_checkpoint_has_one_spelling(old, new):
    good = Checkpoint(ORIGIN, 8, bytes(32)).text()
    assert parse_checkpoint(good).text() == good

    with pytest.raises(Malformed):
        parse_checkpoint(good.replace(old, new, 1))


def test_only_the_empty_log_has_the_empty_root():
    empty = Checkpoint(ORIGIN, 0, EMPTY_TREE_HASH)

    assert parse_checkpoint(empty.text()) == empty
    with pytest.raises(Malformed):
        parse_checkpoint(Checkpoint(ORIGIN, 1, EMPTY_TREE_HASH).text())


def test_a_key_is_kept_in_a_file_for_its_owner_only(tmp_path):
    path = tmp_path / "log.key"
    signer = create_signer(path, ORIGIN)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signer(path).sign(TEXT) == signer.sign(TEXT)


def test_a_key_is_never_written_over(tmp_path):
    path = tmp_path / "log.key"
    create_signer(path, ORIGIN)
    written = path.read_bytes()

    with pytest.raises(FileExistsError):
        create_signer(path, ORIGIN)
    assert path.read_bytes() == written


def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "log.key"
    create_signer(path, ORIGIN)
    path.chmod(0o640)

    with pytest.raises(PermissionError):
        load_signer(path)


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "new\nline"])
def test_a_key_needs_a_name_that_a_note_can_carry(tmp_path, name):
    with pytest.raises(AssertionError):
        create_signer(tmp_path / "log.key", name)
    assert not (tmp_path / "log.key").exists()


def test_every_neighbour_of_a_secret_is_refused(vectors):
    good = vectors["tessera_test_log"]["skey"]
    assert parse_secret(good).secret() == good

    for at in range(len(good)):
        with pytest.raises(Malformed):
            parse_secret(good[:at] + chr(ord(good[at]) ^ 1) + good[at + 1 :])
