"""The proof: an append-only Merkle log that anyone can check."""

from ledger.checking.verified import Verified, VerifiedEvent
from ledger.checking.verify import StaleProof, verify
from ledger.formats.proof_file import MalformedProof
from ledger.formats.proofs import ProofFailed

__all__ = ["MalformedProof", "ProofFailed", "StaleProof", "Verified", "VerifiedEvent", "verify"]
