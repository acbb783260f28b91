"""The proof of one entry (c2sp.org/tlog-proof): where it is, the way up, and the checkpoint.

For instance of the last of three entries:

    c2sp.org/tlog-proof@v1
    index 2
    9g8drRZEnnuF7wGtB5/3gtYk6HxEtU2f4qipz9NW+Gs=

    <the signed checkpoint, verbatim>

A line `extra <base64>` may stand before the index; nobody vouches for what it says.
"""

from dataclasses import dataclass

from ledger.formats.hashing import Hash
from ledger.formats.spelling import (
    Malformed,
    format_bytes,
    is_plain_text,
    parse_bytes,
    parse_hash,
    parse_number,
)

HEADER = "c2sp.org/tlog-proof@v1"
EXTENSION = ".tlog-proof"

# The line of it in base64 must stay below 64 KiB, or others' readers refuse the proof.
EXTRA_MAX = 48_000

_EXTRA, _INDEX = "extra ", "index "


class MalformedTlogProof(Malformed):
    """Not a proof of inclusion as c2sp.org/tlog-proof has it."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """`hashes` begin with the leaf's sibling. `checkpoint` is the note, nothing of it checked."""

    index: int
    hashes: tuple[Hash, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        assert len(self.extra) <= EXTRA_MAX, len(self.extra)
        extra = [_EXTRA + format_bytes(self.extra)] if self.extra else []
        hashes = map(format_bytes, self.hashes)
        lines = [HEADER, *extra, f"{_INDEX}{self.index}", *hashes, "", self.checkpoint]
        return "\n".join(lines)


def parse_tlog_proof(text: str) -> TlogProof:
    """The only way in: a proof that parses is written down as the very same text."""
    head, blank, checkpoint = text.partition("\n\n")
    header, *lines = head.split("\n")
    if header != HEADER or not blank:
        raise MalformedTlogProof(f"A proof begins with {HEADER}, and a blank line ends its path.")
    if not checkpoint.endswith("\n") or not is_plain_text(checkpoint):
        raise MalformedTlogProof("A proof ends with the checkpoint.")
    extra = parse_bytes(lines.pop(0).removeprefix(_EXTRA)) if _has_extra(lines) else b""
    if not lines or not lines[0].startswith(_INDEX) or len(extra) > EXTRA_MAX:
        raise MalformedTlogProof("A proof says which entry it is of.")
    index = parse_number(lines[0].removeprefix(_INDEX))
    parsed = TlogProof(index, tuple(map(parse_hash, lines[1:])), checkpoint, extra)
    if parsed.text() != text:
        raise MalformedTlogProof("This is not how a proof is spelt.")
    return parsed


def _has_extra(lines: list[str]) -> bool:
    return bool(lines) and lines[0].startswith(_EXTRA)
