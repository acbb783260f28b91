"""The text of a proof file: one spelling, and nothing else taken for one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.formats.proof_file import Form, MalformedProof, parse_proof_file
from tests.ledger.paper_log import PaperLog, pledged_log

LOG = pledged_log()
TEXTS = {
    "full": LOG.prove().text(),
    "short": LOG.prove(Form.SHORT).text(),
    "absent": LOG.prove(Form.ABSENT, of="20260131000000009").text(),
}


def accepted(text):
    try:
        parse_proof_file(text)
    except MalformedProof:
        return False
    return True


def changed(form, old, new):
    assert TEXTS[form].count(old) >= 1, old
    return TEXTS[form].replace(old, new, 1)


@pytest.mark.parametrize("form", TEXTS)
def test_a_proof_file_is_written_as_it_was_read(form):
    parsed = parse_proof_file(TEXTS[form])

    assert parsed.form == form
    assert parsed.text() == TEXTS[form]


def test_the_standard_proof_of_the_state_is_the_rest_of_the_file():
    """As `sed '1,/^$/d'` cuts it off."""
    for text in TEXTS.values():
        rest = text[text.index("\n\n") + 2 :]
        assert rest.startswith("c2sp.org/tlog-proof@v1\nindex 19\n")
        assert rest == parse_proof_file(text).tlog_proof.text()


@pytest.mark.parametrize("form", TEXTS)
def test_what_is_accepted_has_no_second_spelling(form):
    """Every character left out, doubled, or exchanged for one that could be mistaken for it."""
    text = TEXTS[form]
    for at, character in enumerate(text):
        for other in ("", character * 2, "A", "=", " ", "0", "\n", '"', "\\", "é", "\r", "\x85"):
            spoilt = text[:at] + other + text[at + 1 :]
            if accepted(spoilt):
                assert parse_proof_file(spoilt).text() == spoilt


@pytest.mark.parametrize(
    ("form", "old", "new"),
    [
        ("full", "datatitle-proof@v1", "datatitle-proof@v0"),
        ("full", "form full 4", "form full 04"),
        ("full", "form full 4", "form full 4 "),
        ("full", "form full 4", "form whole 4"),
        ("full", "form full 4\n", ""),
        ("full", "form full", "form short"),
        ("short", "form short", "form full"),
        ("full", "\nmap ", "\nmap  "),
        ("full", "\ntree ", "\ntree  "),
        ("full", "\ntree ", "\ntree"),
        ("full", "\nevent 0 ", "\nevent 00 "),
        ("full", "\nevent 0 ", f"\nevent {2**53} "),
        ("full", "\nevent 0 3", f"\nevent 0 {2**63}"),
        ("full", "\nevent 0 ", "\nevent  0 "),
        ("full", "\n0 kind ", "\n16a kind "),
        ("full", "\n0 kind ", "\n00 kind "),
        ("full", "\n1 at ", "\n0 at "),
        ("full", "\n1 at ", "\n1 kind "),
        ("full", "\n1 at ", "\n1 _at "),
        ("full", '"ACTIVE"', "ACTIVE"),
        ("full", '"ACTIVE"', '"ACT\\u0049VE"'),
        ("full", '"ACTIVE"', '"\\ud800"'),
        ("full", '"ACTIVE"', '"ACT"IVE"'),
        ("full", '"ACTIVE"', '"ACTIVE\\"'),
        ("full", '"ACTIVE"', "7"),
        ("full", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\nextra AAAA\n"),
        ("full", "\n\nc2sp", "\nc2sp"),
        ("full", "\n\nc2sp", "\n\n\nc2sp"),
        ("absent", "20260131000000009\n", "\n"),
        ("absent", "20260131000000009\n", "  \n"),
        ("absent", "20260131000000009\n", "2026\u20280131\n"),
        ("absent", "\ntree\n", "\ntree \n"),
        ("absent", "\ntree\n", "\ntree\nrest\n"),
    ],
)
def test_what_is_spelt_otherwise_is_refused(form, old, new):
    assert not accepted(changed(form, old, new))


@pytest.mark.parametrize("text", ["", "\n", "\n\n", "datatitle-proof@v1", "{}", "\x00", "\ud800"])
def test_what_is_no_proof_file_is_called_so(text):
    with pytest.raises(MalformedProof, match=r"^A proof file "):
        parse_proof_file(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_value_and_any_subject_can_be_written_down(value):
    log = PaperLog()
    log.act(own={"remark": value}, on="数据 1")
    log.seal()
    file = log.prove(of="数据 1")

    assert parse_proof_file(file.text()) == file
    assert json.loads(file.text().split(" remark ")[1].split("\n")[0][25:]) == value
