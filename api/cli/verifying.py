"""`datatitle verify`: what a proof file proves, with nothing but the file and whom one trusts."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from api.cli.installation import CANNOT_BE_USED, FAILED, fail

_AGE = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def verify(
    file: Annotated[Path, typer.Argument(help="The proof file.", dir_okay=False)],
    policy: Annotated[
        Path | None, typer.Option(help="Whom you trust: a file as in c2sp.org/tlog-policy.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="Instead of a policy: one log's public key, or a file with it."),
    ] = None,
    max_age: Annotated[
        str | None, typer.Option(help="How old the proof may be, such as 90s, 10m, 36h, 7d.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is proven as JSON.")] = False,
) -> None:
    """Check a proof file offline: no network, no database, no server to be trusted.

    Ends with 0 when the file proves what it says, which may also be that a certificate was
    revoked, or never issued; with 1 when it proves nothing; with 2 when it cannot be read.
    """
    from api.cli.proven import spoken, told
    from ledger import MalformedProof, ProofFailed
    from ledger import verify as verify_proof
    from ledger.formats.spelling import Malformed
    from services.clock import SystemClock

    trusted, oldest, proof = _policy(policy, key), _age(max_age), _text_of(file)
    now = SystemClock().now()
    try:
        verified = verify_proof(proof, trusted, now=now, max_age=oldest)
    except MalformedProof as malformed:
        _refuse(f"{file} is no proof file. {malformed}", CANNOT_BE_USED, as_json=as_json)
    except Malformed as malformed:
        fail(f"what you trust cannot be read. {malformed}", CANNOT_BE_USED)
    except ProofFailed as failed:
        _refuse(str(failed), FAILED, as_json=as_json)
    if as_json:
        print(json.dumps(told(verified), ensure_ascii=False, indent=2))
    else:
        print("\n".join(spoken(verified, now)))


def _refuse(fault: str, code: int, *, as_json: bool) -> NoReturn:
    told = {"proven": False, "fault": fault}
    print(json.dumps(told, ensure_ascii=False, indent=2) if as_json else f"NOT PROVEN: {fault}")
    raise typer.Exit(code)


def _policy(file: Path | None, key: str | None) -> str:
    if (file is None) == (key is None):
        fail("say whom you trust, by either --policy or --key", CANNOT_BE_USED)
    if file is not None:
        return _text_of(file)
    return f"log {_key(key or '')}\nquorum none\n"


def _key(given: str) -> str:
    """A key has no form that the path of an existing file would have by accident."""
    path = Path(given)
    try:
        is_file = path.is_file()
    except OSError:
        is_file = False
    return (_text_of(path) if is_file else given).strip()


def _age(given: str | None) -> timedelta | None:
    if given is None:
        return None
    match = _AGE.fullmatch(given)
    if match is None:
        fail(f"{given} is no age: write 90s, 10m, 36h or 7d", CANNOT_BE_USED)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _text_of(file: Path) -> str:
    """The bytes as they are: a proof is spelt in one way, line ends included."""
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        fail(f"there is no file {file}", CANNOT_BE_USED)
    except UnicodeDecodeError:
        fail(f"{file} cannot be used: it is not text", CANNOT_BE_USED)
