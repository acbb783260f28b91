"""The proof: an append-only Merkle log that anyone can check. It knows nothing of certificates."""
