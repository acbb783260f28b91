"""Each fact of an event opens in one slot only, which says whether it is public."""

import pytest

from ledger.formats.fields import commitment_of, salt_fields
from ledger.formats.hashing import field_hash, subject_key
from tests.ledger.reference import tree_hash

PUBLIC = {"kind": "certificate-issued", "number": "1"}
PRIVATE = {"holder": "样例数据公司", "amount": "5"}


def test_public_facts_stand_in_front_and_private_ones_at_the_end():
    fields = salt_fields(PUBLIC, PRIVATE)

    assert [(f.slot, f.name, f.value) for f in fields.public] == [
        (0, "kind", "certificate-issued"),
        (1, "number", "1"),
    ]
    assert [(f.slot, f.name, f.value) for f in fields.private] == [
        (14, "holder", "样例数据公司"),
        (15, "amount", "5"),
    ]
    assert len(set(fields.digests)) == 16
    assert {len(digest) for digest in fields.digests} == {32}


def test_the_commitment_is_the_rfc_root_over_the_digests():
    fields = salt_fields(PUBLIC, PRIVATE)

    assert commitment_of(fields.digests) == tree_hash(list(fields.digests))


def test_the_same_facts_are_never_committed_to_alike():
    first, second = salt_fields(PUBLIC, PRIVATE), salt_fields(PUBLIC, PRIVATE)

    assert not set(first.digests) & set(second.digests)


def test_fifteen_facts_leave_the_one_slot_that_parts_public_from_private():
    facts = {f"fact_{n}": str(n) for n in range(14)}

    assert len(salt_fields(facts, {"last": ""}).private) == 1
    with pytest.raises(AssertionError):
        salt_fields(facts, {"last": "", "one_more": ""})


@pytest.mark.parametrize("name", ["", "with space", "样例", "1st", "a" * 64, "new\nline"])
def test_a_name_is_short_and_plain(name):
    with pytest.raises(AssertionError):
        salt_fields({name: "value"}, {})


def test_a_fact_cannot_be_public_and_private():
    with pytest.raises(AssertionError):
        salt_fields({"amount": "1"}, {"amount": "2"})


def test_the_length_of_a_name_parts_it_from_the_value():
    field = salt_fields(PUBLIC, PRIVATE).private[1]

    assert field.digest() != field._replace(name="amoun", value="t5").digest()


def test_a_digest_and_a_key_are_these_hashes():
    salt = bytes(range(16))

    # Both by: printf ... | sha256sum, over 05 salt 04 "kind" "x" and over 06 salt "cert_1".
    assert (
        field_hash(salt, b"kind", b"x").hex()
        == "c14a2846f4a4596604a623c449709c4b399c1b3f425a4b1ae8c9defb68124fa0"
    )
    assert (
        subject_key(salt, b"cert_1").hex()
        == "3ecea3acb5074131807ec232f68981edded7d69f289a7efe1ce799dbe1520266"
    )
