"""`datatitle verify`: what a proof file proves, with nothing but the file and the log's key."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import FAILED, fail

if TYPE_CHECKING:
    from ledger.checking.verify import Verified, VerifiedEvent


def verify(
    file: Annotated[Path, typer.Argument(help="The proof file.", dir_okay=False)],
    key: Annotated[str, typer.Option(help="The log's public key, or the path of a file with it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print what is proven as JSON.")] = False,
) -> None:
    """Check a proof file offline: no network, no database, no server to be trusted."""
    verdict = _judge(_text_of(file), _key_of(key))
    print(verdict.as_json() if as_json else verdict.as_text())
    if verdict.verified is None:
        raise typer.Exit(FAILED)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is proven, or else why nothing is."""

    verified: "Verified | None"
    fault: str = ""

    def as_json(self) -> str:
        if self.verified is None:
            told: dict[str, object] = {"proven": False, "fault": self.fault}
        else:
            told = {
                "proven": True,
                "subject": self.verified.subject,
                "log": self.verified.origin,
                "treeSize": self.verified.tree_size,
                "root": self.verified.root.hex(),
                "events": [_told(event) for event in self.verified.events],
            }
        return json.dumps(told, ensure_ascii=False, indent=2)

    def as_text(self) -> str:
        return f"NOT PROVEN: {self.fault}" if self.verified is None else _spoken(self.verified)


def _judge(proof: str, vkey: str) -> Judgement:
    from ledger.checking.verify import verify as verify_proof
    from ledger.formats.proof_file import MalformedProof
    from ledger.formats.proofs import ProofFailed

    try:
        return Judgement(verify_proof(proof, vkey))
    except MalformedProof as malformed:
        return Judgement(None, str(malformed) or "This is no proof file.")
    except ProofFailed as failed:
        return Judgement(None, str(failed) or "The file does not prove what it says.")


def _told(event: "VerifiedEvent") -> dict[str, object]:
    return {
        "number": event.number,
        "index": event.index,
        "kind": event.kind,
        "at": event.at.isoformat(),
        "facts": dict(event.facts),
    }


def _spoken(verified: "Verified") -> str:
    """Each line is one thing the file establishes."""
    first, last = verified.events[0], verified.events[-1]
    lines = [
        f"PROVEN for {verified.subject}",
        f"  The log {verified.origin} signed a checkpoint over {verified.tree_size} events,",
        f"  with the root {verified.root.hex()}.",
        f"  {len(verified.events)} events of this subject are in it, each naming the one before;",
        f"  none is left out between {first.at:%Y-%m-%d} and {last.at:%Y-%m-%d}.",
        "  What happened (instants in UTC):",
    ]
    for event in verified.events:
        lines.append(f"  {event.number:>4}  {event.at:%Y-%m-%d %H:%M:%S}  {event.kind}")
        lines += [f"          {name}: {value}" for name, value in sorted(event.facts.items())]
    lines.append("  Later events may exist: the file speaks of this checkpoint only.")
    return "\n".join(lines)


def _text_of(file: Path) -> str:
    """The bytes as they are: a proof is spelt in one way, line ends included."""
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        fail(f"there is no file {file}")
    except UnicodeDecodeError:
        fail(f"{file} is no proof file: it is not text")


def _key_of(given: str) -> str:
    """A key has no form a path of an existing file would have by accident."""
    path = Path(given)
    try:
        is_file = path.is_file()
    except OSError:
        is_file = False
    return (path.read_bytes().decode(errors="replace") if is_file else given).strip()
