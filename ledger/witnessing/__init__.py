"""A witness (c2sp.org/tlog-witness): it cosigns what only grows."""
