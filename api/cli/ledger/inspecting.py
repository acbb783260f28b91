"""`datatitle ledger fsck`: everything that is kept held against what follows from the entries."""

import json
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import CANNOT_BE_USED, FAILED, database_file, fail, is_there, own_name
from api.cli.progress import bar_shown
from api.settings import BadSettings, Settings, read_settings

if TYPE_CHECKING:
    from ledger.inspecting.report import Report

FINDINGS_SHOWN = 20
QUICK = "quick"


class _Unchecked(Exception):  # noqa: N818 - a finding about the surroundings.
    """The ledger could not be checked, and why."""


def fsck(
    quick: Annotated[
        bool, typer.Option("--quick/--full", help="Look at the end of the log only.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    jobs: Annotated[
        int, typer.Option(min=1, help="How many processes share what can be shared.")
    ] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Check the whole ledger: derive all that is kept from its entries, and compare.

    In full: leaves, tiles, the root at every signed checkpoint, chains, the state map at every
    state and as it is stored, signatures, openings, the guard, and every public file byte for
    byte. With --quick: the end of the log, the newest checkpoint and the guard.

    Nothing is written. The exit code is 0 when all agrees, 1 when something does not, and 2 when
    the ledger could not be checked.
    """
    begun = perf_counter()
    try:
        settings = read_settings()
        report = _checked(settings, quick=quick, jobs=jobs, quiet=quiet or as_json)
    except (_Unchecked, BadSettings) as reason:
        if as_json:
            print(json.dumps({"verdict": "unchecked", "reason": str(reason)}, ensure_ascii=False))
            raise typer.Exit(CANNOT_BE_USED) from None
        fail(str(reason), CANNOT_BE_USED)
    seconds = round(perf_counter() - begun, 3)
    if as_json:
        told = {"log": settings.log_origin, **report.told(), "seconds": seconds}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_spoken(report, settings, seconds)))
    if not report.is_sound:
        raise typer.Exit(FAILED)


def _checked(settings: Settings, *, quick: bool, jobs: int, quiet: bool) -> "Report":
    from sqlalchemy.exc import DBAPIError

    from api.inspecting import surroundings_of
    from api.looking import database_of
    from ledger.formats.spelling import Malformed
    from ledger.inspecting.fsck import inspect_database
    from ledger.inspecting.quick import inspect_quickly

    if not is_there(settings):
        raise _Unchecked(
            f"there is no register in {settings.data}. Start one: {own_name()} serve --sample"
        )
    place = database_file(settings) or "on the server"
    try:
        around, database = surroundings_of(settings), database_of(settings)
        if quick:
            return database.look(lambda connection: inspect_quickly(connection, around))
        with bar_shown("Checking the ledger", quiet=quiet) as show:
            return inspect_database(database, around, jobs=jobs, progress=show)
    except Malformed as fault:
        raise _Unchecked(f"a key of the ledger cannot be read: {fault}") from None
    except DBAPIError as fault:
        raise _Unchecked(f"the database {place} cannot be read: {fault.orig}") from None
    except OSError as fault:
        raise _Unchecked(str(fault)) from None


def _spoken(report: "Report", settings: Settings, seconds: float) -> Iterator[str]:
    what = f"{settings.log_origin}, {report.size:,} entries"
    if report.is_sound:
        sound = typer.style("SOUND", fg="green", bold=True)
        yield f"{sound}: {what}; checked in {seconds:,.1f} s ({report.level}), and all agrees."
        yield from _what_was_read(report, settings)
        return
    count = len(report.findings) + report.left_out
    not_sound = typer.style("NOT SOUND", fg="red", bold=True)
    findings = f"{count:,} finding{'' if count == 1 else 's'}"
    yield f"{not_sound}: {what}; {findings}, the first at entry {report.first_bad_index:,}."
    shown = report.findings[:FINDINGS_SHOWN]
    width = max(len(found.place) for found in shown)
    for found in shown:
        yield f"  entry {found.index:>9,}  {found.place:<{width}}  {found.problem}"
    if count > len(shown):
        yield f"  and {count - len(shown):,} more: --json prints the first thousand."


def _what_was_read(report: "Report", settings: Settings) -> Iterator[str]:
    read = report.read
    if report.level == QUICK:
        yield f"  the last {read['entries']:,} leaves, the head, the newest checkpoint, the guard"
        return
    yield f"  entries      {read['entries']:,}, with their leaves, tiles and chain"
    if read["waiting"]:
        yield f"  waiting      {read['waiting']:,} events, which have no place in the log yet"
    yield f"  subjects     {read['subjects']:,}, each with a chain of its own"
    yield f"  states       {read['states']:,}, each with the root of the state map at its place"
    yield f"  checkpoints  {read['checkpoints']:,}, with {read['cosignatures']:,} cosignatures"
    yield f"  openings     {read['openings']:,}, of which {read['erased']:,} are erased"
    files = f"{read['files']:,}" if read["files"] else "none is published yet"
    yield f"  files        {files} below {settings.ledger_files}"
