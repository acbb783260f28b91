"""`datatitle ledger …`: look after the log: check it, sign it, publish it, keep its keys."""

import typer

from api.cli.ledger.signing import audit, checkpoint, key

app = typer.Typer(help="Look after the ledger.", no_args_is_help=True)
app.command()(audit)
app.command()(checkpoint)
app.command()(key)
