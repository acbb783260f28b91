"""A log in memory that asks a witness: leaves, signed checkpoints, proofs by the slow reference."""

from dataclasses import dataclass

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.hashing import Hash
from ledger.formats.keys import Algorithm
from ledger.formats.note import Note
from ledger.signing.key_file import SecretKey
from ledger.witnessing.request import AddCheckpoint
from tests.ledger.reference import consistency_path, tree_hash

ORIGIN = "datatitle.example/log"


def secret_key(name=ORIGIN, algorithm=Algorithm.ED25519, seed=1):
    return SecretKey(name, algorithm, bytes([seed]) * 32)


@dataclass(frozen=True)
class AskingLog:
    """A log of `b"0"`, `b"1"`, …; what follows `fork_at` differs from every other fork's."""

    key: SecretKey
    fork: str = ""
    fork_at: int = 0

    def entries(self, size):
        return [f"{at}{self.fork if at >= self.fork_at else ''}".encode() for at in range(size)]

    def checkpoint(self, size):
        return Checkpoint(self.key.name, size, Hash(tree_hash(self.entries(size))))

    def note(self, size, *signers):
        text = self.checkpoint(size).text()
        return Note(text, tuple(each.sign(text, 0) for each in signers or (self.key,))).encode()

    def request(self, old_size, size, proof=None):
        if proof is None:
            path = consistency_path(old_size, self.entries(size)) if 0 < old_size <= size else []
            proof = tuple(map(Hash, path))
        return AddCheckpoint(old_size, proof, self.note(size)).text().encode()
