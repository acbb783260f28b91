"""Checkpoints: what others publish, and all that is none."""

import pytest

from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.hashing import EMPTY_TREE_HASH, leaf_hash
from ledger.formats.spelling import Malformed
from tests.ledger.growing import ORIGIN


def test_published_checkpoints_parse_and_others_do_not(vectors):
    bodies = vectors["checkpoint_bodies"]
    for text, _ in bodies["valid"]:
        assert parse_checkpoint(text).text() == text
    assert len(bodies["invalid"]) == 7
    for text, _ in bodies["invalid"]:
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
        ("AAAA", ""),
        (ORIGIN, ""),
        (ORIGIN, "a\tlog"),
        (ORIGIN, "\ud800"),
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
