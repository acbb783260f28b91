"""Print every rule, sentence by sentence, from the code that applies it: the law of the register.

`python -m services.rulebook` writes English and Chinese; a test compares it with RULEBOOK.md.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.codes import FINDINGS, RefusalCode

HERE = Path(__file__).parent
CHAPTERS = {
    0: "What holds for every act",
    1: "Parties",
    2: "Documents",
    3: "Applications",
    4: "Announcements and objections",
    5: "Certificates, encumbrances and consents",
    6: "Listings",
    7: "Offers and licenses",
    8: "Pledges",
    9: "Erasing",
}
_NUMBERED = re.compile(r"Rule (\d+)\.(\d+)\. (.+?)(?:\n\s*\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """One sentence with its code, or a reference to another rule."""

    sentence: str
    code: RefusalCode | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    number: tuple[int, int]
    name: str
    sentence: str
    conditions: tuple[Condition, ...]


def rules() -> list[Rule]:
    """Every numbered rule of `services`, in order of its number."""
    found = [rule for path in _sources() for rule in _rules_in(path)]
    return sorted(found, key=lambda rule: (rule.number, rule.name))


def _sources() -> list[Path]:
    kernel = [HERE / "general.py", HERE / "once.py", HERE / "refusals.py"]
    return [*kernel, *sorted(HERE.glob("*/rules.py")), *sorted(HERE.glob("*/rules/*.py"))]


def _rules_in(path: Path) -> Iterator[Rule]:
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        numbered = _NUMBERED.match(ast.get_docstring(node) or "")
        if numbered:
            number = int(numbered[1]), int(numbered[2])
            sentence = " ".join(numbered[3].split())
            yield Rule(number, node.name, sentence, tuple(_conditions(node)))


def _conditions(rule: ast.FunctionDef) -> Iterator[Condition]:
    """Its calls of `require`, `Refusal` and other rules, in the order they stand in the text."""
    calls = [node for node in ast.walk(rule) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name == "require":
            yield Condition(_text(call.args[0]), _code(call.args[2]))
        elif name == "Refusal":
            yield Condition(_text(call.args[1]), _code(call.args[0]))
        elif name.startswith(("require_", "refusals_to_")) and name != "require_each":
            yield Condition("", rule=name)


def _text(node: ast.expr) -> str:
    value = ast.literal_eval(node)
    assert isinstance(value, str), ast.dump(node)
    return value


def _code(node: ast.expr) -> RefusalCode:
    assert isinstance(node, ast.Attribute), ast.dump(node)
    return RefusalCode[node.attr]


def translations() -> dict[str, str]:
    """English sentence → Chinese sentence."""
    with (HERE / "rulebook.zh.toml").open("rb") as file:
        sentences: dict[str, str] = tomllib.load(file)["sentences"]
    return sentences


def rulebook() -> str:
    book, chinese = rules(), translations()
    numbers = {rule.name: f"{rule.number[0]}.{rule.number[1]}" for rule in book}
    lines = [
        "# The rulebook 规则手册",
        "",
        "Printed from the code by `make rulebook`. What is written here is what is applied.  ",
        "本手册由 `make rulebook` 从代码生成，所写即所行。",
    ]
    for chapter, title in CHAPTERS.items():
        lines += ["", f"## {chapter}. {title} {chinese[title]}"]
        for rule in book:
            if rule.number[0] == chapter:
                lines += _printed(rule, chinese, numbers)
    return "\n".join([*lines, "", *_codes(chinese)]) + "\n"


def _printed(rule: Rule, chinese: dict[str, str], numbers: dict[str, str]) -> Iterator[str]:
    """A rule asked of several fields or records is named once."""
    yield ""
    yield f"**{numbers[rule.name]}** {rule.sentence} (`{rule.name}`)  "
    yield chinese[rule.sentence]
    yield ""
    for condition in dict.fromkeys(rule.conditions):
        if condition.rule:
            number = numbers[condition.rule]
            yield f"- As rule {number} says (`{condition.rule}`). 依规则 {number}。"
        else:
            yield f"- {condition.sentence} `{condition.code}`  "
            yield f"  {chinese[condition.sentence]}"


def _codes(chinese: dict[str, str]) -> Iterator[str]:
    yield f"## Codes, legal basis and cure {chinese['Codes, legal basis and cure']}"
    yield ""
    yield "| code | legal basis | cure |"
    yield "|---|---|---|"
    for code, finding in FINDINGS.items():
        yield f"| `{code}` | {finding.basis} | {finding.cure} |"


if __name__ == "__main__":
    (HERE / "RULEBOOK.md").write_text(rulebook(), encoding="utf-8")
