"""`datatitle explain`: how a document is answered, without a database being asked."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

DATABASES = ("sqlite", "postgresql")


def explain(
    file: Annotated[Path, typer.Argument(help="A file with one GraphQL query.")],
    role: Annotated[
        list[str] | None,
        typer.Option("--as", help="A role the asker acts in, once for each; none: the public."),
    ] = None,
    variables: Annotated[str, typer.Option(help="Variables as JSON, if any must be given.")] = "{}",
    database: Annotated[str, typer.Option(help="Whose SQL: sqlite or postgresql.")] = "sqlite",
) -> None:
    """Show the plan of a document: what it reads, its SQL, and the code that builds the answer.

    The plan depends on who asks and on the shape of the variables, not on their values. What
    cannot be planned is answered by the reference reader, and the reason is said.
    """
    from rich.console import Console
    from rich.pretty import pprint

    from schema.reading.documents import UnplannableError
    from services.actors import Role

    if database not in DATABASES:
        raise typer.BadParameter(f"must be one of {', '.join(DATABASES)}", param_hint="--database")
    roles = None if not role else frozenset(map(_role, role))
    assert roles is None or roles <= set(Role)
    try:
        compiled = _compiled(file.read_text(encoding="utf-8"), _values(variables), roles, database)
    except UnplannableError as reason:
        print(f"Not planned, the reference reader answers it: {reason}.")
        raise typer.Exit(1) from None
    console = Console()
    console.rule("plan")
    pprint(compiled.plan.roots, console=console, indent_guides=False)
    for number, question in enumerate(compiled.questions):
        console.rule(f"SQL {number}: {', '.join(question.names) or 'no parameters'}")
        print(question.text)
    console.rule("the answer")
    print(compiled.builder.source)


def _role(name: str) -> Any:
    from services.actors import Role

    if name.upper() not in list(Role):
        raise typer.BadParameter(f"must be one of {', '.join(Role)}", param_hint="--as")
    return Role(name.upper())


def _values(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise typer.BadParameter("must be a JSON object", param_hint="--variables")
    return values


def _compiled(text: str, given: dict[str, Any], roles: Any, database: str) -> Any:
    from graphql import GraphQLError

    from schema import schema
    from schema.reading.documents import Documents, UnplannableError
    from schema.reading.planning import Contract
    from schema.reading.reader import compiled_for, needed_texts

    contract = Contract.of(schema)
    try:
        query = Documents(contract.schema).query(text, None)
        taken = query.variables.read(needed_texts(query) | given)
        if taken is None:
            raise UnplannableError("the variables do not fit")
        return compiled_for(contract, query, taken.values, roles, database)
    except GraphQLError as error:
        raise UnplannableError(error.message.rstrip(".")) from None
