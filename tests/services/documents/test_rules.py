"""Tables of chapter 2: each row is the smallest change that breaks one condition."""

import pytest

from services.actors import Actor
from services.documents.rules import (
    refusals_to_receive_document,
    refusals_to_request_upload,
    require_deposited_by,
    require_moderate_size,
)
from services.refusals import RefusalCode
from tests.builders.documents import PDF, a_document, a_receipt

LIMIT = 1_000


def codes(refusals):
    return [refusal.code for refusal in refusals]


def test_a_document_of_a_known_kind_is_received():
    assert refusals_to_receive_document(a_receipt(), LIMIT) == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"name": " "}, RefusalCode.TEXT_MISSING),
        ({"name": "名" * 201}, RefusalCode.TEXT_TOO_LONG),
        ({"size": 0}, RefusalCode.DOCUMENT_EMPTY),
        ({"size": 0, "media_type": None}, RefusalCode.DOCUMENT_EMPTY),
        ({"size": LIMIT + 1}, RefusalCode.DOCUMENT_TOO_LARGE),
        ({"media_type": None}, RefusalCode.DOCUMENT_TYPE_NOT_ACCEPTED),
        ({"size": 1, "media_type": None}, RefusalCode.DOCUMENT_TYPE_NOT_ACCEPTED),
    ],
)
def test_one_broken_condition_is_one_refusal(change, refusal):
    assert codes(refusals_to_receive_document(a_receipt(**change), LIMIT)) == [refusal]


@pytest.mark.parametrize("change", [{"name": "名" * 200}, {"size": 1}, {"size": LIMIT}])
def test_what_lies_on_the_boundary_is_received(change):
    assert refusals_to_receive_document(a_receipt(**change), LIMIT) == []


def test_refusals_come_in_order_of_precedence():
    everything_wrong = a_receipt(name="", size=LIMIT + 1, media_type=None)
    assert codes(refusals_to_receive_document(everything_wrong, LIMIT)) == [
        RefusalCode.TEXT_MISSING,
        RefusalCode.DOCUMENT_TOO_LARGE,
        RefusalCode.DOCUMENT_TYPE_NOT_ACCEPTED,
    ]


def test_an_upload_is_asked_for_by_name():
    assert refusals_to_request_upload("说明.pdf") == []
    assert codes(refusals_to_request_upload("")) == [RefusalCode.TEXT_MISSING]
    assert codes(refusals_to_request_upload("名" * 201)) == [RefusalCode.TEXT_TOO_LONG]


def test_a_size_is_moderate_up_to_the_limit():
    assert require_moderate_size(len(PDF), len(PDF)) == []
    assert codes(require_moderate_size(len(PDF) + 1, len(PDF))) == [RefusalCode.DOCUMENT_TOO_LARGE]


def test_only_the_party_that_deposited_a_document_puts_it_to_use():
    document = a_document(depositor_id="party_1")
    colleague = Actor("another-member", "party_1", frozenset())
    stranger = Actor("stranger", "party_2", frozenset())

    assert require_deposited_by(document, colleague) == []
    (refusal,) = require_deposited_by(document, stranger, "document_ids")
    assert (refusal.code, refusal.path) == (RefusalCode.NOT_THE_DEPOSITOR, ("document_ids",))
