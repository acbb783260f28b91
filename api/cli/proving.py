"""`datatitle prove`: the file that proves how a certificate stands, out of the register."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.installation import CANNOT_BE_USED, fail, settings_or_exit, with_register


def prove(
    number: Annotated[str, typer.Argument(help="The certificate's number.")],
    short: Annotated[
        bool, typer.Option("--short", help="Only the last event, which tells how it stands.")
    ] = False,
    salt: Annotated[
        str | None,
        typer.Option(
            help="The salt printed beside the number: 32 hex digits. One that is not "
            "this certificate's gives a proof that the log knows no such certificate."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where to write it, instead of printing it.")
    ] = None,
) -> None:
    """Make a certificate's proof file, under the newest published checkpoint.

    Anybody checks it with `datatitle verify`, without this register.
    """
    from ledger.formats.proof_file import Form
    from services.certificates.proofs import parse_salt, proof_of

    salted = None if salt is None else parse_salt(salt)
    if salt is not None and salted is None:
        fail("a salt has 32 hex digits", CANNOT_BE_USED)
    form = Form.SHORT if short else Form.FULL
    proof = with_register(
        settings_or_exit(), lambda registry: proof_of(registry, number, form=form, salt=salted)
    )
    if proof is None:
        fail(f"no published checkpoint covers a certificate {number}")
    if output is None:
        print(proof, end="")
    else:
        output.write_text(proof, encoding="utf-8", newline="")
        print(f"Written: {output}, {len(proof.encode())} bytes.")
