"""What the doctor looks at: the machine, the database, keys, the ledger, and those outside."""
