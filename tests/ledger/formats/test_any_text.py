"""Any text at all either is spelt as it should be or is refused; nothing else ever happens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.formats.bundles import format_bundle, parse_bundle
from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.keys import Algorithm, SignatureFailed, parse_vkey
from ledger.formats.note import parse_note
from ledger.formats.policy import parse_policy
from ledger.formats.spelling import (
    Malformed,
    format_bytes,
    format_instant,
    parse_bytes,
    parse_hash,
    parse_instant,
    parse_number,
)
from ledger.formats.tile_paths import entries_path, parse_entries_path, parse_tile_path, tile_path
from ledger.formats.tlog_proof import TlogProof, parse_tlog_proof
from ledger.formats.tree import Tile
from ledger.signing.key_file import SecretKey, parse_secret
from tests.ledger.growing import ORIGIN, signed

LOG = SecretKey(ORIGIN, Algorithm.ED25519, bytes(32))
WITNESS = SecretKey("witness.example/w", Algorithm.COSIGNATURE, b"w" * 32)
TEXT = Checkpoint(ORIGIN, 8, bytes(range(32))).text()
NOTE = signed(TEXT, LOG, WITNESS)
POLICY = (
    f"# whom we trust\nlog {LOG.verifying_key.vkey()} https://log.example/\n"
    f"witness w {WITNESS.verifying_key.vkey()}\ngroup g any w\nquorum g\n"
)

# What is likely to slip through: ends of lines, kinds of spaces and digits, what is not UTF-8.
TRAPS = [
    *"\n\r\t\0 +-=/#—0159xAZ\u00a0\u2028\u0660\ufeff\ud800\udcff",
    "\n\n",
    "\r\n",
    "=\n",
    "AAAA",
]


@dataclass(frozen=True)
class Form:
    """A way to parse a text, the way back, and a text that parses."""

    parse: Callable[[str], Any]
    write: Callable[[Any], str]
    good: str


FORMS = {
    "note": Form(parse_note, lambda note: note.encode(), NOTE),
    "checkpoint": Form(parse_checkpoint, lambda checkpoint: checkpoint.text(), TEXT),
    "vkey": Form(parse_vkey, lambda key: key.vkey(), WITNESS.verifying_key.vkey()),
    "secret": Form(parse_secret, lambda key: key.secret(), WITNESS.secret()),
    "tlog-proof": Form(
        parse_tlog_proof,
        lambda proof: proof.text(),
        TlogProof(5, (bytes(32), b"h" * 32), NOTE, b"extra").text(),
    ),
    "tile path": Form(
        parse_tile_path, lambda parsed: tile_path(*parsed), tile_path(Tile(1, 1_234_067), 41)
    ),
    "bundle path": Form(
        parse_entries_path, lambda parsed: entries_path(*parsed), entries_path(1_234_067, 41)
    ),
    "bytes": Form(parse_bytes, format_bytes, format_bytes(b"some bytes")),
    "hash": Form(parse_hash, format_bytes, format_bytes(bytes(32))),
    "number": Form(parse_number, str, "1234567890"),
    "instant": Form(parse_instant, format_instant, "2026-01-05T02:00:00.000005Z"),
}


@st.composite
def disturbed(draw, good):
    """A good text with up to three places of it cut, doubled, or replaced by a trap."""
    text = good
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 5)))
        put = draw(st.sampled_from(TRAPS) | st.just(text[start:end] * 2) | st.just(""))
        text = text[:start] + put + text[end:]
    return text


def texts(good):
    anything = st.characters(exclude_categories=[])
    return disturbed(good) | st.text(anything) | st.text(st.sampled_from(sorted({*good})))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@given(data=st.data())
def test_what_parses_is_written_down_as_the_very_same_text(form, data):
    assert form.write(form.parse(form.good)) == form.good
    text = data.draw(texts(form.good))
    try:
        parsed = form.parse(text)
    except Malformed:
        assert text != form.good
    else:
        assert form.write(parsed) == text


def outcome(read, text):
    """What was read, or the sentence it was refused with."""
    try:
        return read(text)
    except (Malformed, SignatureFailed) as refused:
        return str(refused)


@given(texts(POLICY))
def test_what_parses_as_a_policy_means_the_same_when_written_down(text):
    policy = outcome(parse_policy, text)
    if isinstance(policy, str):
        assert policy.startswith(("Line ", "A policy has a line with its quorum"))
    else:
        assert parse_policy(policy.text()) == policy
        assert parse_policy(policy.text()).text() == policy.text()


@given(texts(NOTE))
def test_a_policy_accepts_the_one_checkpoint_that_was_signed(text):
    witnessed = outcome(parse_policy(POLICY).open, text)
    if isinstance(witnessed, str):
        assert witnessed
        assert text != NOTE
    else:
        # Lines of strangers may have been added; what the known ones signed is what it was.
        assert witnessed.checkpoint.text() == TEXT


@given(st.binary() | st.lists(st.binary(max_size=3), max_size=4).map(b"".join))
def test_what_parses_as_a_bundle_is_that_bundle(bundle):
    entries = outcome(parse_bundle, bundle)
    if isinstance(entries, str):
        assert entries.startswith("A bundle ")
    else:
        assert format_bundle(entries) == bundle


@given(
    st.sampled_from(Algorithm),
    st.sampled_from([TEXT, "no checkpoint\n", ""]),
    st.binary(max_size=80) | st.sampled_from([bytes(64), bytes(72), bytes(2428)]),
    st.binary(min_size=32, max_size=32),
)
def test_bytes_that_nobody_signed_are_no_signature(algorithm, text, blob, seed):
    key = SecretKey("name", algorithm, seed).verifying_key
    with pytest.raises(SignatureFailed):
        key.check(text, blob)
