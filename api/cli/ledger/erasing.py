"""`datatitle ledger erase` and `vacuum`: take back what was recorded of somebody."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import (
    database_file,
    fail,
    require_register,
    settings_or_exit,
    with_register,
)
from api.cli.ledger.on_server import ask_server
from api.settings import Settings

if TYPE_CHECKING:
    from services.actors import Actor
    from services.registry import Registry


def erase(
    subject: Annotated[str, typer.Argument(help="A certificate's number, or a record's id.")],
    number: Annotated[int, typer.Argument(help="Which of its events, from 0.", min=0)],
    names: Annotated[list[str], typer.Argument(help="The facts to erase, by their names.")],
    registrar: Annotated[
        str | None, typer.Option(help="The registrar who answers for it, where there are several.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase facts of an event from the ledger, for good. Its proof stays whole without them.

    Value and salt go, and the digest that stays tells nothing without its salt. That something
    was erased is recorded as an event without content. Kind, instant, and what a certificate's
    standing rests on cannot be erased.

    The register's own tables (parties, applications, documents, certificates) may hold the same
    facts: this command does not touch them. Nor does it reach backups, copies of the database,
    and proof files that were handed out.

    Afterwards run `datatitle ledger vacuum`, with the register stopped if it is on SQLite: until
    then the old values may still stand in the database's files.
    """
    settings = settings_or_exit()
    require_register(settings)
    named = ", ".join(sorted(set(names)))
    if not yes:
        typer.confirm(f"Erase {named} of event {number} of {subject}, for good?", abort=True)
    erased = with_register(
        settings, lambda registry: _erase(registry, subject, number, frozenset(names), registrar)
    )
    if not erased:
        print("Erased before: nothing is left to be erased.")
        return
    print(f"Erased: {', '.join(sorted(erased))}.")
    first = "" if database_file(settings) is None else "stop the register and "
    print(f"Now {first}run `datatitle ledger vacuum`.")


def vacuum() -> None:
    """Write the database anew, so that nothing that was erased is left in its files.

    On SQLite the register must be stopped; it takes as much free space as the database twice
    over. On PostgreSQL the table of what can be opened is written anew (VACUUM FULL), acts wait
    meanwhile, and it takes as much free space as that table. What a server has written before
    this cannot reach: archived WAL and backups hold the old values until they are removed, and a
    replica until it has followed.
    """
    settings = settings_or_exit()
    require_register(settings)
    path = database_file(settings)
    if path is None:
        _vacuum_on_server(settings)
    else:
        _vacuum_file(path)


def _vacuum_file(path: Path) -> None:
    from ledger.keeping.vacuum import DatabaseInUseError
    from ledger.keeping.vacuum import vacuum as vacuum_file

    before = path.stat().st_size
    try:
        vacuum_file(path)
    except DatabaseInUseError:
        fail("the database is in use: stop the register, and run this again")
    print(f"Written anew: {path}, {before} bytes before, {path.stat().st_size} now.")


def _vacuum_on_server(settings: Settings) -> None:
    from ledger.keeping.vacuum_postgresql import (
        TABLE,
        HeldBackError,
        NotOwnerError,
        vacuum_openings,
    )

    try:
        before, after = ask_server(settings, vacuum_openings)
    except HeldBackError as held:
        fail(f"old versions of rows are still to be seen by {held}: end that, and run this again")
    except NotOwnerError:
        fail(f"nothing is written anew: name the owner of {TABLE} in DATATITLE_DATABASE_URL")
    print(f"Written anew: {TABLE}, {before} bytes before, {after} now.")
    print("Archived WAL and backups still hold what was erased, until you remove them.")


async def _erase(
    registry: "Registry", subject: str, number: int, names: frozenset[str], registrar: str | None
) -> frozenset[str]:
    from services.erasures.actions import erase_facts
    from services.erasures.model import ErasureTerms
    from services.refusals import Refused

    actor = await _registrar(registry, registrar)
    try:
        return await erase_facts(registry, actor, ErasureTerms(subject, number, names))
    except Refused as refused:
        told = [f"{each.message} {each.cure}" for each in refused.refusals]
        fail("\n  ".join(["nothing is erased.", *told]))


async def _registrar(registry: "Registry", subject: str | None) -> "Actor":
    from api.acting import acting_in
    from services.actors import Actor, Role

    acting = await acting_in(registry, Role.REGISTRAR)
    found = [each for each in acting if subject in {None, each.subject}]
    if not found:
        fail(f"no registrar {subject} is on the register" if subject else "there is no registrar")
    return Actor(found[0].subject, found[0].party_id, frozenset({Role.REGISTRAR}))
