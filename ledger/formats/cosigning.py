"""Cosignatures (c2sp.org/tlog-cosignature): the exact bytes they sign, and where their time is."""

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.spelling import SIZE_LIMIT, Malformed

# Names stand in the ML-DSA-44 message behind one byte that says how long they are.
COSIGNER_NAME_LIMIT = 2**8

_INTEGER_SIZE = 8
_SUBTREE_LABEL = b"subtree/v1\n\x00"


def cosignature_message(checkpoint: Checkpoint, at: int) -> bytes:
    """What an Ed25519 cosigner signs: two lines, and the whole text of the checkpoint."""
    return f"cosignature/v1\ntime {at}\n{checkpoint.text()}".encode()


def subtree_message(cosigner: str, checkpoint: Checkpoint, at: int) -> bytes:
    """What an ML-DSA-44 cosigner signs: its name, the time, and the tree from leaf 0 on.

    Raises `Malformed` when the log's origin is too long to stand in the message.
    """
    start = 0
    return b"".join(
        [
            _SUBTREE_LABEL,
            _counted(cosigner),
            _integer(at),
            _counted(checkpoint.origin),
            _integer(start),
            _integer(checkpoint.tree_size),
            checkpoint.root,
        ]
    )


def join_time(at: int, signature: bytes) -> bytes:
    assert 0 <= at < SIZE_LIMIT, at
    return _integer(at) + signature


def split_time(blob: bytes) -> tuple[int, bytes]:
    """The unix time of a timestamped signature, and the signature alone."""
    at = int.from_bytes(blob[:_INTEGER_SIZE])
    if len(blob) < _INTEGER_SIZE or at >= SIZE_LIMIT:
        raise Malformed("A cosignature begins with its time in 8 bytes, below 2**63.")
    return at, blob[_INTEGER_SIZE:]


def _integer(number: int) -> bytes:
    return number.to_bytes(_INTEGER_SIZE)


def _counted(name: str) -> bytes:
    encoded = name.encode()
    if not 0 < len(encoded) < COSIGNER_NAME_LIMIT:
        raise Malformed("ML-DSA-44 signs names of 1 to 255 bytes.")
    return len(encoded).to_bytes(1) + encoded
