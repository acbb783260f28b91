"""What a log asks a witness (c2sp.org/tlog-witness): an old size, a proof from it, a checkpoint."""

from dataclasses import dataclass

from ledger.formats.hashing import Hash
from ledger.formats.spelling import Malformed, format_bytes, parse_hash, parse_number

PROOF_LINES_MAX = 63

_OLD = "old "


class MalformedRequest(Malformed):
    """Not a request to add a checkpoint."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A signed note, and the proof that its tree begins with the one of `old_size`.

    In text: the line `old <size>`, a hash of the proof on each line, a blank line, the note.
    """

    old_size: int
    proof: tuple[Hash, ...]
    note: str

    def text(self) -> str:
        lines = [f"{_OLD}{self.old_size}", *map(format_bytes, self.proof)]
        return "".join(f"{line}\n" for line in lines) + "\n" + self.note


def parse_request(body: bytes) -> AddCheckpoint:
    """The only way in: a request that parses is written down as the very same bytes."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise MalformedRequest("A request is text in UTF-8.") from None
    before, blank, note = text.partition("\n\n")
    old, *proof = before.split("\n")
    if not blank or not old.startswith(_OLD):
        raise MalformedRequest("A request begins with an old size and a proof, then a blank line.")
    if len(proof) > PROOF_LINES_MAX:
        raise MalformedRequest(f"A proof has at most {PROOF_LINES_MAX} hashes.")
    return AddCheckpoint(
        parse_number(old.removeprefix(_OLD)), tuple(parse_hash(line) for line in proof), note
    )
