"""What others define and everybody can check: hashes, trees, notes, files. No database."""
