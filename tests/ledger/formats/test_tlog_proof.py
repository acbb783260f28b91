"""Proofs of inclusion as files: the published ones, and all that is none."""

import pytest

from ledger.formats.hashing import leaf_hash
from ledger.formats.policy import parse_policy
from ledger.formats.proofs import check_inclusion
from ledger.formats.spelling import Malformed, parse_bytes, parse_hash
from ledger.formats.tlog_proof import EXTRA_MAX, TlogProof, parse_tlog_proof

GOOD = TlogProof(5, (bytes(32), b"h" * 32), "log\n8\nroot\n\n— log AAAAAAA=\n", b"extra").text()


def test_published_proofs_are_written_down_as_they_are_published(vectors):
    for each in vectors["tlog_proof"]["marshal"]:
        proof = TlogProof(
            each["index"],
            tuple(map(parse_hash, each["hashes"])),
            each["checkpoint"],
            parse_bytes(each.get("extra", "")),
        )
        assert proof.text() == each["text"]
        assert parse_tlog_proof(each["text"]) == proof


def test_published_bad_proofs_are_refused(vectors):
    bad = vectors["tlog_proof"]["refuse"]

    assert len(bad) == 7
    for text, _ in bad:
        with pytest.raises(Malformed):
            parse_tlog_proof(text)


def test_the_published_proof_proves_its_entry_under_a_policy(vectors):
    generated = vectors["tlog_proof"]["generated"]
    proof = parse_tlog_proof(generated["proof_text"])
    trusted = parse_policy(
        f"log {generated['log_vkey']}\nwitness w {generated['witness_vkey']}\nquorum w\n"
    )
    checkpoint = trusted.open(proof.checkpoint).checkpoint

    assert proof.text() == generated["proof_text"]
    assert (proof.index, proof.extra) == (23_333, b'{"cert":"x"}')
    check_inclusion(
        proof.hashes,
        tree_size=checkpoint.tree_size,
        root=checkpoint.root,
        index=proof.index,
        leaf=leaf_hash(parse_bytes(generated["entry_b64"])),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"),
        ("c2sp.org", "\nc2sp.org"),
        ("index 5", "index 05"),
        ("index 5", "index +5"),
        ("index 5", "index  5"),
        ("index 5", "index 5 "),
        ("index 5", "Index 5"),
        ("index 5", "index"),
        ("index 5", f"index {2**63}"),
        ("index 5\n", "index 5\nindex 5\n"),
        ("index 5\n", ""),
        ("extra ZXh0cmE=\n", "extra \n"),
        ("extra ZXh0cmE=\n", "extra\n"),
        ("extra ZXh0cmE=\n", "extra ZXh0cmF=\n"),
        ("extra ZXh0cmE=\n", "extra ZXh0cmE=\nextra ZXh0cmE=\n"),
        ("extra ZXh0cmE=\nindex 5\n", "index 5\nextra ZXh0cmE=\n"),
        ("AAA=\n", "AAA=\r\n"),
        ("AAA=\n", "AAA= \n"),
        ("AAA=\n", "AAA\n"),
        ("AAAA", ""),
        ("=\n\n", "=\n"),
        ("log\n8\nroot\n\n— log AAAAAAA=\n", ""),
        ("log AAAAAAA=\n", "log AAAAAAA="),
        ("log\n8", "log\t\n8"),
        ("log\n8", "log\ud800\n8"),
    ],
)
def test_a_proof_has_one_spelling(old, new):
    assert parse_tlog_proof(GOOD).text() == GOOD
    assert old in GOOD

    with pytest.raises(Malformed):
        parse_tlog_proof(GOOD.replace(old, new, 1))


def test_a_tree_of_one_entry_needs_no_hashes():
    alone = TlogProof(0, (), "checkpoint\n")

    assert alone.text() == "c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n"
    assert parse_tlog_proof(alone.text()) == alone


def test_extra_data_fit_the_lines_that_others_read():
    longest = TlogProof(0, (), "checkpoint\n", bytes(EXTRA_MAX)).text()
    too_long = longest.replace("extra ", "extra AAAA", 1)

    assert max(map(len, longest.split("\n"))) < 65_000
    assert parse_tlog_proof(longest).extra == bytes(EXTRA_MAX)
    with pytest.raises(Malformed):
        parse_tlog_proof(too_long)
