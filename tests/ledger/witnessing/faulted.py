"""A witness at work, one of whose calls to the system fails or is its last."""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.formats.keys import Algorithm
from ledger.witnessing.memory import Memory
from ledger.witnessing.witness import Witness
from tests.ledger.witnessing.asking import ORIGIN, AskingLog, secret_key

# All by which the memory reaches the disk.
CALLS = ("open", "fsync", "replace", "unlink")
SIZES = (5, 9, 12)


def witness_at(folder: Path) -> Witness:
    log = AskingLog(secret_key())
    return Witness(
        signer=secret_key("witness.example/w1", Algorithm.COSIGNATURE, seed=2),
        logs={ORIGIN: [log.key.verifying_key]},
        memory=Memory(folder),
        now=lambda: 1_800_000_000,
    )


def be_asked(folder: Path, cosigned: Callable[[int], object]) -> None:
    """Ask for each size after the one before, from what the witness says it has; tell of each."""
    witness, log = witness_at(folder), AskingLog(secret_key())
    for size in SIZES:
        old_size = int(witness.add_checkpoint(log.request(1, 1)).body)
        if witness.add_checkpoint(log.request(old_size, size)).status == 200:
            cosigned(size)


@contextmanager
def met_at(nth: int, fault: Callable[[], None], *, after: bool = False) -> Iterator[list[int]]:
    """The `nth` call to the system meets a fault, before or after it has done its work."""
    made = [0]

    def faulty(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            made[0] += 1
            is_it = made[0] == nth
            if is_it and not after:
                fault()
            try:
                return real(*arguments, **options)
            finally:
                if is_it:
                    fault()

        return call

    real = {name: getattr(os, name) for name in CALLS}
    for name, function in real.items():
        setattr(os, name, faulty(function))
    try:
        yield made
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def fail() -> None:
    raise OSError(errno.EIO, "the disk does not answer")


def die() -> None:
    os.kill(os.getpid(), 9)


if __name__ == "__main__":
    with met_at(int(sys.argv[2]), die):
        be_asked(Path(sys.argv[1]), lambda size: os.write(1, b"%d\n" % size))
