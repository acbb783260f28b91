"""ch.2  Documents: deposited once, named by their hash, read back by those entitled."""
