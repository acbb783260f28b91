"""`datatitle ledger witness`: cosign for other registries' logs, and for nobody twice."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import CANNOT_BE_USED, fail
from api.cli.listening import address_of, listen, run, serve_app
from api.settings import LAST_PORT

if TYPE_CHECKING:
    from ledger.witnessing.witness import Witness

PORT = 8001


def witness(
    logs: Annotated[
        Path,
        typer.Option(help="The logs: a public key on each line, or a policy.", exists=True),
    ],
    key: Annotated[Path, typer.Option(help="The secret key's file, made on first start.")],
    state: Annotated[Path, typer.Option(help="The folder that remembers what was cosigned.")],
    name: Annotated[
        str, typer.Option(help="The name of a new key: a URL without scheme, yours for ever.")
    ] = "datatitle.local/witness",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="The port; 0 for any free one.", min=0, max=LAST_PORT)
    ] = PORT,
) -> None:
    """Witness logs over HTTP (c2sp.org/tlog-witness): of each, one tree, and only as it grows.

    Never restore the state folder from a backup, and never let two of them share a key: the
    witness would cosign a second tree.
    """
    from api.witness import witness_app

    with listen(host, port) as listening:
        opened = _open(logs, key, state, name)
        print(_introduced(opened, address_of(host, listening)), flush=True)
        with suppress(KeyboardInterrupt):
            run(serve_app(witness_app(opened), listening))
    print("\nStopped. Everything is remembered.")


def _open(logs: Path, key: Path, state: Path, name: str) -> "Witness":
    from api.witness import open_witness
    from ledger.formats.keys import Algorithm
    from ledger.formats.spelling import Malformed
    from services.clock import SystemClock

    clock = SystemClock()
    if not Algorithm.COSIGNATURE.can_sign_as(name):
        fail(f"{name} is no name for a key", CANNOT_BE_USED)
    try:
        return open_witness(
            logs=logs, key=key, name=name, memory=state, now=lambda: int(clock.now().timestamp())
        )
    except Malformed as malformed:
        fail(f"the witness cannot start: {malformed}", CANNOT_BE_USED)


def _introduced(witness: "Witness", address: str) -> str:
    key = witness.signer.verifying_key
    return "\n".join(
        [
            f"The witness {key.name} serves {len(witness.logs)} logs:",
            *(f"  {origin}" for origin in witness.logs),
            f"Checkpoints go to {address}/add-checkpoint",
            f"Public key        {key.vkey()}",
            "For a policy:",
            f"  witness {key.name} {key.vkey()} {address}",
            "Stop with Ctrl+C",
        ]
    )
