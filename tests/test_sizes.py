"""Small pieces: functions stop at 50 lines, files at 400, and every file says what it is."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FUNCTION, LONGEST_FILE = 50, 400
FILES = sorted(
    path
    for folder in ("api", "schema", "services", "ledger", "tests", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_so_are_its_functions(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    too_long = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, functions) and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert too_long == []
    assert text.count("\n") <= LONGEST_FILE
    assert ast.get_docstring(tree), "a file begins with one line that says what it is"
