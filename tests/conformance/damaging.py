"""One thing wrong with a published folder; everything else is as it was."""

import re
from base64 import b64decode, b64encode
from hashlib import sha256

from tests.conformance.published import checkpoint_of
from tests.ledger.growing import ORIGIN, signed
from tests.ledger.sealing_log import LOG_KEY


def flip_in_tile(folder):
    flip(folder / "tile/0/001", at=100 * 32 + 7)


def flip_in_upper_tile(folder):
    [tile] = (folder / "tile/1").glob("000.p/2")
    flip(tile, at=40)


def flip_in_entry(folder):
    flip(folder / "tile/entries/001", at=5000)


def sign_another_root(folder):
    note = folder / "checkpoint"
    size = checkpoint_of(note.read_text()).tree_size
    root = b64encode(sha256(b"another tree").digest()).decode()
    note.write_text(signed(f"{ORIGIN}\n{size}\n{root}\n", LOG_KEY))


def flip_in_signature(folder):
    note = folder / "checkpoint"
    line = re.search(
        f"^— {re.escape(ORIGIN)} (?P<blob>[^ ]{{92}})$", note.read_text(), re.MULTILINE
    )
    blob = bytearray(b64decode(line["blob"]))
    blob[20] ^= 1
    note.write_text(note.read_text().replace(line["blob"], b64encode(blob).decode()))


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


DAMAGES = (flip_in_tile, flip_in_upper_tile, flip_in_entry, sign_another_root, flip_in_signature)
