"""The command `datatitle`: what an operator does with an installation, and anybody with a proof.

A command imports what it needs when it runs: `verify` never loads a database, and `--help`
loads nothing at all.
"""

import sys

import typer

from api.cli import ledger
from api.cli.demo import demo
from api.cli.doctoring import doctor
from api.cli.explaining import explain
from api.cli.founding import found_office
from api.cli.migrating import migrate
from api.cli.proving import prove
from api.cli.serving import serve
from api.cli.sweeping import sweep
from api.cli.tokens import token
from api.cli.verifying import verify

app = typer.Typer(
    name="datatitle",
    help="One register for data-product IP: register, announce, certify, list, license, pledge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(migrate)
app.command()(sweep)
app.command()(demo)
app.command()(token)
app.command()(prove)
app.command()(verify)
app.command()(doctor)
app.command()(explain)
app.command("found-office")(found_office)
app.add_typer(ledger.app, name="ledger")


def main() -> None:
    """Run the command line. What the machine refuses (a file, a folder) is said in one line."""
    from api.settings import BadSettings

    try:
        app()
    except BadSettings as bad:
        print(f"datatitle: {bad}", file=sys.stderr)
        sys.exit(2)
    except OSError as fault:
        print(f"datatitle: {fault}", file=sys.stderr)
        sys.exit(1)
