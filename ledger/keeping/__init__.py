"""The log in its database: append, read, prove, each inside its caller's transaction."""

# Whoever imports anything from here knows all of the ledger's tables.
from ledger.keeping import state_map, store

__all__ = ["state_map", "store"]
