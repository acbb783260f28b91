"""`datatitle ledger …`: look after the log: check it, sign it, publish it, keep its keys."""

import typer

from api.cli.ledger.auditing import audit
from api.cli.ledger.ending import freeze, succeed
from api.cli.ledger.erasing import erase, vacuum
from api.cli.ledger.exporting import export
from api.cli.ledger.inspecting import fsck
from api.cli.ledger.rotating import rotate_key
from api.cli.ledger.sealing import checkpoint, guard
from api.cli.ledger.signing import key
from api.cli.ledger.witness import witness

app = typer.Typer(help="Look after the ledger.", no_args_is_help=True)
app.command()(audit)
app.command()(fsck)
app.command()(checkpoint)
app.command()(guard)
app.command()(key)
app.command()(witness)
app.command()(export)
app.command()(erase)
app.command()(vacuum)
app.command("rotate-key")(rotate_key)
app.command()(freeze)
app.command()(succeed)
