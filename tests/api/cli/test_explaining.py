"""`datatitle explain`: the plan, the SQL and the code, or why there is none."""

import pytest
from typer.testing import CliRunner

from api.cli import app

QUERY = "query ($number: String!) { certificate(by: {number: $number}) { number holder { name } } }"


@pytest.fixture
def explain(tmp_path):
    def run(document, *options):
        file = tmp_path / "document.graphql"
        file.write_text(document, encoding="utf-8")
        return CliRunner().invoke(app, ["explain", str(file), *options])

    return run


@pytest.mark.parametrize(
    ("database", "function"), [("sqlite", "json_quote"), ("postgresql", "to_json")]
)
def test_the_plan_the_sql_and_the_code_are_shown(explain, database, function):
    result = explain(QUERY, "--database", database, "--as", "lender", "--as", "EXCHANGE")

    assert result.exit_code == 0
    assert "view=Certificate" in result.output
    assert f"{function}(r1.name)" in result.output
    assert "def build(answers, told, found):" in result.output


def test_the_plan_depends_on_the_size_of_a_page(explain):
    paged = "query ($first: Int!) { certificates(first: $first) { nodes { id } } }"
    result = explain(paged, "--variables", '{"first": 7}')

    assert result.exit_code == 0
    assert "LIMIT 7" in result.output


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ('mutation { dismissMember(input: {memberId: "m"}) { member { id } } }', "not one query"),
        ("{ __schema { description } }", "introspection"),
        ("{ nothing }", "not valid"),
        ("{", "Syntax Error"),
        ("query ($first: Int!) { certificates(first: $first) { nodes { id } } }", "do not fit"),
    ],
)
def test_what_is_not_planned_is_said_with_its_reason(explain, document, reason):
    result = explain(document)

    assert result.exit_code == 1
    assert reason in result.output


@pytest.mark.parametrize(
    "options",
    [("--as", "king"), ("--database", "oracle"), ("--variables", "[1]"), ("--variables", "{")],
)
def test_an_option_nobody_offers_is_refused(explain, options):
    assert explain(QUERY, *options).exit_code == 2
