"""Acts beside the same SQL in bare transactions: `make bench-writes`."""
