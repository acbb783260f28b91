"""Other people's Python software, each made to check everything it can of a published folder.

Each function gives how many entries, and pairs of checkpoints, it has found right; it raises
`Refused` with the tool's own word when something is wrong.
"""

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from scitt_cose import merkle
from sigstore._internal.trust import Keyring
from sigstore.errors import VerificationError
from sigstore.models import TransparencyLogEntry
from sigstore_models.common.v1 import PublicKey, PublicKeyDetails
from sigstore_models.rekor.v1 import TransparencyLogEntry as WrittenEntry
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint, ConsistencyProofInvalid, InclusionProofInvalid

from ledger.formats.keys import parse_vkey
from ledger.formats.spelling import format_bytes
from tests.conformance.published import Published
from tests.conformance.sealed_log import BANK
from tests.ledger.sealing_log import ML_DSA_KEY


class Refused(Exception):  # noqa: N818 - what a tool finds, not an error of ours.
    """The tool says no."""


def tlog_scales(folder):
    """A client of tiled logs, with its own reader: every proof is made and checked by it."""
    vkeys = [key.verifying_key.vkey() for key in (ML_DSA_KEY, BANK)]
    return tiled_log(folder, vkeys)


def tiled_log(folder, more_vkeys=()):
    """The same for a log of which nothing is known but what lies in the folder."""
    vkeys = [(folder / "log.vkey").read_text().strip(), *more_vkeys]
    reader = TilesReader(LocalBackend(folder))
    newest = reader.get_checkpoint()
    texts = [path.read_text() for path in folder.glob("checkpoint.*")]
    checkpoints = {each.size: each for each in map(Checkpoint.from_text, texts)}
    try:
        for checkpoint in [newest, *checkpoints.values()]:
            for vkey in map(Vkey.from_string, vkeys):
                checkpoint.verify(vkey)
        for index in range(newest.size):
            leaf = sha256(b"\x00" + reader.get_entry(index)).digest()
            reader.get_inclusion_proof(index, newest.size).check(leaf, newest.root_hash)
        pairs = [(old, new) for new in checkpoints for old in checkpoints if old <= new]
        for old, new in pairs:
            proof = reader.get_consistency_proof(old, new)
            proof.check(checkpoints[old].root_hash, checkpoints[new].root_hash)
    except (InvalidSignature, InclusionProofInvalid, ConsistencyProofInvalid, RuntimeError) as no:
        raise Refused(repr(no)) from None
    return newest.size, len(pairs)


def sigstore(folder):
    """Sigstore's client: every entry with our proof, written as one of its own log's."""
    published = Published(folder)
    key = parse_vkey(published.vkey)
    public = Ed25519PublicKey.from_public_bytes(key.key)
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    details = PublicKeyDetails.PKIX_ED25519
    keyring = Keyring([PublicKey(raw_bytes=format_bytes(spki).encode(), key_details=details)])
    entries = published.entries()
    for index, entry in enumerate(entries):
        written = WrittenEntry.from_dict(_as_of_rekor(published, key, index, entry))
        try:
            TransparencyLogEntry(written)._verify(keyring)
        except VerificationError as no:
            raise Refused(str(no)) from None
    return len(entries), 0


def _as_of_rekor(published, key, index, entry):
    return {
        "logIndex": str(index),
        "logId": {"keyId": format_bytes(key.id).encode()},
        "kindVersion": {"kind": "datatitle", "version": "1"},
        "canonicalizedBody": format_bytes(entry).encode(),
        "inclusionProof": {
            "logIndex": str(index),
            "treeSize": str(published.size),
            "rootHash": format_bytes(published.root).encode(),
            "hashes": [format_bytes(each).encode() for each in published.inclusion(index)],
            "checkpoint": {"envelope": published.note},
        },
    }


def scitt_cose(folder):
    """Proofs of RFC 9162: our proofs by its checks, and the very same proofs by its provers."""
    published = Published(folder)
    entries = [entry.hex() for entry in published.entries()]
    for size, root in published.roots.items():
        _require(merkle.merkle_root(entries[:size]) == root.hex(), f"root of {size}")
    for index, entry in enumerate(entries):
        path = [each.hex() for each in published.inclusion(index)]
        right = merkle.verify_inclusion(entry, index, len(entries), path, published.root.hex())
        _require(right and path == merkle.inclusion_proof(entries, index), f"entry {index}")
    for old, new in published.pairs():
        proof = [each.hex() for each in published.consistency(old, new)]
        roots = published.roots[old].hex(), published.roots[new].hex()
        right = merkle.verify_consistency(*roots, old, new, proof)
        same = proof == merkle.consistency_proof(entries, old, new)
        _require(right and same, f"consistency of {old} and {new}")
    return len(entries), len(published.pairs())


def _require(right, what):
    if not right:
        raise Refused(what)
