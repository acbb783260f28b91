"""Signed notes: other people's, ours, and all that is neither."""

import pytest

from ledger.formats.keys import Algorithm, SignatureFailed, VerifyingKey, parse_vkey
from ledger.formats.note import Note, Signature, SignedBy, open_note, parse_note
from ledger.formats.spelling import Malformed
from ledger.signing.key_file import SecretKey, parse_secret
from tests.ledger.growing import signed

TEXT = "a text\n\nwith a blank line\n"


@pytest.fixture(scope="module")
def key():
    return SecretKey("signer.example", Algorithm.ED25519, bytes(32))


@pytest.fixture(scope="module")
def other():
    return SecretKey("other.example", Algorithm.ED25519, b"o" * 32)


@pytest.fixture(scope="module")
def note(key):
    return signed(TEXT, key)


def opens(note, *signers):
    try:
        opened = open_note(note, [signer.verifying_key for signer in signers])
    except (Malformed, SignatureFailed):
        return False
    return opened.text == parse_note(note).text


def test_notes_of_others_open_with_their_keys(vectors):
    for each in vectors["signed_notes"]["valid"]:
        key = parse_vkey(each["vkey"])
        opened = open_note(each["note"], [key])
        assert opened.text == each["note"].rpartition("\n\n")[0] + "\n"
        assert opened.signed == (SignedBy(key, None),)


def test_notes_of_others_are_signed_alike_with_their_secrets(vectors):
    _, go, sigsum = vectors["signed_notes"]["valid"]
    name = parse_vkey(sigsum["vkey"]).name
    seed = SecretKey(name, Algorithm.ED25519, bytes.fromhex(sigsum["seed_hex"]))

    assert signed(go["note"].rpartition("\n\n")[0] + "\n", parse_secret(go["skey"])) == go["note"]
    assert signed(sigsum["note"].rpartition("\n\n")[0] + "\n", seed) == sigsum["note"]


def test_a_text_with_blank_lines_ends_at_the_last(key, note):
    assert parse_note(note).text == TEXT
    assert open_note(note, [key.verifying_key]).text == TEXT


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
        "text\n\n— name AAAAAAA= \n",
        "text\n\n— name AAAAAAA=",
        "text\n\n— name AAAAAAA=\n\n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n— na\u00a0me AAAAAAA=\n",
        "text\n\n— na\u0085me AAAAAAA=\n",
        "text\n\n— name AAAAAAB=\n",
        "text\n\n— name AAAA_AA=\n",
        "text\n\n\ufeff— name AAAAAAA=\n",
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
    for keys in ([], [other.verifying_key]):
        with pytest.raises(SignatureFailed, match="No known key has signed this"):
            open_note(note, keys)


def test_signatures_by_unknown_keys_are_passed_over(key, other, note):
    both = note + signed(TEXT, other).rpartition("\n\n")[2]

    assert opens(both, key)
    assert opens(both, other)
    assert opens(both, key, other)


def test_a_note_tells_all_known_keys_that_signed_in_its_own_order(key, other):
    note = signed(TEXT, other, key)
    known = [key.verifying_key, other.verifying_key]

    assert [each.key for each in open_note(note, known).signed] == [
        other.verifying_key,
        key.verifying_key,
    ]


def test_a_name_or_an_id_alone_does_not_make_a_key_known(key, note):
    name, key_id = key.name, key.verifying_key.id
    strangers = [Signature(name, bytes(4), bytes(64)), Signature("else", key_id, bytes(64))]

    assert opens(note + "".join(stranger.line() for stranger in strangers), key)


def test_a_hundred_signatures_are_read(key, note):
    strangers = [Signature(f"s{n}", bytes(4), bytes(64)).line() for n in range(99)]

    assert opens(note + "".join(strangers[:15]), key)
    assert opens(note + "".join(strangers), key)


def test_a_bad_signature_under_a_known_name_and_id_spoils_the_note(key, other, note):
    forged = Signature(other.name, other.verifying_key.id, bytes(64)).line()
    short = Signature(other.name, other.verifying_key.id, b"s").line()

    for line in (forged, short):
        assert opens(note + line, key)
        assert not opens(note + line, key, other)


def test_a_second_and_bad_signature_of_the_same_key_spoils_the_note(key, note):
    assert opens(note + note.rpartition("\n\n")[2], key)
    assert not opens(note + Signature(key.name, key.verifying_key.id, bytes(64)).line(), key)


def test_a_key_does_not_sign_under_another_name(key, note):
    renamed = VerifyingKey("renamed.example", Algorithm.ED25519, key.verifying_key.key)

    with pytest.raises(SignatureFailed):
        open_note(note, [renamed])
    [signature] = parse_note(note).signatures
    moved = Note(TEXT, (Signature(renamed.name, renamed.id, signature.signature),))
    # Ed25519 notes do not sign the name: who lies about it lies about the same key.
    assert open_note(moved.encode(), [renamed]).text == TEXT
