"""The rulebook is what the code applies: every rule numbered once, every code given and tested."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from services.codes import FINDINGS, REGISTER, RefusalCode
from services.rulebook import HERE, rulebook, rules, translations

TESTS = Path(__file__).parent


def test_the_committed_rulebook_is_the_one_the_code_gives():
    assert (HERE / "RULEBOOK.md").read_text(encoding="utf-8") == rulebook()


def test_every_rule_has_a_number_of_its_own():
    numbers = Counter(rule.number for rule in rules())
    assert [number for number, times in numbers.items() if times > 1] == []


def test_a_rule_that_is_referred_to_stands_in_the_book():
    names = {rule.name for rule in rules()}
    referred = {c.rule for rule in rules() for c in rule.conditions if c.rule}
    assert referred - names == set()


def test_every_code_has_a_basis_and_a_cure():
    assert list(FINDINGS) == list(RefusalCode)


def test_every_code_is_given_by_a_rule():
    given = {c.code for rule in rules() for c in rule.conditions if c.code}
    assert set(RefusalCode) - given == set()


def test_a_basis_in_the_registers_own_rules_names_rules_that_give_the_code():
    giving = {code: set() for code in RefusalCode}
    for rule in rules():
        for condition in rule.conditions:
            if condition.code:
                giving[condition.code].add("{}.{}".format(*rule.number))
    wrong = {
        code: finding.basis
        for code, finding in FINDINGS.items()
        if REGISTER in finding.basis
        and not set(re.findall(r"\d+\.\d+", finding.basis)) <= giving[code]
    }
    assert wrong == {}


@pytest.mark.parametrize("code", RefusalCode)
def test_every_code_has_a_row_in_a_test(code):
    pattern = re.compile(rf"RefusalCode\.{code}\b")
    services = TESTS / "services"
    assert any(pattern.search(path.read_text()) for path in services.rglob("test_*.py"))


def test_the_chinese_says_every_sentence_and_no_other():
    said = {rule.sentence for rule in rules()}
    said |= {c.sentence for rule in rules() for c in rule.conditions if c.sentence}
    titles = {key for key in translations() if key not in said}
    assert said - set(translations()) == set()
    assert titles <= _strings_of_the_generator()


def _strings_of_the_generator() -> set[str]:
    tree = ast.parse((HERE / "rulebook.py").read_text())
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
