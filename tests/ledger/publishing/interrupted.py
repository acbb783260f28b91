"""A small log that is published step by step, by a process that may be killed on the way."""

import sys
from base64 import b64encode
from pathlib import Path

from ledger.publishing.publication import Publication
from ledger.publishing.shelf import FolderShelf
from tests.ledger.growing import ORIGIN, signed
from tests.ledger.publishing.expected import expected_files
from tests.ledger.reference import tree_hash
from tests.ledger.sealing_log import LOG_KEY
from tests.ledger.witnessing.faulted import die, met_at

SIZES = (3, 256, 258, 259)
ENTRIES = [b"entry %d" % number for number in range(SIZES[-1])]
FILES = {size: expected_files(ENTRIES, size) for size in SIZES}
NOTES = {
    size: signed(f"{ORIGIN}\n{size}\n{b64encode(tree_hash(ENTRIES[:size])).decode()}\n", LOG_KEY)
    for size in SIZES
}


def publish_all(folder: Path) -> None:
    """Publish each size that is not published yet, and the last one in any case."""
    folder.mkdir(exist_ok=True)
    publication = Publication(FolderShelf(folder))
    published = publication.size()
    for size in SIZES:
        if size > published or size == SIZES[-1]:
            publication.add(FILES[size])
            publication.advance(NOTES[size], {"log.vkey": "a key\n"})


if __name__ == "__main__":
    with met_at(int(sys.argv[2]), die):
        publish_all(Path(sys.argv[1]))
